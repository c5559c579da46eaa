#include "engine/actions/engine_record.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using actions::EngineRecord;
using actions::Placed;

namespace {

Placed placed(const char* name, const char* id) {
  return {"docker", "E1", "unix:///d", "//:local", name, {id}};
}

EngineRecord open(MemFiles& files) {
  Result<EngineRecord> record = EngineRecord::open(files, "/s");
  REQUIRE(record);
  return *std::move(record);
}

std::vector<std::string> names(const EngineRecord& record) {
  std::vector<std::string> made;
  for (const Placed& one : record.placed())
    made.push_back(one.name + "=" + (one.ids.empty() ? "" : one.ids[0]));
  return made;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the record of engines tells each image once, the latest last") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  CHECK(open(files).placed().empty());
  EngineRecord record = open(files);
  REQUIRE(record.put({placed("a", "1"), placed("b", "1")}));
  REQUIRE(record.put({placed("a", "2")}));
  REQUIRE(record.put({placed("a", "1")}));
  CHECK(names(record) == Names{"b=1", "a=2", "a=1"});
  CHECK(open(files).placed() == record.placed());
  CHECK(open(files).placed()[0] == placed("b", "1"));
}

TEST_CASE("what is the latest of its name already adds nothing to the record of engines") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  EngineRecord record = open(files);
  REQUIRE(record.put({placed("a", "1"), placed("b", "2")}));
  const Result<std::string> before = files.read("/s/engines");
  REQUIRE(before);
  REQUIRE(record.put({placed("a", "1"), placed("b", "2")}));
  REQUIRE(open(files).put({placed("a", "1")}));
  CHECK(files.read("/s/engines").value_or("") == *before);
  // The same name in another engine is another one.
  Placed other = placed("a", "1");
  other.engine = "E2";
  REQUIRE(record.put({other}));
  CHECK(open(files).placed().size() == 3);
}

TEST_CASE("what is gone from an engine is gone from the record") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  EngineRecord record = open(files);
  REQUIRE(record.put({placed("a", "1"), placed("a", "2"), placed("b", "1")}));
  REQUIRE(record.drop({placed("a", "1"), placed("b", "1")}));
  CHECK(names(record) == Names{"a=2"});
  CHECK(names(open(files)) == Names{"a=2"});
  REQUIRE(record.drop({}));
  REQUIRE(record.put({placed("a", "1")}));
  CHECK(names(open(files)) == Names{"a=2", "a=1"});
}

TEST_CASE("cut anywhere, the record of engines knows whole lines, and goes on behind them") {
  MemFiles files;
  REQUIRE(files.make_folders("/s"));
  EngineRecord record = open(files);
  REQUIRE(record.put({placed("a", "1")}));
  const std::size_t first = files.read("/s/engines")->size();
  REQUIRE(record.put({placed("b", "2")}));
  const Result<std::string> whole = files.read("/s/engines");
  REQUIRE(whole);
  for (std::size_t length = 0; length < whole->size(); ++length) {
    CAPTURE(length);
    REQUIRE(files.write("/s/engines", whole->substr(0, length), 0644, false));
    EngineRecord cut = open(files);
    CHECK(cut.damaged() == 0);
    CHECK(names(cut) == (length < first ? Names{} : Names{"a=1"}));
    REQUIRE(cut.put({placed("c", "3")}));
    CHECK(names(open(files)).back() == "c=3");
    CHECK(open(files).damaged() == 0);
  }
}

TEST_CASE("lines of the record of engines that are not as they should be are counted, no more") {
  const std::string good =
      R"("program":"docker","engine":"E","at":"","label":"//:x","name":"a","ids":["1"]})";
  struct Case {
    const char* name;
    std::string line;
    std::size_t damaged;
  };
  const Case cases[] = {
      {"as it should be", R"({"event":"put",)" + good, 0},
      {"not JSON", "{\"event\":\"pu", 1},
      {"empty", "", 1},
      {"no object", "[1]", 1},
      {"another event", R"({"event":"got",)" + good, 1},
      {"no event", "{" + good, 1},
      {"another program", R"({"event":"put","program":"rm","engine":"E","name":"a","ids":["1"]})",
       1},
      {"no engine", R"({"event":"put","program":"docker","engine":"","name":"a","ids":["1"]})", 1},
      {"no name", R"({"event":"put","program":"docker","engine":"E","ids":["1"]})", 1},
      {"a name that is no text",
       R"({"event":"put","program":"docker","engine":"E","name":1,"ids":["1"]})", 1},
      {"no ids", R"({"event":"put","program":"docker","engine":"E","name":"a"})", 1},
      {"an id that is no text",
       R"({"event":"put","program":"docker","engine":"E","name":"a","ids":[1]})", 1},
      {"an empty id", R"({"event":"put","program":"docker","engine":"E","name":"a","ids":[""]})",
       1},
      {"gone, and never there", R"({"event":"gone",)" + good, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    MemFiles files;
    REQUIRE(files.make_folders("/s"));
    EngineRecord record = open(files);
    REQUIRE(record.put({placed("before", "1")}));
    const Result<std::string> before = files.read("/s/engines");
    REQUIRE(before);
    REQUIRE(files.write("/s/engines", *before + c.line + "\n", 0644, false));
    EngineRecord again = open(files);
    CHECK(again.damaged() == c.damaged);
    CHECK(again.placed()[0] == placed("before", "1"));
    CHECK(again.placed().size() == (c.name == cases[0].name ? 2 : 1));
    REQUIRE(again.put({placed("behind", "2")}));
    CHECK(open(files).placed().back() == placed("behind", "2"));
  }
}
