#include "engine/cli/console.h"

#include <doctest/doctest.h>

using namespace devgraph::cli;

TEST_CASE("a log line keeps nothing that moves the cursor or changes the terminal") {
  struct Case {
    const char* name;
    std::string line;
    const char* plain;
    const char* colored;
  };
  const Case cases[] = {
      {"plain", "gcc -c a.c", "gcc -c a.c", "gcc -c a.c"},
      {"colors", "\x1b[1;31merror\x1b[0m: x", "error: x", "\x1b[1;31merror\x1b[0m: x\x1b[0m"},
      {"cursor", "a\x1b[2Jb\x1b[10;10Hc", "abc", "abc"},
      {"not a color", "a\x1b[?25lb\x1b[>4;1mc", "abc", "abc"},
      {"title", "\x1b]0;owned\x07text", "text", "text"},
      {"clipboard", "\x1b]52;c;aGk=\x1b\\text", "text", "text"},
      {"unfinished", "a\x1b]0;never ends", "a", "a"},
      {"device control", "\x1bPq#0\x1b\\x", "x", "x"},
      {"two characters",
       "a\x1b"
       "cb\x1b(0d",
       "abd", "abd"},
      {"bell and backspace",
       "a\x07\x08"
       "b",
       "ab", "ab"},
      {"tab", "a\tb\t\tc", "a       b               c", "a       b               c"},
      {"overwritten", " 10%\r 50%\r100%\r", "100%", "100%"},
      {"utf-8", "häuser → ok", "häuser → ok", "häuser → ok"},
      {"not utf-8",
       "a\xff"
       "b",
       "a\\xffb", "a\\xffb"},
      {"bidi",
       "a\u202e"
       "b",
       "a\\u{202e}b", "a\\u{202e}b"},
      {"c1", "a\u009b31mb", "a\\u{9b}31mb", "a\\u{9b}31mb"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(clean_line(c.line, false) == c.plain);
    CHECK(clean_line(c.line, true) == c.colored);
  }
}

TEST_CASE("a text is cleaned line by line and ends in a newline") {
  CHECK(clean_text("a\r\nb\x1b[K\n\nc", false) == "a\nb\n\nc\n");
  CHECK(clean_text("", false).empty());
}

TEST_CASE("texts are cut by columns") {
  CHECK(cut_to_width("abcdef", 6) == "abcdef");
  CHECK(cut_to_width("abcdef", 5) == "abcd…");
  CHECK(cut_to_width("äöüß", 3) == "äö…");
  CHECK(cut_to_width("abc", 0).empty());
  CHECK(cut_middle("//:a-long-name@n=1", 18) == "//:a-long-name@n=1");
  CHECK(cut_middle("//:a-long-name@n=1", 12) == "//:a…ame@n=1");
  CHECK(cut_middle("äöüßäöüß12", 9) == "äöü…öüß12");
  CHECK(cut_middle("//:a-long-name@n=1", 4) == "//:…");
  CHECK(text_width("äö…") == 3);
}
