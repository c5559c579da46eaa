#include "engine/exec/build.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/support/fake_runner.h"
#include "tests/support/graph_maker.h"
#include "tests/support/mem_files.h"
#include "tests/unit/exec/build_world.h"

using namespace devgraph;
using Names = std::vector<std::string>;

TEST_CASE("a build runs what is stale, once, and nothing when all is fresh") {
  World world;
  world.files.put("/w/a.c", "int a;");
  world.files.put("/w/a.h", "1");
  world.maker.add({.name = "cc", .inputs = {"./a.c", "./a.h"}, .outputs = {"a.o"}});
  world.maker.add({.name = "link", .inputs = {"cc"}, .outputs = {"app"}});

  exec::Summary first = world.build();
  CHECK(world.ran == Names{"//:cc", "//:link"});
  CHECK(first.nodes == 2);
  CHECK(first.run == 2);
  CHECK(world.files.get("/w/out/link/app") == "link(cc(int a;|1))");

  exec::Summary second = world.build();
  CHECK(world.ran.empty());
  CHECK(second.fresh == 2);

  SUBCASE("an edit runs its consumers") {
    world.files.put("/w/a.h", "2");
    world.build();
    CHECK(world.ran == Names{"//:cc", "//:link"});
    SUBCASE("and reverting it runs nothing") {
      world.files.put("/w/a.h", "1");
      const exec::Summary reverted = world.build();
      CHECK(world.ran.empty());
      CHECK(reverted.fresh == 2);
      CHECK(world.files.get("/w/out/link/app") == "link(cc(int a;|1))");
    }
  }
  SUBCASE("touching and replacing by the same bytes runs nothing") {
    world.files.touch("/w/a.h");
    world.files.replace("/w/a.c", "int a;");
    world.build();
    CHECK(world.ran.empty());
  }
  SUBCASE("an edit that keeps size and mtime is seen") {
    const std::int64_t mtime = world.files.stat("/w/a.h")->mtime_ns;
    world.files.put("/w/a.h", "3");
    world.files.set_mtime("/w/a.h", mtime);
    world.build();
    CHECK(world.ran == Names{"//:cc", "//:link"});
  }
  SUBCASE("outputs deleted or altered by hand are put right without a run") {
    world.files.erase("/w/out/cc/a.o");
    world.files.put("/w/out/link/app", "hacked");
    const exec::Summary fixed = world.build();
    CHECK(world.ran.empty());
    CHECK(fixed.fresh == 2);
    CHECK(world.files.get("/w/out/cc/a.o") == "cc(int a;|1)");
    CHECK(world.files.get("/w/out/link/app") == "link(cc(int a;|1))");
  }
  SUBCASE("a copy of the tree with its state is fresh") {
    World other;
    other.maker = world.maker;
    for (const auto& [path, content] : world.files.tree("/w")) {
      other.files.put("/w/" + path, content);
    }
    other.build();
    CHECK(other.ran.empty());
  }
  SUBCASE("a script that changed runs again, and its consumers only if its bytes changed") {
    world.maker = {};
    world.maker.add(
        {.name = "cc", .inputs = {"./a.c", "./a.h"}, .outputs = {"a.o"}, .script = "v2"});
    world.maker.add({.name = "link", .inputs = {"cc"}, .outputs = {"app"}});
    world.build();
    CHECK(world.ran == Names{"//:cc"});
  }
  SUBCASE("-B runs again, and equal bytes stop there") {
    world.options.always = {NodeId{0}};
    const exec::Summary again = world.build();
    CHECK(world.ran == Names{"//:cc"});
    CHECK(again.run == 1);
    CHECK(again.fresh == 1);
  }
}

TEST_CASE("a failure blocks what needs it, and -k goes on with the rest") {
  World world;
  world.maker.add({.name = "bad", .inputs = {}, .outputs = {"x"}});
  world.maker.add({.name = "user", .inputs = {"bad"}});
  world.maker.add({.name = "last", .inputs = {"user"}});
  world.maker.add({.name = "other", .inputs = {}});
  world.actions["//:bad"] = [](FakeRunner::Job& job) {
    job.output(0, "half");
    job.print("oops: no such thing\n");
    return 3;
  };
  SUBCASE("with -k") {
    world.options.keep_going = true;
    const exec::Summary summary = world.build();
    CHECK(summary.failed == 1);
    CHECK(summary.blocked == 2);
    CHECK(summary.run == 1);
    CHECK(summary.nodes == 4);
    REQUIRE(summary.bad.size() == 3);
    REQUIRE(summary.bad[0].failure);
    CHECK(summary.bad[0].failure->what == "exit status 3");
    CHECK(summary.bad[0].failure->line == 7);
    CHECK(summary.bad[0].failure->tail == Names{"oops: no such thing"});
    CHECK(summary.bad[0].failure->log == ".devgraph/log/bad.log");
    CHECK(summary.bad[2].blocked_by == NodeId{0});
  }
  SUBCASE("without -k nothing new starts") {
    world.options.jobs = 1;
    const exec::Summary summary = world.build();
    CHECK(summary.failed == 1);
    CHECK(summary.blocked == 2);
    CHECK(summary.not_started == 1);
  }
  SUBCASE("what it left is kept aside, and when it is cured, only what is missing runs") {
    world.build();
    CHECK_FALSE(world.files.exists("/w/out/bad/x"));
    CHECK(world.files.get("/w/.devgraph/failed/bad/out/x") == "half");
    world.actions.clear();
    world.options.keep_going = true;
    world.build();
    CHECK(std::count(world.ran.begin(), world.ran.end(), "//:bad") == 1);
    CHECK(world.files.exists("/w/out/last/out"));
    CHECK_FALSE(world.files.exists("/w/.devgraph/failed/bad"));
  }
}

TEST_CASE("a command that exits 0 must have made what it declared") {
  World world;
  world.maker.add({.name = "a", .outputs = {"x", "d/"}});
  world.options.keep_going = true;
  struct Case {
    const char* name;
    FakeRunner::Action action;
    const char* what;
  };
  const Case cases[] = {
      {"nothing", [](FakeRunner::Job&) { return 0; }, "output missing: out/a/x"},
      {"a folder for a file",
       [](FakeRunner::Job& job) {
         static_cast<void>(job.files().make_folders(job.output_path(0)));
         return 0;
       },
       "output out/a/x is a folder, not a file"},
      {"a file for a folder",
       [](FakeRunner::Job& job) {
         job.output(0, "x");
         static_cast<void>(job.files().remove_all(job.output_path(1)));
         job.output(1, "file");
         return 0;
       },
       "output out/a/d is a file, not a folder"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    world.actions["//:a"] = c.action;
    const exec::Summary summary = world.build();
    REQUIRE(summary.bad.size() == 1);
    CHECK(summary.bad[0].failure->what == c.what);
    CHECK_FALSE(world.files.exists("/w/out/a/x"));
  }
}

TEST_CASE("an input that changes while its consumer runs is never recorded as built") {
  World world;
  world.files.put("/w/a", "1");
  world.maker.add({.name = "slow", .inputs = {"./a"}});
  world.actions["//:slow"] = [&](FakeRunner::Job& job) {
    job.output(0, job.input(0));
    world.files.put("/w/a", "2");
    return 0;
  };
  const exec::Summary first = world.build();
  REQUIRE(first.failed == 1);
  CHECK(first.bad[0].failure->what == "input a changed while it ran; build again");
  world.actions.clear();
  world.build();
  CHECK(world.ran == Names{"//:slow"});
  CHECK(world.files.get("/w/out/slow/out") == "slow(2)");
}

TEST_CASE("folders are outputs and inputs, by what is in them") {
  World world;
  world.files.put("/w/src/a", "1");
  world.files.put("/w/src/b", "2");
  world.maker.trees["src"] = {"a", "b"};
  world.maker.add({.name = "tree", .inputs = {"./src/"}, .outputs = {"d/"}});
  world.maker.add({.name = "use", .inputs = {"tree"}});
  world.maker.add({.name = "part", .inputs = {"tree/sub/x"}});
  world.actions["//:tree"] = [](FakeRunner::Job& job) {
    const std::string out = job.output_path(0);
    const std::string a = *job.files().read("/w/src/a");
    static_cast<void>(job.files().make_folders(out + "/sub/empty"));
    static_cast<void>(job.files().write(out + "/sub/x", "x", 0755, false));
    static_cast<void>(job.files().write(out + "/y", a, 0644, false));
    static_cast<void>(job.files().symlink("sub/x", out + "/link"));
    return 0;
  };
  world.actions["//:use"] = [](FakeRunner::Job& job) {
    const Result<std::string> y = job.files().read(job.input_path(0) + "/y");
    if (y) job.output(0, *y);
    return y ? 0 : 1;
  };
  world.build();
  CHECK(world.ran.size() == 3);
  CHECK(world.files.get("/w/out/use/out") == "1");
  world.build();
  CHECK(world.ran.empty());

  SUBCASE("a part that did not change stops the wave") {
    world.files.put("/w/src/a", "other");
    world.build();
    CHECK(world.ran == Names{"//:tree", "//:use"});
  }
  SUBCASE("what was done to it by hand is undone") {
    const auto before = world.files.tree("/w/out/tree");
    world.files.put("/w/out/tree/d/new", "file");
    world.files.erase("/w/out/tree/d/sub");
    world.build();
    CHECK(world.ran.empty());
    CHECK(world.files.tree("/w/out/tree") == before);
  }
  SUBCASE("a part that is gone fails its consumer") {
    world.actions["//:tree"] = [](FakeRunner::Job&) { return 0; };
    world.files.put("/w/src/a", "empty");
    world.options.keep_going = true;
    const exec::Summary summary = world.build();
    CHECK(summary.failed == 2);
    REQUIRE(summary.bad.size() == 2);
    CHECK(summary.bad[1].failure->what == "//:tree/sub/x is not there");
  }
}

TEST_CASE("retries, timeouts, signals and ok codes") {
  World world;
  world.options.keep_going = true;
  SUBCASE("a retry whose pattern matches is taken, with its log kept") {
    world.maker.add(
        {.name = "flaky", .traits = {.backoff_ms = 1, .retries = 2}, .retry_on = "busy"});
    world.actions["//:flaky"] = [](FakeRunner::Job& job) {
      job.print(job.attempt() == 1 ? "device busy\n" : "fine\n");
      job.output(0, "x");
      return job.attempt() == 1 ? 1 : 0;
    };
    const exec::Summary summary = world.build();
    CHECK(summary.run == 1);
    CHECK(world.retries == Names{"2: exit status 1"});
    CHECK(world.files.get("/w/.devgraph/log/flaky.log.1")->find("device busy") !=
          std::string::npos);
    CHECK(world.files.get("/w/.devgraph/log/flaky.log")->find("fine") != std::string::npos);
  }
  SUBCASE("a retry whose pattern does not match is not") {
    world.maker.add({.name = "flaky", .traits = {.retries = 2}, .retry_on = "busy"});
    world.actions["//:flaky"] = [](FakeRunner::Job&) { return 1; };
    CHECK(world.build().failed == 1);
    CHECK(world.ran.size() == 1);
  }
  SUBCASE("a timeout and a signal have names") {
    world.maker.add({.name = "slow", .traits = {.timeout_ms = 20000}});
    world.maker.add({.name = "shot"});
    world.actions["//:slow"] = [](FakeRunner::Job& job) {
      job.time_out();
      return 0;
    };
    world.actions["//:shot"] = [](FakeRunner::Job& job) {
      job.die(9);
      return 0;
    };
    const exec::Summary summary = world.build();
    REQUIRE(summary.bad.size() == 2);
    CHECK(summary.bad[0].failure->what == "timed out after 20.0s");
    CHECK(summary.bad[1].failure->what == "killed by SIGKILL");
  }
  SUBCASE("an exit code among `ok` is good") {
    world.maker.add({.name = "suite", .ok = {0, 5}});
    world.actions["//:suite"] = [](FakeRunner::Job& job) {
      job.output(0, "none");
      return 5;
    };
    CHECK(world.build().run == 1);
  }
  SUBCASE("hints of the manifest are given when the log matches") {
    world.maker.add({.name = "bad", .hints = {{"No module named", "install it"}, {"zzz", "no"}}});
    world.actions["//:bad"] = [](FakeRunner::Job& job) {
      job.print("ImportError: No module named x\n");
      return 1;
    };
    const exec::Summary summary = world.build();
    CHECK(summary.bad[0].failure->hints == Names{"install it"});
  }
}

TEST_CASE("allow_failed leaves failed parts out, and says so") {
  World world;
  world.options.keep_going = true;
  Traits tolerant;
  tolerant.allow_failed = 1;
  for (const char* name : {"a", "b", "c"})
    world.maker.add({.name = name});
  world.maker.add({.name = "all",
                   .inputs = {"a", "b", "c"},
                   .traits = tolerant,
                   .allow_failed = true,
                   .quarantine = "left_out.json"});
  world.actions["//:all"] = [](FakeRunner::Job& job) {
    job.output(0, "merged");
    return 0;
  };
  const auto broken = [](FakeRunner::Job&) { return 1; };
  world.actions["//:b"] = broken;
  const exec::Summary summary = world.build();
  CHECK(summary.failed == 1);
  CHECK(summary.run == 3);
  CHECK(summary.quarantined == Names{"//:b"});
  CHECK_FALSE(summary.excused);
  CHECK(world.files.get("/w/out/all/left_out.json") == "[\n \"//:b\"\n]\n");

  SUBCASE("again: what is missing is in the key, so nothing but the failed one runs") {
    const exec::Summary again = world.build();
    CHECK(world.ran == Names{"//:b"});
    CHECK(again.quarantined == Names{"//:b"});
  }
  SUBCASE("one more than allowed blocks") {
    world.actions["//:c"] = broken;
    world.options.always = {NodeId{2}};
    const exec::Summary more = world.build();
    CHECK(more.failed == 2);
    CHECK(more.blocked == 1);
  }
  SUBCASE("when it is cured, the list runs again") {
    world.actions.erase("//:b");
    world.build();
    CHECK(world.ran == Names{"//:b", "//:all"});
    CHECK(world.files.get("/w/out/all/left_out.json") == "[]\n");
  }
}

TEST_CASE("may_fail excuses") {
  World world;
  Traits excused;
  excused.may_fail = 1;
  world.options.jobs = 1;
  world.maker.add({.name = "lint", .traits = excused});
  world.maker.add({.name = "other"});
  world.actions["//:lint"] = [](FakeRunner::Job&) { return 1; };
  const exec::Summary summary = world.build();
  CHECK(summary.failed == 1);
  CHECK(summary.excused);
  CHECK(summary.run == 1);
}

TEST_CASE("pools, mutexes and weights bound what runs at once") {
  World world;
  world.options.jobs = 8;
  const auto at_once = [&](const NodeSpec& like) {
    for (int i = 0; i < 8; ++i) {
      NodeSpec spec = like;
      spec.name = "n" + std::to_string(i);
      world.maker.add(spec);
    }
    world.build();
    CHECK(world.ran.size() == 8);
    return world.most_at_once;
  };
  SUBCASE("jobs") {
    world.options.jobs = 3;
    CHECK(at_once({}) == 3);
  }
  SUBCASE("a pool") {
    world.maker.pools = {{"docker", 2}};
    CHECK(at_once({.name = "", .pool = "docker"}) == 2);
  }
  SUBCASE("a mutex") {
    CHECK(at_once({.name = "", .mutex = "db"}) == 1);
  }
  SUBCASE("a weight") {
    Traits heavy;
    heavy.weight = 4;
    CHECK(at_once({.name = "", .traits = heavy}) == 2);
  }
  SUBCASE("a weight beyond all slots runs alone") {
    Traits heavy;
    heavy.weight = 100;
    CHECK(at_once({.name = "", .traits = heavy}) == 1);
  }
  SUBCASE("a shortage of processes is waited for") {
    world.shortages = 3;
    CHECK(at_once({}) >= 1);
  }
}

TEST_CASE("an interrupt lands nothing that still runs, and keeps what has ended") {
  World world;
  for (int i = 0; i < 6; ++i)
    world.maker.add({.name = "n" + std::to_string(i)});
  world.options.jobs = 2;
  world.stop_after = 2;
  const exec::Summary summary = world.build();
  CHECK(summary.signal == 2);
  CHECK(summary.not_started >= 2);
  CHECK(summary.run + summary.not_started == 6);
  const std::size_t done = summary.run;
  world.stop_after = 0;
  world.build();
  CHECK(world.ran.size() == 6 - done);
  CHECK(world.files.tree("/w/.devgraph/scratch").empty());
}

TEST_CASE("what devgraph did not make is not overwritten") {
  World world;
  world.files.put("/w/gen.h", "by hand");
  world.maker.add({.name = "gen", .outputs = {"./gen.h"}});
  const Result<exec::Summary> refused = world.try_build();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "//:gen would overwrite `gen.h`, which devgraph did not make; move it away, or build with "
        "--adopt to give it up");
  CHECK(world.ran.empty());
  CHECK(world.files.get("/w/gen.h") == "by hand");
  SUBCASE("unless it is given up") {
    world.options.adopt = true;
    world.build();
    CHECK(world.files.get("/w/gen.h") == "gen()");
    world.options.adopt = false;
    world.files.put("/w/gen.h", "altered");
    world.build();
    CHECK(world.files.get("/w/gen.h") == "gen()");
  }
}

TEST_CASE("outputs of nodes that left the graph go, if nobody changed them") {
  World world;
  world.maker.add({.name = "old", .outputs = {"a", "b", "d/"}});
  world.maker.add({.name = "kept"});
  world.actions["//:old"] = [](FakeRunner::Job& job) {
    job.output(0, "a");
    job.output(1, "b");
    static_cast<void>(job.files().write(job.output_path(2) + "/x", "x", 0644, false));
    return 0;
  };
  world.build();
  const GraphMaker before = world.maker;
  world.maker = {};
  world.maker.add({.name = "kept"});
  SUBCASE("all of them") {
    world.build();
    CHECK_FALSE(world.files.exists("/w/out/old"));
    CHECK(world.files.exists("/w/out/kept/out"));
    world.maker = before;
    world.build();
    CHECK(world.ran.empty());
    CHECK(world.files.get("/w/out/old/d/x") == "x");
  }
  SUBCASE("but not the one that was edited") {
    world.files.put("/w/out/old/b", "mine now");
    world.build();
    CHECK_FALSE(world.files.exists("/w/out/old/a"));
    CHECK(world.files.get("/w/out/old/b") == "mine now");
  }
  SUBCASE("nor those of a project that was not evaluated") {
    world.files.put("/w/build.devgraph", "devgraph 1");
    world.maker.project = "other";
    world.build();
    CHECK(world.files.exists("/w/out/old/a"));
  }
  SUBCASE("but those of a project that is no more") {
    world.maker.project = "other";
    world.build();
    CHECK_FALSE(world.files.exists("/w/out/old/a"));
  }
  SUBCASE("a node that makes other names leaves none of the old ones") {
    world.maker.add({.name = "old", .outputs = {"c"}});
    world.actions.clear();
    world.build();
    CHECK_FALSE(world.files.exists("/w/out/old/a"));
    CHECK(world.files.exists("/w/out/old/c"));
  }
  SUBCASE("a file may become a folder, and back") {
    world.maker.add({.name = "old/a", .outputs = {"x"}});
    world.build();
    CHECK(world.files.exists("/w/out/old/a/x"));
  }
}

TEST_CASE("a seed makes its file once; then it is the user's") {
  World world;
  world.maker.add({.name = "use", .inputs = {"seed"}});
  world.maker.add({.name = "seed", .outputs = {"./base"}, .flags = node_flags::kSeed});
  world.maker.add({.name = "free"});
  world.build();
  CHECK(world.ran.front() == "//:seed");
  CHECK(world.files.get("/w/base") == "seed()");
  world.files.put("/w/base", "edited");
  world.build();
  CHECK(world.ran == Names{"//:use"});
  CHECK(world.files.get("/w/base") == "edited");
  world.build();
  CHECK(world.ran.empty());
  SUBCASE("where it is not there it comes back as it was made, without a run") {
    world.files.erase("/w/base");
    const exec::Summary summary = world.build();
    CHECK(world.ran.empty());
    CHECK(summary.fresh == 3);
    CHECK(world.files.get("/w/base") == "seed()");
    CHECK(world.files.get("/w/out/use/out") == "use(seed())");
    world.files.put("/w/base", "edited");
    world.build();
    CHECK(world.files.get("/w/base") == "edited");
  }
  SUBCASE("it stays when its node leaves, even as it was made") {
    world.files.put("/w/base", "seed()");
    world.build();
    world.maker = {};
    world.maker.add({.name = "free"});
    world.build();
    CHECK(world.files.get("/w/base") == "seed()");
    world.maker.add({.name = "other", .outputs = {"./base"}});
    CHECK_FALSE(world.try_build());
    CHECK(world.files.get("/w/base") == "seed()");
  }
}

TEST_CASE("a file that appears while its seed is made stays") {
  World world;
  world.maker.add({.name = "use", .inputs = {"seed"}});
  world.maker.add({.name = "seed", .outputs = {"./base"}, .flags = node_flags::kSeed});
  world.actions["//:seed"] = [&](FakeRunner::Job& job) {
    world.files.put("/w/base", "mine");
    return World::compose(job);
  };
  world.build();
  CHECK(world.files.get("/w/base") == "mine");
  CHECK(world.files.get("/w/out/use/out") == "use(mine)");
  world.build();
  CHECK(world.ran.empty());
}

TEST_CASE("a depfile brings in the inputs that a command found") {
  World world;
  world.files.put("/w/a.c", "a");
  world.files.put("/w/x.h", "x");
  world.files.put("/w/unused.h", "u");
  world.maker.add({.name = "cc", .inputs = {"./a.c"}, .depfile = "a.d"});
  world.actions["//:cc"] = [](FakeRunner::Job& job) {
    job.output(0, job.input(0) + *job.files().read("/w/x.h"));
    const std::string deps = "a.o: /w/a.c \\\n /w/x.h\n";
    static_cast<void>(job.files().write(job.command().folder + "/a.d", deps, 0644, false));
    return 0;
  };
  world.build();
  world.build();
  CHECK(world.ran.empty());
  world.files.put("/w/unused.h", "v");
  world.build();
  CHECK(world.ran.empty());
  world.files.put("/w/x.h", "y");
  world.build();
  CHECK(world.ran == Names{"//:cc"});
  CHECK(world.files.get("/w/out/cc/out") == "ay");
  world.files.put("/w/x.h", "x");
  world.build();
  CHECK(world.ran.empty());
  CHECK(world.files.get("/w/out/cc/out") == "ax");

  SUBCASE("one that is absent is a failure") {
    world.actions["//:cc"] = World::compose;
    world.options.always = {NodeId{0}};
    const exec::Summary summary = world.build();
    REQUIRE(summary.failed == 1);
    CHECK(summary.bad[0].failure->what == "depfile a.d missing");
  }
}

TEST_CASE("--twice names what differs") {
  World world;
  world.maker.add({.name = "same"});
  world.maker.add({.name = "clock"});
  int ticks = 0;
  world.actions["//:clock"] = [&](FakeRunner::Job& job) {
    job.output(0, std::to_string(++ticks));
    return 0;
  };
  world.options.twice = true;
  const exec::Summary summary = world.build();
  CHECK(world.ran.size() == 4);
  CHECK(summary.run == 2);
  CHECK(summary.not_equal == Names{"//:clock: out/clock/out: line 1: \"1\" -> \"2\""});
  CHECK(world.files.get("/w/out/clock/out") == "1");
}

TEST_CASE("outputs made in place come back when the command fails") {
  World world;
  Traits in_place;
  in_place.cwd = Cwd::Project;
  in_place.sandbox = 0;
  world.maker.add({.name = "gen", .outputs = {"./gen.h"}, .traits = in_place});
  world.build();
  CHECK(world.files.get("/w/gen.h") == "gen()");
  world.options.always = {NodeId{0}};
  world.actions["//:gen"] = [](FakeRunner::Job& job) {
    CHECK_FALSE(job.files().stat("/w/gen.h")->exists());
    job.output(0, "half");
    return 1;
  };
  CHECK(world.build().failed == 1);
  CHECK(world.files.get("/w/gen.h") == "gen()");
  world.actions["//:gen"] = [](FakeRunner::Job&) { return 0; };
  CHECK(world.build().bad[0].failure->what == "output missing: gen.h");
  CHECK(world.files.get("/w/gen.h") == "gen()");
}

TEST_CASE("private children count with their instance") {
  World world;
  world.maker.add({.name = "app"});
  world.maker.add({.name = "app/_layer", .counts_with = "app"});
  world.maker.add({.name = "app/_base", .counts_with = "app"});
  const exec::Summary summary = world.build();
  CHECK(summary.nodes == 1);
  CHECK(summary.run == 1);
}

TEST_CASE("a command finds nothing of the one before it in its folder") {
  World world;
  world.options.jobs = 1;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "n" + std::to_string(i);
    world.maker.add({.name = name, .outputs = {"sub/x"}});
    world.actions["//:" + name] = [i](FakeRunner::Job& job) {
      Files& files = job.files();
      const std::string& scratch = job.command().scratch;
      for (const char* folder : {"out/sub", "tmp", "work"}) {
        CHECK(files.list(scratch + "/" + folder)->empty());
      }
      job.output(0, "x");
      for (const char* litter : {"out/more", "out/sub/y", "tmp/t", "work/w", "top"}) {
        static_cast<void>(files.write(scratch + "/" + litter, "litter", 0644, false));
      }
      if (i == 1) static_cast<void>(files.chmod(scratch + "/work", 0555));
      if (i == 2) static_cast<void>(files.chmod(scratch, 0555));
      return 0;
    };
  }
  CHECK(world.build().run == 5);
}
