#include "lang/format.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ast_text.h"
#include "lang/parse.h"
#include "random_manifest.h"

namespace devgraph::lang {
namespace {

/// The tree of a text, and its comments in any order (fmt may move one out of an expression).
struct Content {
  std::string tree;
  std::vector<std::string> comments;
  std::string errors;
  bool operator==(const Content&) const = default;
};

Content content(const std::string& text) {
  Sources sources;
  Diagnostics found;
  const SourceId id = sources.add("build.devgraph", text);
  const ast::File file = parse(sources, id, found);
  Content out{to_text(file), {}, render_text(found, sources, false, 1)};
  for (const ast::Comment& comment : file.comments) {
    std::string words(
        sources.text(id).substr(comment.range.begin, comment.range.end - comment.range.begin));
    while (words.ends_with(' '))
      words.pop_back();
    out.comments.push_back(std::move(words));
  }
  std::ranges::sort(out.comments);
  return out;
}

std::string formatted(const std::string& text) {
  Sources sources;
  Diagnostics found;
  const std::optional<std::string> out =
      format(sources, sources.add("build.devgraph", text), found);
  return out ? *out : render_text(found, sources, false);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void check_round_trip(const std::string& text) {
  const Content before = content(text);
  REQUIRE(before.errors == "");
  const std::string once = formatted(text);
  const Content after = content(once);
  CHECK(after.tree == before.tree);
  CHECK(after.comments == before.comments);
  CHECK(after.errors == "");
  CHECK(formatted(once) == once);
}

TEST_CASE("the example manifests keep their meaning and comments, and formatting is stable") {
  int count = 0;
  for (const char* folder : {TESTS_DIR "/golden/parse", TESTS_DIR "/../stdlib"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".devgraph") continue;
      CAPTURE(entry.path().string());
      check_round_trip(read_file(entry.path()));
      ++count;
    }
  }
  CHECK(count >= 11);
}

TEST_CASE("random manifests keep their meaning and comments, and formatting is stable") {
  for (std::uint64_t seed = 0; seed < 800; ++seed) {
    const std::string text = random_manifest(seed);
    CAPTURE(seed);
    const Content before = content(text);
    if (before.errors != "") {
      if (text.size() < 4000) MESSAGE(text);
      MESSAGE(before.errors);
    }
    REQUIRE(before.errors == "");
    const std::string once = formatted(text);
    const Content after = content(once);
    if (!(after == before) || formatted(once) != once) {
      MESSAGE("from:\n", text, "\nto:\n", once, "\nagain:\n", formatted(once));
      MESSAGE(after.errors);
    }
    REQUIRE(after == before);
    REQUIRE(formatted(once) == once);
  }
}

}  // namespace
}  // namespace devgraph::lang
