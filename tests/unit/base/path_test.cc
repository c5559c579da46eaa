#include "engine/base/path.h"

#include <random>

#include <doctest/doctest.h>

using namespace devgraph;

TEST_CASE("canonical removes what says nothing and refuses to leave the root") {
  struct Case {
    const char* path;
    std::optional<std::string> want;
  };
  const Case cases[] = {{"a/b", "a/b"},
                        {"./a//b/", "a/b"},
                        {"a/../b", "b"},
                        {"", ""},
                        {"/a/./b", "/a/b"},
                        {"..", std::nullopt},
                        {"a/../../b", std::nullopt}};
  for (const Case& c : cases) {
    CAPTURE(c.path);
    CHECK(canonical(c.path) == c.want);
  }
  CHECK_FALSE(canonical(std::string_view("a\0b", 3)));
}

TEST_CASE("canonical is idempotent") {
  std::mt19937 random(7);
  const char* parts[] = {"a", ".", "..", "", "b c", "x"};
  for (int round = 0; round < 2000; ++round) {
    std::string path;
    for (unsigned i = 0; i < random() % 8; ++i)
      path += std::string(parts[random() % 6]) + "/";
    const auto once = canonical(path);
    if (once) CHECK(canonical(*once) == once);
  }
}

TEST_CASE("parts of paths") {
  CHECK(join_path("a", "b") == "a/b");
  CHECK(join_path("", "b") == "b");
  CHECK(join_path("a", "/b") == "/b");
  CHECK(join_path("/", "b") == "/b");
  CHECK(parent_path("a/b/c") == "a/b");
  CHECK(parent_path("a").empty());
  CHECK(parent_path("/a") == "/");
  CHECK(base_name("a/b") == "b");
  CHECK(is_within("a/b", "a"));
  CHECK(is_within("a", "a"));
  CHECK_FALSE(is_within("ab", "a"));
  CHECK(is_within("a", ""));
  CHECK_FALSE(is_within("/a", ""));
  CHECK(is_within("/a", "/"));
  CHECK(relative_to("a/b/c", "a") == "b/c");
  CHECK(relative_to("/a/b", "/") == "a/b");
}

TEST_CASE("label values survive their written form, whatever their bytes") {
  CHECK(escape_label_value("py3.11-x_y+z") == "py3.11-x_y+z");
  CHECK(escape_label_value("a b/c,d=%") == "a%20b%2Fc%2Cd%3D%25");
  CHECK(escape_label_value("") == "%");
  CHECK(escape_label_value("\xc3\xa4") == "\xc3\xa4");
  CHECK(escape_label_value("\xff") == "%FF");
  CHECK_FALSE(unescape_label_value("a%2"));
  CHECK_FALSE(unescape_label_value("a%zz"));
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string value;
    for (unsigned i = 0; i < random() % 12; ++i)
      value += static_cast<char>(random() % 256);
    CHECK(unescape_label_value(escape_label_value(value)) == value);
  }
}

TEST_CASE("a path component is one safe file name") {
  CHECK(path_component("..") == "%2E%2E");
  CHECK(path_component("a/b") == "a%2Fb");
  const std::string long_one = path_component(std::string(500, 'x'));
  const std::string other = path_component(std::string(501, 'x'));
  CHECK(long_one.size() == 217);
  CHECK(long_one != other);
}
