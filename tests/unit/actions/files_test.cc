#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/actions/glob.h"
#include "tests/unit/actions/action_test.h"

using namespace devgraph;
using namespace devgraph::actions;

TEST_CASE("every native action has a name and a version") {
  for (const char* name : {"copy", "symlink", "write", "seed", "subst", "tar", "unpack", "pick",
                           "merge_json", "compress", "git_clone", "fetch", "group"}) {
    CAPTURE(std::string(name));
    REQUIRE(find_action(name) != nullptr);
    CHECK(find_action(name)->version > 0);
  }
  CHECK(find_action("run") == nullptr);
  CHECK(find_action("") == nullptr);
}

TEST_CASE("copy keeps the content and the executable bit") {
  Bench bench;
  const InputId file = bench.source("a/tool.sh", "#!/bin/sh\n", 0755);
  REQUIRE(bench.run("copy", {{"file", bench.graph.input(file)}}));
  CHECK_EQ(bench.text(), "#!/bin/sh\n");
  CHECK(bench.files().stat(bench.out())->executable);
}

TEST_CASE("a link is relative to the place where it lands") {
  Bench bench;
  const InputId file = bench.source("data/a.txt", "a");
  REQUIRE(bench.run("symlink", {{"file", bench.graph.input(file)}}));
  CHECK_EQ(bench.files().read_link(bench.out()).value(), "../../data/a.txt");
}

TEST_CASE("write adds nothing to its text") {
  Bench bench;
  REQUIRE(bench.run("write", {{"text", bench.graph.string("a\xff"
                                                          "b")},
                              {"executable", bench.graph.boolean(true)}}));
  CHECK_EQ(bench.text(),
           "a\xff"
           "b");
  CHECK_EQ(bench.files().stat(bench.out())->mode, 0755);
}

TEST_CASE("seed takes text or a file") {
  Bench bench;
  REQUIRE(bench.run("seed", {{"text", bench.graph.string("A=1\n")}}));
  CHECK_EQ(bench.text(), "A=1\n");
  Bench other;
  const InputId file = other.source("a", "from a file");
  REQUIRE(other.run("seed", {{"text", other.graph.input(file)}}));
  CHECK_EQ(other.text(), "from a file");
}

TEST_CASE("group makes nothing") {
  CHECK(Bench().run("group", {}));
}

namespace {

struct Subst {
  Bench bench;
  Status status;
  Subst(const std::string& text, const std::vector<std::pair<std::string, std::string>>& replace) {
    const InputId file = bench.source("f.txt", text);
    std::vector<std::pair<std::string, ValueId>> fields;
    for (const auto& [pattern, to] : replace)
      fields.emplace_back(pattern, bench.graph.string(to));
    status =
        bench.run("subst", {{"file", bench.graph.input(file)}, {"replace", bench.map(fields)}});
  }
};

}  // namespace

TEST_CASE("subst replaces all matches of each pattern in written order") {
  Subst made("v = 1\nv = 2\n", {{"(?m)^v = (\\d)$", "w = <\\1>"}, {"w", "x"}});
  REQUIRE(made.status);
  CHECK_EQ(made.bench.text(), "x = <1>\nx = <2>\n");
}

TEST_CASE("subst handles bytes that are no UTF-8") {
  Subst made("\xff version\xfe", {{"version", "1.2"}});
  REQUIRE(made.status);
  CHECK_EQ(made.bench.text(), "\xff 1.2\xfe");
}

TEST_CASE("subst says which pattern failed") {
  CHECK_EQ(message(Subst("a", {{"b+", ""}}).status), "`b+` matches nothing in f.txt");
  CHECK(message(Subst("a", {{"(", ""}}).status).starts_with("`(` is no regular expression: "));
  CHECK(
      message(Subst("a", {{"a", "\\7"}}).status).starts_with("the text for `a` cannot be used: "));
}

TEST_CASE("globs keep to components, and ** spans them") {
  const std::pair<const char*, const char*> match[] = {
      {"*.c", "a.c"},        {"**/*.c", "a.c"}, {"**/*.c", "x/y/a.c"}, {"x/**", "x"},
      {"x/**/a.c", "x/a.c"}, {"a?c", "abc"},    {"*", ".hidden"},      {"**", "a/b"},
      {"a*b*c", "aXbYbc"},   {"[a]", "[a]"}};
  for (const auto& [pattern, path] : match) {
    CAPTURE(std::string(pattern));
    CHECK(glob_matches(pattern, path));
  }
  const std::pair<const char*, const char*> differ[] = {
      {"*.c", "x/a.c"}, {"a", "b"}, {"a?", "a"}, {"x/*", "x/y/z"}, {"[a]", "a"}, {"*a", "ab"}};
  for (const auto& [pattern, path] : differ) {
    CAPTURE(std::string(pattern));
    CHECK_FALSE(glob_matches(pattern, path));
  }
}

TEST_CASE("pick takes the one file that matches") {
  const auto pick = [](const char* glob) {
    auto bench = std::make_unique<Bench>();
    bench->source("t/a.whl", "wheel");
    bench->source("t/sub/b.txt", "text");
    const InputId tree = bench->tree("t", {"a.whl", "sub/b.txt"});
    const Status status = bench->run(
        "pick", {{"tree", bench->graph.input(tree)}, {"glob", bench->graph.string(glob)}});
    return std::pair(message(status), status ? bench->text() : std::string());
  };
  CHECK_EQ(pick("*.whl").second, "wheel");
  CHECK_EQ(pick("**/b.*").second, "text");
  CHECK_EQ(pick("*.zip").first, "`*.zip` matches no file in t, which holds a.whl, sub/b.txt");
  CHECK_EQ(pick("**").first, "`**` matches 2 files in t: a.whl, sub/b.txt");
}

namespace {

std::pair<std::string, std::string> merged(const std::vector<std::string>& parts, bool list,
                                           bool leave_out_second = false) {
  Bench bench;
  std::vector<ValueId> values;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const InputId id = bench.source("p" + std::to_string(i) + ".json", parts[i]);
    if (leave_out_second && i == 1) bench.missing.push_back(id);
    values.push_back(bench.graph.input(id));
  }
  const Status status =
      bench.run("merge_json",
                {{"parts", bench.list(values)}, {"by", bench.graph.string(list ? "list" : "key")}});
  return {message(status), status ? bench.text() : std::string()};
}

}  // namespace

TEST_CASE("merge_json joins objects in order and keeps numbers as they are written") {
  CHECK_EQ(
      merged({R"({"b": 1.0, "a": [1, 2]})", "{}", "{\"c\": {\"x\": 12345678901234567890123}}\n"},
             false)
          .second,
      "{\n\"b\":1.0,\n\"a\":[1,2],\n\"c\":{\"x\":12345678901234567890123}\n}\n");
  CHECK_EQ(merged({R"({"a": "x, \"y\" : {", "b\u00e9": 1e+5})"}, false).second,
           "{\n\"a\":\"x, \\\"y\\\" : {\",\n\"b\\u00e9\":1e+5\n}\n");
  CHECK_EQ(merged({}, false).second, "{}\n");
  CHECK_EQ(merged({"{}"}, false).second, "{}\n");
}

TEST_CASE("merge_json takes equal values once, however they are written, and refuses others") {
  CHECK_EQ(merged({R"({"a":{"x":1,"y":2}})", R"({ "\u0061" : {"y": 2, "x": 1} })"}, false).second,
           "{\n\"a\":{\"x\":1,\"y\":2}\n}\n");
  CHECK_EQ(merged({R"({"a":1})", R"({"a":2})"}, false).first,
           "the key `a` has one value in p0.json and another in p1.json");
  CHECK_EQ(merged({R"({"a":1,"a":2})"}, false).first,
           "the key `a` stands twice in p0.json, with different values");
  // As doubles these two are one number.
  CHECK_EQ(merged({R"({"a":18446744073709551616})", R"({"a":18446744073709551617})"}, false).first,
           "the key `a` has one value in p0.json and another in p1.json");
}

TEST_CASE("merge_json makes a list of any parts") {
  CHECK_EQ(merged({" 1 ", "[ 2, 3 ]", "\xef\xbb\xbf\"x y\""}, true).second,
           "[\n1,\n[2,3],\n\"x y\"\n]\n");
  CHECK_EQ(merged({}, true).second, "[]\n");
}

TEST_CASE("merge_json names the part that is wrong") {
  CHECK_EQ(merged({"{}", "[1]"}, false).first,
           "p1.json is no JSON object, so it has no keys to join; `by = \"list\"` makes a list of "
           "the parts");
  CHECK(merged({"{\"a\":}"}, false)
            .first.starts_with("p0.json is no JSON: parse error at line 1, column 6"));
}

TEST_CASE("merge_json leaves out the parts that failed and are allowed to") {
  CHECK_EQ(merged({"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}, false, true).second,
           "{\n\"a\":1,\n\"c\":3\n}\n");
}

namespace {

/// What a reader makes of compressed bytes.
std::string unpacked(const std::string& bytes, bool gzip, std::size_t size) {
  std::string made(size + 1, '\0');
  if (!gzip) {
    made.resize(ZSTD_decompress(made.data(), made.size(), bytes.data(), bytes.size()));
    return made;
  }
  z_stream stream{};
  REQUIRE_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(made.data());
  stream.avail_out = static_cast<uInt>(made.size());
  CHECK_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  made.resize(stream.total_out);
  inflateEnd(&stream);
  return made;
}

}  // namespace

TEST_CASE("compressed bytes are a function of the content, and come back whole") {
  const std::string small = "hello, hello, hello\n";
  std::string large;
  for (int i = 0; large.size() < 3'000'000; ++i)
    large += std::to_string(i * 7919) + " line\n";
  for (const char* with : {"gzip", "zstd"}) {
    for (const std::string& text : {std::string(), small, large}) {
      CAPTURE(std::string(with));
      CAPTURE(text.size());
      std::string made[2];
      for (std::string& one : made) {
        Bench bench;
        const InputId file = bench.source("f", text);
        REQUIRE(bench.run("compress",
                          {{"file", bench.graph.input(file)}, {"with", bench.graph.string(with)}}));
        one = bench.text();
        CHECK((unpacked(one, std::string(with) == "gzip", text.size()) == text));
      }
      CHECK((made[0] == made[1]));
      CHECK(made[0].size() < text.size() + 64);
    }
  }
}

TEST_CASE("a gzip file says neither when nor where it was made") {
  Bench bench;
  const InputId file = bench.source("f", "x");
  REQUIRE(bench.run("compress",
                    {{"file", bench.graph.input(file)}, {"with", bench.graph.string("gzip")}}));
  const std::string head = bench.text().substr(0, 10);
  CHECK_EQ(head.substr(0, 4), std::string("\x1f\x8b\x08\x00", 4));
  CHECK_EQ(head.substr(4, 4), std::string(4, '\0'));
  CHECK_EQ(head[9], '\xff');
}

TEST_CASE("long actions end when the build is being stopped") {
  Bench bench;
  const InputId file = bench.source("f", "x");
  bench.stopping = true;
  CHECK_EQ(message(bench.run("compress", {{"file", bench.graph.input(file)}})), "interrupted");
}
