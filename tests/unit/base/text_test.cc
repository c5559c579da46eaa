#include "engine/base/text.h"

#include <doctest/doctest.h>

using namespace devgraph;
using namespace std::chrono_literals;

TEST_CASE("printable shows what could harm a terminal as escapes") {
  struct Case {
    std::string_view text;
    const char* want;
  };
  const Case cases[] = {{"plain \xc3\xa4", "plain \xc3\xa4"},
                        {"\x1b]52;c;x\x07", "\\x1b]52;c;x\\x07"},
                        {"a\nb\tc", "a\\nb\\tc"},
                        {"\xff\xc3", "\\xff\\xc3"},
                        {"\xe2\x80\xae", "\\u{202e}"},
                        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
                        {"\xc2\x9b", "\\u{9b}"}};
  for (const Case& c : cases) {
    CAPTURE(c.want);
    CHECK(printable(c.text) == c.want);
    CHECK(printable_utf8_length(printable(c.text)) > 0);
  }
}

TEST_CASE("shell words") {
  CHECK(shell_word("a/b.c") == "a/b.c");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("it's $x") == "'it'\\''s $x'");
}

TEST_CASE("the nearest name is found within two edits, a swap counting as one") {
  const std::vector<std::string> names = {"context", "platform", "deps", "py"};
  CHECK(nearest("contxet", names) == "context");
  CHECK(nearest("dep", names) == "deps");
  CHECK(nearest("platfrom", names) == "platform");
  CHECK_FALSE(nearest("unrelated", names));
  CHECK_FALSE(nearest("xx", names));
  CHECK(edit_distance("kitten", "sitting", 9) == 3);
}

TEST_CASE("numbers with units") {
  CHECK(human_duration(0ms) == "0.0s");
  CHECK(human_duration(3149ms) == "3.1s");
  CHECK(human_duration(185s) == "3m05s");
  CHECK(human_duration(127min) == "2h07m");
  CHECK(human_size(12) == "12 B");
  CHECK(human_size(4300) == "4.2 KiB");
  CHECK(human_size(1'400'000'000) == "1.3 GiB");
  CHECK(human_size(1024 * 1024 - 1) == "1.0 MiB");
}

TEST_CASE("splitting and trimming") {
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',').size() == 1);
  CHECK(trim(" \ta b\r\n") == "a b");
  CHECK(is_valid_utf8("\xf0\x9f\x98\x80"));
  CHECK_FALSE(is_valid_utf8("\xf5\x80\x80\x80"));
  CHECK_FALSE(is_valid_utf8("\xc0\xaf"));
}
