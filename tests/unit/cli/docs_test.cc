#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "engine/cli/options.h"
#include "engine/cli/pages.h"

using namespace devgraph::cli;

namespace {

std::string read_doc(const std::string& name) {
  std::ifstream file(std::string(DEVGRAPH_DOCS) + "/" + name);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The part of the reference about one command: from its heading to the next.
std::string section(const std::string& text, std::string_view heading) {
  const std::size_t begin = text.find("\n## " + std::string(heading) + "\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n## ", begin + 1) - begin);
}

}  // namespace

TEST_CASE("the reference names every command and every option, and no more options") {
  const std::string text = read_doc("reference/cli.md");
  const std::string common = section(text, "Options of every command");
  for (const CommandInfo& command : commands()) {
    CAPTURE(command.name);
    const std::string own = section(text, command.name);
    REQUIRE_FALSE(own.empty());
    std::size_t rows = 0;
    for (const OptionInfo& option : options_of(command.name)) {
      const std::string& where = option.common ? common : own;
      CAPTURE(option.long_name);
      if (!option.short_name.empty())
        CHECK(where.find("`" + option.short_name) != std::string::npos);
      if (!option.long_name.empty()) CHECK(where.find("`" + option.long_name) != std::string::npos);
      for (const std::string& choice : option.choices)
        CHECK(where.find(choice) != std::string::npos);
      if (!option.common) ++rows;
    }
    std::size_t documented = 0;
    for (std::size_t at = own.find("\n| `-"); at != std::string::npos;
         at = own.find("\n| `-", at + 1))
      ++documented;
    CHECK(documented == rows);
  }
}

TEST_CASE("the man page names every command and option") {
  const std::string text = read_doc("devgraph.1");
  for (const CommandInfo& command : commands()) {
    CAPTURE(command.name);
    CHECK(text.find(".SS " + std::string(command.name)) != std::string::npos);
    for (const OptionInfo& option : options_of(command.name)) {
      if (option.long_name.empty()) continue;
      std::string escaped;
      for (const char c : option.long_name)
        escaped += c == '-' ? std::string("\\-") : std::string(1, c);
      CAPTURE(escaped);
      CHECK(text.find(escaped) != std::string::npos);
    }
  }
}

TEST_CASE("each page on a code has a title, and pages are in order") {
  REQUIRE_FALSE(error_pages().empty());
  std::string_view before;
  for (const Page& page : error_pages()) {
    CAPTURE(page.code);
    CHECK(page.text.starts_with("# " + std::string(page.code) + ": "));
    CHECK(page.text.ends_with('\n'));
    CHECK(before < page.code);
    before = page.code;
  }
}

TEST_CASE("every code of the command line has a page") {
  for (const char* code : {"E901", "E902", "E903", "E904", "E905", "E906", "E907", "E908", "E909",
                           "E910", "E911", "E912", "E913", "E914", "E915"}) {
    bool found = false;
    for (const Page& page : error_pages())
      found = found || page.code == code;
    CAPTURE(code);
    CHECK(found);
  }
}
