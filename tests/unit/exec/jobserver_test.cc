// Tokens: as a server for makes below, as a client of one above.

#include "engine/exec/jobserver.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/exec/process_runner.h"
#include "tests/support/temp_folder.h"

namespace devgraph::exec {
namespace {

/// All bytes in a pipe now.
std::string content(int fd) {
  std::string out;
  char byte = 0;
  const Fd own(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_NONBLOCK));
  while (::read(own.get(), &byte, 1) == 1)
    out += byte;
  return out;
}

TEST_CASE("MAKEFLAGS name a jobserver in every form that make has had") {
  struct Case {
    const char* text;
    bool any;
    const char* fifo;
    int read;
    int write;
  };
  const Case cases[] = {
      {"", false, "", -1, -1},
      {"k", false, "", -1, -1},
      {" -j8 --jobserver-auth=3,4", true, "", 3, 4},
      {" -j --jobserver-fds=5,6 -k", true, "", 5, 6},
      {" -j4 --jobserver-auth=fifo:/tmp/GMfifo12", true, "/tmp/GMfifo12", -1, -1},
      {" -j4 --jobserver-auth=3,4 --jobserver-auth=7,8", true, "", 7, 8},
      {" --jobserver-auth=-2,-2", true, "", -2, -2},
      {" --jobserver-auth=x", true, "", -1, -1},
      {" -k -- V=--jobserver-auth=3,4", false, "", -1, -1},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.text));
    const JobserverAddress address = parse_makeflags(c.text);
    CHECK(address.any == c.any);
    CHECK(address.fifo == c.fifo);
    CHECK(address.read == c.read);
    CHECK(address.write == c.write);
  }
}

TEST_CASE("a server gives as many leaves as jobs, the first without a token") {
  Jobserver server = Jobserver::open(3, "").value();
  CHECK(!server.is_client());
  CHECK(server.warning().empty());
  CHECK(server.try_acquire());
  CHECK(server.try_acquire());
  CHECK(server.try_acquire());
  CHECK(!server.try_acquire());
  server.release();
  CHECK(server.try_acquire());
  CHECK(server.held() == 3);
  while (server.held() > 0)
    server.release();
  CHECK(content(server.ready_descriptor()).size() == 2);
}

TEST_CASE("tokens that a killed make took with it are made good when nothing runs") {
  Jobserver server = Jobserver::open(4, "").value();
  CHECK(server.try_acquire());
  CHECK(content(server.ready_descriptor()).size() == 3);  // Taken, never given back.
  CHECK(!server.try_acquire());
  server.release();
  for (int i = 0; i < 4; ++i)
    CHECK(server.try_acquire());
  CHECK(!server.try_acquire());
}

TEST_CASE("a client takes from the pipe above and gives the same bytes back at its end") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "abc", 3) == 3);
  {
    const std::string flags =
        " -j --jobserver-auth=" + std::to_string(ends[0]) + "," + std::to_string(ends[1]);
    Jobserver client = Jobserver::open(32, flags).value();
    CHECK(client.is_client());
    for (int i = 0; i < 4; ++i)
      CHECK(client.try_acquire());
    CHECK(!client.try_acquire());
    CHECK(content(ends[0]).empty());
    // The descriptions above are still blocking.
    CHECK((::fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
    Jobserver moved = std::move(client);
    moved.release();
    CHECK(moved.held() == 3);
  }
  std::string left = content(ends[0]);
  std::sort(left.begin(), left.end());
  CHECK(left == "abc");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a client of a named pipe") {
  const TempFolder folder;
  const std::string path = folder / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const Fd server(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::write(server.get(), "+", 1) == 1);
  {
    Jobserver client = Jobserver::open(8, " -j2 --jobserver-auth=fifo:" + path).value();
    CHECK(client.is_client());
    CHECK(client.try_acquire());
    CHECK(client.try_acquire());
    CHECK(!client.try_acquire());
  }
  CHECK(content(server.get()) == "+");
}

TEST_CASE("a jobserver that cannot be reached is a warning, not an error") {
  for (const char* flags : {" -j --jobserver-auth=900,901", " --jobserver-auth=-2,-2",
                            " --jobserver-auth=fifo:/nonexistent", " --jobserver-auth=0,x"}) {
    Jobserver server = Jobserver::open(2, flags).value();
    CHECK(!server.is_client());
    CHECK(server.warning().find("put a `+` before") != std::string::npos);
    CHECK(server.try_acquire());
    CHECK(server.try_acquire());
    CHECK(!server.try_acquire());
  }
}

/// Runs `make -j` on jobs that note when they start and end; the most that ran at once.
int most_at_once(unsigned jobs, unsigned held) {
  const TempFolder folder;
  DiskFiles files;
  REQUIRE(files.write(folder / "Makefile",
                      "all: 1 2 3 4 5 6\n"
                      "%:\n\t@echo + >> log; sleep 0.15; echo - >> log\n",
                      0644, false));
  Jobserver server = Jobserver::open(jobs, "").value();
  std::unique_ptr<ProcessRunner> runner = ProcessRunner::create({}).value();
  for (const int fd : server.inherited())
    runner->inherit(fd);
  for (unsigned i = 0; i < held; ++i)
    REQUIRE(server.try_acquire());
  Command command;
  command.argv = {"/usr/bin/make", "-s"};
  command.environment = {"PATH=/usr/bin:/bin", "MAKEFLAGS=" + server.makeflags()};
  command.folder = folder.path();
  command.log_file = folder / "out";
  REQUIRE(runner->start(1, command));
  const std::vector<Exit> exits = runner->wait(std::chrono::milliseconds{20000}).value();
  REQUIRE(exits.size() == 1);
  const std::string printed = files.read(folder / "out").value();
  CAPTURE(printed);
  CHECK(exits[0].wait_status == 0);
  CHECK(printed.empty());
  int now = 0;
  int most = 0;
  const std::string log = files.read(folder / "log").value();
  for (const char byte : log) {
    if (byte == '+') most = std::max(most, ++now);
    if (byte == '-') --now;
  }
  // make gave everything back.
  while (server.held() > 1)
    server.release();
  CHECK(content(server.ready_descriptor()).size() == jobs - 1);
  return most;
}

TEST_CASE("make below shares our jobs") {
  CHECK(most_at_once(4, 1) == 4);
  CHECK(most_at_once(4, 3) == 2);
  CHECK(most_at_once(1, 1) == 1);
}

}  // namespace
}  // namespace devgraph::exec
