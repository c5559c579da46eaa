// Real processes: how they start, what they inherit, and that all of them end.

#include "engine/exec/process_runner.h"

#include <csignal>
#include <deque>
#include <functional>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/text.h"
#include "tests/support/temp_folder.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DEVGRAPH_THREAD_SANITIZER
#endif
#endif

namespace devgraph::exec {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Runs bash scripts one at a time.
class Bench {
 public:
  Bench() : runner(ProcessRunner::create({.home = "", .grace = milliseconds{300}}).value()) {}

  Command script(const std::string& text) {
    Command out;
    out.argv = {"/bin/bash", "-c", text};
    out.environment = {"PATH=/usr/bin:/bin", "TMPDIR=" + folder.path()};
    out.folder = folder.path();
    out.log_file = folder / "log";
    return out;
  }
  Exit run(const Command& command) {
    REQUIRE(runner->start(7, command));
    while (true) {
      std::vector<Exit> exits = runner->wait(milliseconds{20000}).value();
      REQUIRE(exits.size() == 1);
      CHECK(exits[0].token == 7);
      return exits[0];
    }
  }
  Exit run(const std::string& text) { return run(script(text)); }
  std::string log() { return read("log"); }
  std::string read(const std::string& name) {
    const Result<std::string> text = files.read(folder / name);
    return text ? *text : "(none)";
  }

  TempFolder folder;
  DiskFiles files;
  std::unique_ptr<ProcessRunner> runner;
};

bool alive(const std::string& pid_text) {
  return ::kill(std::stoi(pid_text), 0) == 0;
}

/// Waits for something to come true, long enough for a machine that has much else to do.
bool soon(const std::function<bool()>& claim) {
  for (int i = 0; i < 3000; ++i) {
    if (claim()) return true;
    std::this_thread::sleep_for(milliseconds{10});
  }
  return false;
}

TEST_CASE("a command's status, output and environment are its own") {
  Bench bench;
  Command command = bench.script("echo out; echo err >&2; pwd; env | sort; umask; exit 3");
  command.environment = {"A=1", "B=x y"};
  const Exit exit = bench.run(command);
  CHECK(WIFEXITED(exit.wait_status));
  CHECK(WEXITSTATUS(exit.wait_status) == 3);
  CHECK(!exit.timed_out);
  CHECK(!exit.left_children);
  // PWD, SHLVL, _ and PATH are bash's own doing.
  const std::string log = bench.log();
  CHECK(log.starts_with("out\nerr\n" + bench.folder.path() + "\nA=1\nB=x y\n"));
  CHECK(log.ends_with("0022\n"));
}

TEST_CASE("a signal that ends a command is told") {
  Bench bench;
  const Exit exit = bench.run("kill -SEGV $$");
  CHECK(WIFSIGNALED(exit.wait_status));
  CHECK(WTERMSIG(exit.wait_status) == SIGSEGV);
}

TEST_CASE("the log is appended to, standard input is empty") {
  Bench bench;
  bench.run("echo one");
  bench.run("cat; read x || echo nothing to read; echo two");
  CHECK(bench.log() == "one\nnothing to read\ntwo\n");
}

TEST_CASE("redirections open, cut and append files") {
  Bench bench;
  REQUIRE(bench.files.write(bench.folder / "in", "text\n", 0644, false));
  REQUIRE(bench.files.write(bench.folder / "more", "old\n", 0644, false));
  Command command = bench.script("cat; echo err >&2");
  command.stdin_file = bench.folder / "in";
  command.stdout_file = bench.folder / "out";
  command.stderr_file = bench.folder / "more";
  command.stderr_append = true;
  bench.run(command);
  CHECK(bench.read("out") == "text\n");
  CHECK(bench.read("more") == "old\nerr\n");

  Command both = bench.script("echo a; echo b >&2; echo c");
  both.stdout_file = both.stderr_file = bench.folder / "out";
  bench.run(both);
  CHECK(bench.read("out") == "a\nb\nc\n");

  command.stdin_file = bench.folder / "absent";
  const Status refused = bench.runner->start(1, command);
  CHECK(refused.error().message ==
        "cannot open " + (bench.folder / "absent") + ": No such file or directory");
}

TEST_CASE("without a program only the redirections are made") {
  Bench bench;
  REQUIRE(bench.files.write(bench.folder / "out", "old", 0644, false));
  Command command = bench.script("");
  command.argv.clear();
  command.stdout_file = bench.folder / "out";
  const Exit exit = bench.run(command);
  CHECK(exit.wait_status == 0);
  CHECK(bench.read("out").empty());
}

TEST_CASE("what cannot be started is an error that names it") {
  Bench bench;
  Command command = bench.script("");
  command.argv = {bench.folder / "no-such"};
  CHECK(bench.runner->start(1, command).error().message ==
        "cannot run " + (bench.folder / "no-such") + ": No such file or directory");
  command = bench.script("");
  command.folder = bench.folder / "gone";
  CHECK(bench.runner->start(1, command).error().message ==
        "cannot enter " + (bench.folder / "gone") + ": No such file or directory");
  command = bench.script("");
  command.argv.push_back(std::string(200'000, 'x'));
  CHECK(bench.runner->start(1, command).error().code == E2BIG);
  CHECK(bench.runner->wait(milliseconds{0}).value().empty());
}

TEST_CASE("a file without a format the kernel knows runs as a script, as in a shell") {
  Bench bench;
  REQUIRE(bench.files.write(bench.folder / "plain", "echo \"got $1\"\n", 0755, false));
  Command command = bench.script("");
  command.argv = {bench.folder / "plain", "this"};
  CHECK(bench.run(command).wait_status == 0);
  CHECK(bench.log() == "got this\n");
}

TEST_CASE("a command inherits nothing but what it must") {
  const int leak = ::open("/dev/null", O_RDONLY);  // Not close-on-exec.
  const int kept = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  Bench bench;
  bench.runner->inherit(kept);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  ::sigaction(SIGPIPE, &ignore, &old);
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  {
    Bench ignoring;
    ignoring.runner->inherit(kept);
    Command command = ignoring.script(
        "ls /proc/self/fd | tr '\\n' ' '; grep -E 'Sig(Blk|Ign)' /proc/self/status; echo at >&19");
    command.line_file = ignoring.folder / "line";
    ignoring.run(command);
    // ls itself opens 3.
    const std::string log = ignoring.log();
    std::set<std::string> numbers;
    const std::string listed = log.substr(0, log.find('S'));
    for (const std::string_view word : split(listed, ' ')) {
      if (!word.empty()) numbers.emplace(word);
    }
    CHECK(numbers.contains("19"));
    CHECK(numbers.contains(std::to_string(kept)));
    if (leak != 3) CHECK(!numbers.contains(std::to_string(leak)));
    CHECK(numbers.size() <= 6);
    CHECK(log.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(log.find("SigIgn:\t0000000000000000") != std::string::npos);
    CHECK(ignoring.read("line") == "at\n");
  }
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ::sigaction(SIGPIPE, &old, nullptr);
  ::close(leak);
  ::close(kept);
}

TEST_CASE("a background child neither hangs the build nor lives on") {
  Bench bench;
  const Clock::time_point start = Clock::now();
  const Exit exit = bench.run("sleep 100 & echo $!");
  CHECK(Clock::now() - start < std::chrono::seconds{50});
  CHECK(exit.left_children);
  CHECK(WEXITSTATUS(exit.wait_status) == 0);
  CHECK(!alive(bench.log()));
}

TEST_CASE("a background child that ended by itself is nothing to report") {
  Bench bench;
  const Exit exit = bench.run(
      "true & child=$!; while kill -0 $child 2>/dev/null; do sleep 0.01; done; exec true");
  CHECK(!exit.left_children);
}

TEST_CASE("a daemon in a session or group of its own is found and killed") {
  Bench bench;
  const char* scripts[] = {
      "setsid sleep 100 & until pgrep -x sleep -s $! > pid; do sleep 0.01; done",
      "(setsid bash -c 'echo $$ > pid; sleep 100; true' &) ; until [ -s pid ]; do sleep 0.01; done",
      "set -m; sleep 100 & echo $! > pid",
      ("(setsid bash -c '(trap \"\" TERM; echo $BASHPID > pid; sleep 100; true) & sleep 100' &); "
       "until [ -s pid ]; do sleep 0.01; done"),
  };
  for (const char* script : scripts) {
    CAPTURE(std::string(script));
    const Exit exit = bench.run("rm -f pid; " + std::string(script));
    CHECK(exit.left_children);
    const std::string pid = bench.read("pid");
    REQUIRE(pid != "(none)");
    CHECK(soon([&] { return !alive(pid); }));
  }
}

TEST_CASE("a daemon of one command is left alone when another ends") {
  Bench bench;
  Command slow = bench.script(
      "(setsid sleep 100 &) ; touch begun; until [ -e go ]; do sleep 0.01; done; "
      "pgrep -f 'sleep 100' -c");
  slow.environment[1] = "TMPDIR=" + (bench.folder / "other");
  REQUIRE(bench.runner->start(1, slow));
  REQUIRE(soon([&] { return bench.read("begun") != "(none)"; }));
  Command quick = bench.script("true");
  quick.log_file = bench.folder / "log2";
  REQUIRE(bench.runner->start(2, quick));
  std::vector<Exit> exits = bench.runner->wait(milliseconds{60000}).value();
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].token == 2);
  CHECK(!exits[0].left_children);
  REQUIRE(bench.files.write(bench.folder / "go", "", 0644, false));
  exits = bench.runner->wait(milliseconds{60000}).value();
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].left_children);
  CHECK(bench.log() != "0\n");
}

TEST_CASE("a timeout ends the whole group, the stubborn and the stopped too") {
  struct Case {
    const char* name;
    const char* script;
  };
  const Case cases[] = {
      {"sleeper", "echo $$ > pid; sleep 100"},
      {"deaf", "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done"},
      {"deaf child", "(trap '' TERM; echo $BASHPID > pid; while :; do sleep 0.05; done) & wait"},
      {"stopped", "echo $$ > pid; kill -STOP $$"},
      {"own group", "set -m; sleep 100 & echo $! > pid; wait"},
      {"daemon", "(setsid bash -c 'echo $$ > pid; sleep 100; true' &); sleep 100"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.name));
    Bench bench;
    Command command = bench.script(c.script);
    command.timeout = milliseconds{1000};
    const Clock::time_point start = Clock::now();
    const Exit exit = bench.run(command);
    const auto took = Clock::now() - start;
    CHECK(exit.timed_out);
    CHECK(took >= milliseconds{990});
    CHECK(took < std::chrono::seconds{50});
    const std::string pid = bench.read("pid");
    REQUIRE(pid != "(none)");
    CHECK(soon([&] { return !alive(pid); }));
  }
}

TEST_CASE("a command has its grace to clean up at a timeout") {
  Bench bench;
  Command command =
      bench.script("trap 'echo cleaned; exit 9' TERM; sleep 100 & wait $!; echo not reached");
  command.timeout = milliseconds{1000};
  const Exit exit = bench.run(command);
  CHECK(exit.timed_out);
  CHECK(WEXITSTATUS(exit.wait_status) == 9);
  CHECK(bench.log() == "cleaned\n");
}

TEST_CASE("huge output goes to the log and not through the engine") {
  Bench bench;
  const Exit exit = bench.run("head -c 200000000 /dev/zero; echo; echo end");
  CHECK(exit.wait_status == 0);
  CHECK(bench.files.stat(bench.folder / "log").value().size == 200000005);
}

TEST_CASE("many commands run side by side, each with its token") {
  Bench bench;
  std::set<std::uint64_t> open;
  std::deque<Command> commands;  // They live until they have ended.
  for (std::uint64_t token = 1; token <= 60; ++token) {
    Command& command = commands.emplace_back(bench.script("exit " + std::to_string(token)));
    command.log_file = bench.folder / ("log" + std::to_string(token));
    REQUIRE(bench.runner->start(token, command));
    open.insert(token);
  }
  while (!open.empty()) {
    const std::vector<Exit> exits = bench.runner->wait(milliseconds{10000}).value();
    REQUIRE(!exits.empty());
    for (const Exit& exit : exits) {
      CHECK(open.erase(exit.token) == 1);
      CHECK(WEXITSTATUS(exit.wait_status) == static_cast<int>(exit.token));
    }
  }
}

TEST_CASE("what cannot start beside another command is told with its exit") {
  Bench bench;
  const Command slow = bench.script("sleep 100");
  REQUIRE(bench.runner->start(1, slow));
  Command absent = bench.script("true");
  absent.argv = {"/no/such/program"};
  absent.log_file = bench.folder / "log2";
  REQUIRE(bench.runner->start(2, absent));
  const std::vector<Exit> exits = bench.runner->wait(milliseconds{10000}).value();
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].token == 2);
  REQUIRE(exits[0].not_started);
  CHECK(exits[0].not_started->message == "cannot run /no/such/program: No such file or directory");
}

TEST_CASE("stopping forgets what was not begun and ends what was") {
  Bench bench;
  std::deque<Command> commands;
  for (std::uint64_t token = 1; token <= 40; ++token) {
    Command& command = commands.emplace_back(bench.script("sleep 100"));
    command.log_file = bench.folder / ("log" + std::to_string(token));
    REQUIRE(bench.runner->start(token, command));
  }
  bench.runner->stop_all(milliseconds{1000});
  CHECK(bench.runner->wait(milliseconds{50}).value().empty());
}

TEST_CASE("wait returns at its limit, when woken and when a watched descriptor is readable") {
  Bench bench;
  REQUIRE(bench.runner->start(1, bench.script("sleep 100")));
  CHECK(bench.runner->wait(milliseconds{30}).value().empty());
  std::thread waker([&] {
    std::this_thread::sleep_for(milliseconds{50});
    bench.runner->wake();
  });
  const Clock::time_point start = Clock::now();
  CHECK(bench.runner->wait(milliseconds{10000}).value().empty());
  CHECK(Clock::now() - start < milliseconds{5000});
  waker.join();

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  bench.runner->watch(ends[0]);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  CHECK(bench.runner->wait(milliseconds{10000}).value().empty());
  CHECK(Clock::now() - start < milliseconds{5000});
  bench.runner->watch(-1);
  CHECK(bench.runner->wait(milliseconds{20}).value().empty());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a stop signal makes wait return, and stop_all ends everything") {
  ::signal(SIGHUP, SIG_DFL);  // Below `nohup` it is ignored, and stays so.
  Bench bench;
  REQUIRE(bench.runner->start(1, bench.script("echo $$ > pid; sleep 100; true")));
  REQUIRE(soon([&] { return bench.read("pid").ends_with("\n"); }));
  CHECK(bench.runner->stop_signal() == 0);
  for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
    ::raise(number);
    CHECK(bench.runner->wait(milliseconds{10000}).value().empty());
    CHECK(bench.runner->stop_signal() == number);
  }
  bench.runner->stop_all(milliseconds{1000});
  CHECK(!alive(bench.read("pid")));
  CHECK(bench.runner->wait(milliseconds{0}).value().empty());
}

TEST_CASE("stop_all waits for the grace only as long as needed, then kills") {
  Bench bench;
  REQUIRE(bench.runner->start(
      1, bench.script("trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done")));
  REQUIRE(soon([&] { return bench.read("pid").ends_with("\n"); }));
  const Clock::time_point start = Clock::now();
  bench.runner->stop_all(milliseconds{200});
  CHECK(Clock::now() - start >= milliseconds{190});
  CHECK(Clock::now() - start < std::chrono::seconds{50});
  CHECK(!alive(bench.read("pid")));
}

TEST_CASE("an ignored stop signal stays ignored, the others go back to what they were") {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  ::sigaction(SIGHUP, &ignore, &old);
  struct sigaction interrupt;
  ::sigaction(SIGINT, nullptr, &interrupt);
  {
    Bench bench;
    ::raise(SIGHUP);
    CHECK(bench.runner->stop_signal() == 0);
  }
  struct sigaction now;
  ::sigaction(SIGHUP, nullptr, &now);
  CHECK((now.sa_handler == SIG_IGN));
  ::sigaction(SIGHUP, &old, nullptr);
  ::sigaction(SIGINT, nullptr, &now);
  CHECK((now.sa_handler == interrupt.sa_handler));
}

TEST_CASE("starting a process costs little beside what the kernel takes") {
  Bench bench;
  constexpr int kCount = 300;
  Command command = bench.script("");
  command.argv = {"/bin/true"};
  const auto cpu = [] {
    timespec now;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
  };
  const auto before = cpu();
  for (int i = 0; i < kCount; ++i)
    bench.run(command);
  const auto each = (cpu() - before) / kCount;
  MESSAGE("CPU of the runner's thread per command: " << each << " us");
  // The kernel's share of clone and exec setup is in it; a copy of page tables would be 10 times
  // this. A sanitizer makes that copy, and has tables of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(DEVGRAPH_THREAD_SANITIZER)
  CHECK(each < 50'000);
#else
  CHECK(each < 1000);
#endif
}

}  // namespace
}  // namespace devgraph::exec
