#include "engine/store/lock.h"

#include <cerrno>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

using namespace devgraph;
using store::Lock;

TEST_CASE("one holder at a time, named to whoever will not wait") {
  const TempFolder folder;
  Lock::Options now;
  now.no_wait = true;
  {
    const Result<Lock> first = Lock::acquire(folder / "state", now);
    REQUIRE(first);
    CHECK((fcntl(first->descriptor(), F_GETFD) & FD_CLOEXEC) == 0);
    const Result<Lock> second = Lock::acquire(folder / "state", now);
    REQUIRE_FALSE(second);
    CHECK(second.error().message.starts_with("process " + std::to_string(getpid()) + " builds"));
  }
  CHECK(Lock::acquire(folder / "state", now));
}

TEST_CASE("who waits can be interrupted") {
  const TempFolder folder;
  const Result<Lock> first = Lock::acquire(folder / "state", Lock::Options());
  REQUIRE(first);
  Lock::Options patient;
  int asked = 0;
  patient.interrupted = [&] { return ++asked == 3; };
  const Result<Lock> second = Lock::acquire(folder / "state", patient);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == EINTR);
}

TEST_CASE("a command that inherited the lock keeps it after its engine has ended") {
  const TempFolder folder;
  Lock::Options now;
  now.no_wait = true;
  int ready[2], go[2];
  REQUIRE(pipe(ready) == 0);
  REQUIRE(pipe(go) == 0);
  const pid_t engine = fork();
  if (engine == 0) {
    const Result<Lock> lock = Lock::acquire(folder / "state", now);
    if (fork() == 0) {
      char byte = 1;
      // The command: it lives until it is told, while the engine is gone already.
      if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) _exit(1);
      _exit(0);
    }
    _exit(lock ? 0 : 1);
  }
  REQUIRE(waitpid(engine, nullptr, 0) == engine);
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  const Result<Lock> refused = Lock::acquire(folder / "state", now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("command left behind") != std::string::npos);
  REQUIRE(write(go[1], &byte, 1) == 1);
  Lock::Options patient;
  bool told = false;
  patient.waiting = [&](const std::string&) { told = true; };
  CHECK(Lock::acquire(folder / "state", patient));
  for (const int fd : {ready[0], ready[1], go[0], go[1]})
    close(fd);
}
