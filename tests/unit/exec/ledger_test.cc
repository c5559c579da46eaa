#include "engine/exec/ledger.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using exec::Ledger;

namespace {

actions::StepFacts step(const char* target, const char* digest) {
  actions::StepFacts facts;
  facts.kind = "push";
  facts.target = target;
  facts.digest = digest;
  return facts;
}

Ledger open(MemFiles& files) {
  Result<Ledger> ledger = Ledger::open(files, "/s");
  REQUIRE(ledger);
  return *std::move(ledger);
}

}  // namespace

TEST_CASE("the ledger says what was done, and what a name stood for before") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  Ledger ledger = open(files);
  CHECK_FALSE(ledger.unfinished());
  CHECK(ledger.entry(step("a", "1")).mark == Ledger::Mark::None);
  REQUIRE(ledger.begin({"r1", "c0ffee", {"//:a"}}));
  CHECK_FALSE(ledger.did_anything());
  REQUIRE(ledger.note(Ledger::Mark::Started, "//:a", step("a", "1"), "0"));
  REQUIRE(ledger.note(Ledger::Mark::Failed, "//:a", step("a", "1"), "0", "no"));
  // By now it stands for what the first attempt left.
  REQUIRE(ledger.note(Ledger::Mark::Started, "//:a", step("a", "1"), "half"));
  REQUIRE(ledger.note(Ledger::Mark::Done, "//:a", step("a", "1"), "half"));
  const Ledger again = open(files);
  CHECK(again.entry(step("a", "1")).mark == Ledger::Mark::Done);
  CHECK(again.entry(step("a", "1")).before == "0");
  CHECK(again.entry(step("a", "2")).mark == Ledger::Mark::None);
  REQUIRE(again.unfinished());
  CHECK(again.unfinished()->commit == "c0ffee");
  CHECK(again.unfinished()->goals == std::vector<std::string>{"//:a"});
  CHECK(again.did_anything());
  REQUIRE(ledger.end());
  CHECK_FALSE(open(files).unfinished());
}

TEST_CASE("cut anywhere, the ledger knows whole lines, and goes on behind them") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  Ledger ledger = open(files);
  REQUIRE(ledger.begin({"r1", "", {}}));
  REQUIRE(ledger.note(Ledger::Mark::Started, "//:a", step("a", "1"), ""));
  REQUIRE(ledger.note(Ledger::Mark::Done, "//:a", step("a", "1"), ""));
  const Result<std::string> whole = files.read("/s/ledger");
  REQUIRE(whole);
  for (std::size_t length = 0; length < whole->size(); ++length) {
    CAPTURE(length);
    REQUIRE(files.write("/s/ledger", whole->substr(0, length), 0644, false));
    Ledger cut = open(files);
    CHECK(cut.entry(step("a", "1")).mark != Ledger::Mark::Done);
    REQUIRE(cut.note(Ledger::Mark::Done, "//:b", step("b", "2"), ""));
    CHECK(open(files).entry(step("b", "2")).mark == Ledger::Mark::Done);
  }
}

TEST_CASE("a damaged line before the last is told, not skipped") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  REQUIRE(files.write("/s/ledger", "{\"event\":\"beg\n{\"event\":\"end\"}\n", 0644, false));
  const Result<Ledger> ledger = Ledger::open(files, "/s");
  REQUIRE_FALSE(ledger);
  CHECK(ledger.error().message ==
        "/s/ledger is damaged at byte 0: it tells what releases did; bring it back from a copy, or "
        "move it away and let the targets be asked");
}
