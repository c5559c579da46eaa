#include "engine/cli/render.h"

#include <csignal>

#include <doctest/doctest.h>

#include "tests/unit/cli/small_graph.h"

using namespace devgraph;
using namespace devgraph::cli;
using exec::Finished;
using exec::Outcome;
using std::chrono::milliseconds;

namespace {

Finished failed_node() {
  exec::Failure failure;
  failure.node = NodeId(0);
  failure.what = "exit status 1";
  failure.manifest = "build.devgraph";
  failure.line = 31;
  failure.command = "$ python3 {explorer} {pkg} > {out}";
  failure.log = ".devgraph/log/explored@pkg=msilib.log";
  failure.tail = {"Traceback (most recent call last):",
                  "\x1b[31mModuleNotFoundError\x1b[0m: No module named 'msilib'"};
  failure.hints = {"Windows only: list it in skip.txt"};
  Finished end;
  end.node = NodeId(0);
  end.outcome = Outcome::Failed;
  end.time = milliseconds(340);
  end.failure = failure;
  return end;
}

Graph graph() {
  return small_graph({{"", "explored", {{"pkg", "msilib"}}}, {"", "merged", {}}});
}

}  // namespace

TEST_CASE("a failure shows its label, line, log and advice") {
  CHECK(failure_block(graph(), failed_node(), {}) ==
        "failed //:explored@pkg=msilib: exit status 1  0.3s\n"
        "  --> build.devgraph:31\n"
        "  $ python3 {explorer} {pkg} > {out}\n"
        "  | Traceback (most recent call last):\n"
        "  | ModuleNotFoundError: No module named 'msilib'\n"
        "  = log: .devgraph/log/explored@pkg=msilib.log\n"
        "  = hint: Windows only: list it in skip.txt\n");
}

TEST_CASE("a failure of a native action has no command, and attempts are told") {
  Finished end = failed_node();
  end.failure->command.clear();
  end.failure->tail.clear();
  end.failure->hints.clear();
  end.failure->what = "timed out after 20s";
  end.failure->attempts = 3;
  CHECK(failure_block(graph(), end, {}) ==
        "failed //:explored@pkg=msilib: timed out after 20s, 3 attempts  0.3s\n"
        "  --> build.devgraph:31\n"
        "  = log: .devgraph/log/explored@pkg=msilib.log\n");
}

TEST_CASE("within GitHub's runner no line of a log is taken for a command") {
  Finished end = failed_node();
  end.failure->tail = {"::set-env name=PATH::/evil"};
  end.failure->hints.clear();
  CHECK(failure_block(graph(), end, {.color = false, .github_token = "t0k3n"}) ==
        "failed //:explored@pkg=msilib: exit status 1  0.3s\n"
        "  --> build.devgraph:31\n"
        "  $ python3 {explorer} {pkg} > {out}\n"
        "::stop-commands::t0k3n\n"
        "  | ::set-env name=PATH::/evil\n"
        "::t0k3n::\n"
        "  = log: .devgraph/log/explored@pkg=msilib.log\n");
}

TEST_CASE("the summary line leaves out what is zero") {
  exec::Summary summary;
  summary.nodes = 1226;
  summary.run = 14;
  summary.fresh = 1210;
  summary.failed = 1;
  summary.blocked = 1;
  summary.time = milliseconds(3100);
  CHECK(summary_line(summary) == "1226 nodes: 14 run, 1210 fresh, 1 failed, 1 blocked  3.1s");
  summary.failed = 0;
  summary.blocked = 0;
  CHECK(summary_line(summary) == "1226 nodes: 14 run, 1210 fresh  3.1s");
  summary.not_started = 2;
  CHECK(summary_line(summary) == "1226 nodes: 14 run, 1210 fresh, 2 not started  3.1s");
  summary.nodes = 1;
  summary.not_started = 0;
  CHECK(summary_line(summary, true) == "1 node: 14 would run, 1210 fresh  3.1s");
}

TEST_CASE("a signal is named, at once and at the end") {
  CHECK(stopping_line(SIGINT, 0).empty());
  CHECK(stopping_line(SIGINT, 1) ==
        "SIGINT: 1 command is told to end; the signal once more kills it\n");
  CHECK(stopping_line(SIGTERM, 3) ==
        "SIGTERM: 3 commands are told to end; the signal once more kills them\n");
  exec::Summary summary;
  CHECK(stopped_line(summary).empty());
  summary.signal = SIGHUP;
  CHECK(stopped_line(summary) == "stopped by SIGHUP\n");
}

TEST_CASE("the lists name what failed, what it blocks, what was left out and what differs") {
  exec::Summary summary;
  Finished blocked;
  blocked.node = NodeId(1);
  blocked.outcome = Outcome::Blocked;
  blocked.blocked_by = NodeId(0);
  summary.bad = {failed_node(), blocked};
  summary.quarantined = {"//:explored@pkg=msilib"};
  summary.not_equal = {"//:merged out/merged/merged.json"};
  CHECK(summary_lists(graph(), summary, {}) ==
        "  failed   //:explored@pkg=msilib  exit status 1\n"
        "  blocked  //:merged               by //:explored@pkg=msilib\n"
        "1 node left out (allow_failed):\n"
        "  //:explored@pkg=msilib\n"
        "not equal when run twice:\n"
        "  //:merged out/merged/merged.json\n");
}

TEST_CASE("of many failures that a list does not tolerate, five are named") {
  exec::Summary summary;
  Finished blocked;
  blocked.node = NodeId(1);
  blocked.outcome = Outcome::Blocked;
  blocked.blocked_by = NodeId(0);
  blocked.too_many = exec::TooMany{std::vector<NodeId>(7, NodeId(0)), 90, 6, std::nullopt};
  summary.bad = {blocked};
  const std::string one = "    //:explored@pkg=msilib\n";
  CHECK(summary_lists(graph(), summary, {}) ==
        "  blocked  //:merged  by 7 failures of 90, `allow_failed` permits 6\n" + one + one + one +
            one + one +
            "    and 2 more\n"
            "    --> build.devgraph:7: mend them, or do without: allow_failed = 7\n");
}

TEST_CASE("the exit status tells how a build ended") {
  exec::Summary summary;
  CHECK(exit_status(summary) == 0);
  summary.not_equal = {"//:a out"};
  CHECK(exit_status(summary) == 1);
  summary.not_equal.clear();
  summary.failed = 1;
  CHECK(exit_status(summary) == 1);
  summary.excused = true;
  CHECK(exit_status(summary) == 0);
  summary.signal = 2;
  CHECK(exit_status(summary) == 130);
}
