#include "engine/store/record.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::store;

namespace {

MadeNow made(std::string_view label, std::uint64_t key, std::string_view path = "out/x") {
  MadeNow now;
  now.label = label;
  now.key = Digest{1, key};
  now.static_key = now.key;
  now.time = std::chrono::milliseconds(1500);
  MadeOutput output;
  output.executable = true;
  output.size = 7;
  output.content = digest_of("content");
  output.sha = sha256_of("content");
  output.path = path;
  now.outputs = {output};
  return now;
}

}  // namespace

TEST_CASE("a record gives back the last result of a node in full") {
  MemFiles files;
  files.put_folder("/s");
  {
    Record record = Record::load(files, "/s");
    CHECK(record.empty());
    MadeNow now = made("//:a", 1);
    now.static_key = Digest{2, 2};
    now.deps = {{"/usr/include/x.h", digest_of("x")}, {"lib/y.h", digest_of("y")}};
    now.parts = PartsPlace{10, 20, 30};
    record.add_made(now);
    record.add_made(made("//:b", 5));
    record.add_made(made("//:b", 6));
    REQUIRE(record.flush());
  }
  const Record record = Record::load(files, "/s");
  const std::optional<Made> a = record.last(digest_of("//:a"));
  REQUIRE(a);
  CHECK(a->label() == "//:a");
  CHECK(a->key() == Digest{1, 1});
  CHECK(a->static_key() == Digest{2, 2});
  CHECK(a->time() == std::chrono::milliseconds(1500));
  REQUIRE(a->output_count() == 1);
  CHECK(a->output(0).executable);
  CHECK(a->output(0).size == 7);
  CHECK(a->output(0).sha == sha256_of("content"));
  CHECK(a->output(0).path == "out/x");
  REQUIRE(a->deps().size() == 2);
  CHECK(a->deps()[1].path == "lib/y.h");
  CHECK(a->deps()[1].content == digest_of("y"));
  CHECK(a->parts().check == 30);
  CHECK(record.last(digest_of("//:b"))->key() == Digest{1, 6});
  CHECK_FALSE(record.last(digest_of("//:c")));
}

TEST_CASE("every result that was once built for a key is found again, the newest first") {
  MemFiles files;
  files.put_folder("/s");
  Record record = Record::load(files, "/s");
  for (const std::string_view label : {"//:a", "//:b", "//:c"})
    record.add_made(made(label, 9));
  CHECK(record.with_static_key(Digest{1, 9}).size() == 3);
  CHECK(record.with_static_key(Digest{1, 9})[0].label() == "//:c");
  record.add_made(made("//:d", 9));
  CHECK(record.with_static_key(Digest{1, 9})[0].label() == "//:d");
  CHECK(record.with_static_key(Digest{1, 8}).empty());
}

TEST_CASE("a node that left is known no more, but its results are") {
  MemFiles files;
  files.put_folder("/s");
  Record record = Record::load(files, "/s");
  record.add_made(made("//:a", 1, "out/a"));
  CHECK(record.owns("out/a"));
  record.add_gone(digest_of("//:a"));
  CHECK_FALSE(record.last(digest_of("//:a")));
  CHECK(record.all_last().empty());
  CHECK_FALSE(record.owns("out/a"));
  CHECK(record.with_static_key(Digest{1, 1}).size() == 1);
  record.add_owns("//:b", {"out/b", "out/c"});
  CHECK(record.owns("out/c"));
  record.add_made(made("//:a", 2, "out/a"));
  CHECK(record.last(digest_of("//:a")));
}

TEST_CASE("a result that is given is found by its key, and nobody owns it") {
  MemFiles files;
  files.put_folder("/s");
  {
    Record record = Record::load(files, "/s");
    record.add_given(made("//:a", 1, "a.json"));
    record.add_made(made("//:b", 1, "out/b"));
    REQUIRE(record.flush());
  }
  Record record = Record::load(files, "/s");
  CHECK_FALSE(record.last(digest_of("//:a")));
  CHECK(record.last_count() == 1);
  CHECK_FALSE(record.owns("a.json"));
  CHECK_FALSE(record.has_owned("a.json"));
  REQUIRE(record.with_static_key(Digest{1, 1}).size() == 2);
  CHECK(record.with_static_key(Digest{1, 1})[1].output(0).path == "a.json");
}

TEST_CASE("a claim holds until its node has a result or is gone") {
  MemFiles files;
  files.put_folder("/s");
  Record record = Record::load(files, "/s");
  record.add_owns("//:a", {"out/a"});
  record.add_owns("//:a", {"out/a2"});  // Two builds that were killed.
  CHECK(record.owns("out/a"));
  CHECK(record.owns("out/a2"));
  record.add_made(made("//:a", 1, "out/a2"));
  CHECK_FALSE(record.owns("out/a"));
  CHECK(record.has_owned("out/a"));
  CHECK_FALSE(record.has_owned("out/b"));
  CHECK(record.owns("out/a2"));
  record.add_gone(digest_of("//:a"));
  CHECK_FALSE(record.owns("out/a2"));
  record.add_owns("//:a", {"out/a3"});
  CHECK(record.owns("out/a3"));
}

TEST_CASE("compaction keeps last results, recent older ones and their parts") {
  MemFiles files;
  files.put_folder("/s");
  Record record = Record::load(files, "/s");
  Parts parts(files, "/s");
  for (std::uint64_t i = 0; i < 20000; ++i) {
    MadeNow now = made(i % 2 == 0 ? "//:a" : "//:b", i);
    now.parts = parts.add({{"script", std::to_string(i)}});
    record.add_made(now);
  }
  record.add_gone(digest_of("//:b"));
  REQUIRE(parts.flush());
  REQUIRE(record.flush());
  const std::size_t before = files.get("/s/record")->size();
  REQUIRE(record.compact_if_worth(parts));
  CHECK(files.get("/s/record")->size() < before / 2);

  Record again = Record::load(files, "/s");
  Parts again_parts(files, "/s");
  const std::optional<Made> a = again.last(digest_of("//:a"));
  REQUIRE(a);
  CHECK(a->key() == Digest{1, 19998});
  REQUIRE(again_parts.read(a->parts()).size() == 1);
  CHECK(again_parts.read(a->parts())[0].value == "19998");
  CHECK_FALSE(again.last(digest_of("//:b")));
  CHECK(again.with_static_key(Digest{1, 19997}).size() == 1);
  CHECK(again.with_static_key(Digest{1, 3}).empty());
}
