#include "engine/cli/progress.h"

#include <doctest/doctest.h>

#include "tests/unit/cli/small_graph.h"

using namespace devgraph;
using namespace devgraph::cli;
using exec::Finished;
using exec::Outcome;
using std::chrono::milliseconds;

namespace {

Graph graph() {
  return small_graph({{"", "a", {}}, {"", "b", {}}, {"", "c", {}}, {"", "d", {}}});
}

Finished ended(unsigned node, Outcome outcome) {
  Finished end;
  end.node = NodeId(node);
  end.outcome = outcome;
  end.time = milliseconds(1200);
  if (outcome == Outcome::Blocked) end.blocked_by = NodeId(1);
  if (outcome == Outcome::Failed) {
    end.failure = exec::Failure{};
    end.failure->what = "killed by SIGKILL";
    end.failure->log = ".devgraph/log/b.log";
  }
  return end;
}

/// A clock that the test moves.
struct Hand {
  std::chrono::steady_clock::time_point now{};
  Clock clock() {
    return [this] { return now; };
  }
};

void play(Progress& progress) {
  progress.planned(4);
  progress.started(NodeId(0), std::nullopt);
  progress.finished(ended(0, Outcome::Run));
  progress.started(NodeId(1), std::nullopt);
  progress.retrying(NodeId(1), 2, "exit status 7");
  progress.finished(ended(1, Outcome::Failed));
  progress.finished(ended(2, Outcome::Blocked));
  progress.finished(ended(3, Outcome::Fresh));
  progress.warning("disk is slow");
  progress.close();
}

}  // namespace

TEST_CASE("without a terminal each node that did something has one plain line") {
  const Graph nodes = graph();
  MemoryConsole console;
  play(*plain_progress(nodes, console, {}));
  CHECK(console.err ==
        "[1/4] //:a  1.2s\n"
        "[1/4] //:b  attempt 2: exit status 7\n"
        "[2/4] failed //:b: killed by SIGKILL  1.2s\n"
        "  = log: .devgraph/log/b.log\n"
        "[3/4] //:c  blocked by //:b\n"
        "warning: disk is slow\n");
  CHECK(console.out.empty());
}

TEST_CASE("verbose shows fresh nodes, quiet only what is wrong") {
  const Graph nodes = graph();
  MemoryConsole loud;
  loud.verbose = true;
  play(*plain_progress(nodes, loud, {}));
  CHECK(loud.err.find("[4/4] //:d  fresh\n") != std::string::npos);
  MemoryConsole quiet;
  quiet.quiet = true;
  play(*plain_progress(nodes, quiet, {}));
  CHECK(quiet.err ==
        "failed //:b: killed by SIGKILL  1.2s\n"
        "  = log: .devgraph/log/b.log\n"
        "warning: disk is slow\n");
}

TEST_CASE("a dry run prints what would run, and why, as data") {
  const Graph nodes = graph();
  MemoryConsole console;
  ProgressOptions options;
  options.dry_run = true;
  const auto progress = plain_progress(nodes, console, options);
  Finished end = ended(0, Outcome::Run);
  end.reason = "./a.c changed";
  progress->finished(end);
  progress->finished(ended(3, Outcome::Fresh));
  CHECK(console.out == "run  //:a  # ./a.c changed\n");
  CHECK(console.err.empty());
}

TEST_CASE("explain says why a node ran") {
  const Graph nodes = graph();
  MemoryConsole console;
  ProgressOptions options;
  options.explain = true;
  const auto progress = plain_progress(nodes, console, options);
  progress->planned(1);
  Finished end = ended(0, Outcome::Run);
  end.reason = "./a\x1b.c changed";
  progress->finished(end);
  CHECK(console.err == "[1/1] //:a  1.2s  # ./a\\x1b.c changed\n");
}

TEST_CASE("on a terminal the live lines show counts, times and what is left") {
  const Graph nodes = graph();
  MemoryConsole console;
  Hand hand;
  ProgressOptions options;
  options.jobs = 2;
  options.last_times = [] {
    return std::vector<milliseconds>{milliseconds(4000), milliseconds(9000), milliseconds(0),
                                     milliseconds(3000)};
  };
  const auto progress = terminal_progress(nodes, console, options, hand.clock());
  progress->planned(4);
  progress->started(NodeId(0), milliseconds(4000));
  hand.now += milliseconds(500);
  progress->started(NodeId(1), milliseconds(9000));
  hand.now += milliseconds(500);
  progress->tick();
  // 3 + 8.5 + 0 + 3 seconds on two jobs are 7.25; b alone still takes 8.5.
  CHECK(console.err ==
        "[0/4] 2 running  1.0s  about 8.5s left\n"
        "    1.0s //:a  (last 4.0s)\n"
        "    0.5s //:b  (last 9.0s)\n");
}

TEST_CASE("a frame is drawn over the one before, and gone at the end") {
  const Graph nodes = graph();
  MemoryConsole console;
  Hand hand;
  const auto progress = terminal_progress(nodes, console, {}, hand.clock());
  progress->planned(4);
  progress->started(NodeId(0), std::nullopt);
  progress->tick();
  CHECK(console.err == "[0/4] 1 running  0.0s\n    0.0s //:a\n");
  console.err.clear();
  progress->finished(ended(0, Outcome::Run));
  CHECK(console.err.empty());
  progress->finished(ended(1, Outcome::Failed));
  CHECK(console.err ==
        "\r\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2Kfailed //:b: killed by SIGKILL  1.2s\n  = log: "
        ".devgraph/log/b.log\n");
  console.err.clear();
  progress->tick();
  CHECK(console.err == "[2/4] 1 failed  0.0s\n");
  console.err.clear();
  progress->close();
  progress->close();
  CHECK(console.err == "\r\x1b[2K\x1b[A\x1b[2K");
}

TEST_CASE("lines are cut to the terminal, and rows counted anew after a resize") {
  const Graph nodes = small_graph({{"", std::string(100, 'x'), {}}});
  MemoryConsole console;
  Hand hand;
  console.columns = 40;
  const auto progress = terminal_progress(nodes, console, {}, hand.clock());
  progress->planned(1);
  progress->started(NodeId(0), std::nullopt);
  progress->tick();
  CHECK(console.err == "[0/1] 1 running  0.0s\n    0.0s //:" + std::string(7, 'x') + "…" +
                           std::string(19, 'x') + "\n");
  console.err.clear();
  console.columns = 20;  // 21 and 39 columns now fill two rows each.
  progress->tick();
  CHECK(console.err.starts_with("\r\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K["));
}

TEST_CASE("many running nodes are counted, not listed") {
  std::vector<SmallNode> many;
  for (int i = 0; i < 12; ++i)
    many.push_back({"", "n" + std::to_string(i), {}});
  const Graph nodes = small_graph(many);
  MemoryConsole console;
  Hand hand;
  console.rows = 9;
  const auto progress = terminal_progress(nodes, console, {}, hand.clock());
  progress->planned(12);
  for (unsigned i = 0; i < 12; ++i) {
    progress->started(NodeId(i), std::nullopt);
    hand.now += milliseconds(1000);
  }
  progress->tick();
  CHECK(console.err ==
        "[0/12] 12 running  12.0s\n"
        "   12.0s //:n0\n"
        "   11.0s //:n1\n"
        "   10.0s //:n2\n"
        "   and 9 more\n");
}

TEST_CASE("a quiet terminal draws nothing live") {
  const Graph nodes = graph();
  MemoryConsole console;
  console.quiet = true;
  Hand hand;
  const auto progress = terminal_progress(nodes, console, {}, hand.clock());
  progress->planned(4);
  progress->started(NodeId(0), std::nullopt);
  progress->tick();
  progress->close();
  CHECK(console.err.empty());
}
