#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/actions/wheel/record.h"
#include "engine/actions/wheel/requirement.h"
#include "engine/actions/wheel/sources.h"
#include "engine/actions/wheel/spdx.h"
#include "engine/actions/wheel/specifier.h"

using namespace devgraph;
using namespace devgraph::wheel;

namespace {

/// What was made of it, or the message behind `!`.
template <class T, class Show>
std::string told(const Result<T>& made, Show show_it) {
  return made ? show_it(*made) : "!" + made.error().message;
}

}  // namespace

TEST_CASE("specifiers are checked clause by clause") {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"", ""},
      {">=3.8", ">=3.8"},
      {" >= 3.8 , < 4 ", ">=3.8,<4"},
      {"==1.4.*", "==1.4.*"},
      {"~=1.4.2", "~=1.4.2"},
      {"===any-text", "===any-text"},
      {">=3.8,", ">=3.8"},
      {"===1.0, >=1", "!`===1.0, >=1`: a clause with `===` stands alone"},
      {"==1.0+local", "==1.0+local"},
      {"3.8", "!`3.8` has no operator; write, for instance, `>=3.8`"},
      {">=", "!`>=` needs one version behind `>=`"},
      {">=3.8.*", "!`>=3.8.*`: `.*` stands only behind `==` and `!=`"},
      {"~=1", "!`~=1`: behind `~=` write two numbers, as in 1.4"},
      {">=abc", "!`>=abc`: this is no version"},
      {">1.0+x", "!`>1.0+x`: a version with `+` stands only behind `==` and `!=`"},
      {"==1.0.dev1.*", "!`==1.0.dev1.*`: `.*` follows no `dev` and no `+`"},
      {">=1 <2", "!`>=1 <2` needs one version behind `>=`"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(told(parse_specifiers(c.text),
               [](const std::vector<Clause>& made) { return show(made); }) == c.want);
  }
}

TEST_CASE("specifiers admit what pip would install") {
  struct Case {
    const char* clauses;
    const char* version;
    bool want;
  };
  const Case cases[] = {
      {"", "1.0", true},
      {">=3.8,<4", "3.11.2", true},
      {">=3.8,<4", "4.0", false},
      {">=3.8,<4", "4.0rc1", false},
      {"<4.0rc2", "4.0rc1", true},
      {">1.0", "1.0.post1", false},
      {">1.0", "1.0+local", false},
      {">1.0", "1.0.1", true},
      {">1.0.post1", "1.0.post2", true},
      {"==1.0", "1.0.0+local", true},
      {"==1.0+x", "1.0", false},
      {"==1.4.*", "1.4.7", true},
      {"==1.4.*", "1.4rc1", true},
      {"==1.4.*", "1.40", false},
      {"!=1.4.*", "1.4.7", false},
      {"~=1.4.2", "1.4.9", true},
      {"~=1.4.2", "1.5", false},
      {"~=1.4", "1.9", true},
      {"~=1.4", "2.0", false},
      {"===1.0", "1.0", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.clauses);
    CAPTURE(c.version);
    CHECK(admits(*parse_specifiers(c.clauses), *parse_python_version(c.version)) == c.want);
  }
}

TEST_CASE("a dependency is written anew in one spelling") {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"requests", "requests"},
      {"Requests [security, Socks_X] (>= 2.8, == 2.8.*) ; python_version<'3'",
       "Requests[security,socks-x]>=2.8,==2.8.*; python_version < \"3\""},
      {"a @ https://x.org/a;b.whl ; os_name == 'posix'",
       "a @ https://x.org/a;b.whl ; os_name == \"posix\""},
      {"a; extra == 'Big_One' and (os.name=='nt' or sys_platform == 'win32')",
       "a; extra == \"big-one\" and (os_name == \"nt\" or sys_platform == \"win32\")"},
      {"a;(python_version>='3.8')", "a; python_version >= \"3.8\""},
      {"a; 'linux' in sys_platform", "a; \"linux\" in sys_platform"},
      {"a; platform_machine not in 'arm'", "a; platform_machine not in \"arm\""},
      {"", "!a dependency begins with the name of a package, not ``"},
      {">=1", "!a dependency begins with the name of a package, not `>=1`"},
      {"a-", "!`a-` is no name of a package: letters, digits, and between them `-`, `_` and `.`"},
      {"a[b", "!`[` is not closed"},
      {"a[b!]", "!`b!` is no name of an extra"},
      {"a 1.0", "!`1.0` has no operator; write, for instance, `>=1.0`"},
      {"a @ nowhere", "!behind `@` stands a URL, not `nowhere`"},
      {"a; python_versio < '3'",
       "!in the condition, at `python_versio < '3'`: did you mean `python_version`?"},
      {"a; python_version 3",
       "!in the condition, at `3`: here stands a comparison, such as `<` or `==`"},
      {"a; 'x' == 'y'",
       "!the condition ends too early: a condition compares a variable, such as "
       "python_version, with a text"},
      {"a; (os_name == 'x'", "!the condition ends too early: `)` is missing"},
      {"a; os_name == 'x", "!in the condition, at `'x`: the quote is not closed"},
      {"a; os_name == 'x' b", "!in the condition, at `b`: this cannot follow a condition"},
      {"a;",
       "!the condition ends too early: here stands a text in quotes, or a variable such as "
       "python_version"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(told(parse_requirement(c.text), [](const Requirement& made) { return show(made); }) ==
          c.want);
  }
}

TEST_CASE("a dependency of an extra keeps its own condition") {
  CHECK(show(*parse_requirement("a>=1"), "big") == "a>=1; extra == \"big\"");
  CHECK(show(*parse_requirement("a; os_name=='x' or os_name=='y'"), "big") ==
        "a; (os_name == \"x\" or os_name == \"y\") and extra == \"big\"");
  CHECK(show(*parse_requirement("a @ file:///a"), "big") == "a @ file:///a ; extra == \"big\"");
}

TEST_CASE("a parser of conditions does not run out of stack") {
  const std::string deep = "a; " + std::string(100000, '(');
  CHECK(!parse_requirement(deep));
}

TEST_CASE("licence expressions have one spelling") {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"mit", "MIT"},
      {"mit or (apache-2.0 and bsd-2-clause)", "MIT OR (Apache-2.0 AND BSD-2-Clause)"},
      {"GPL-3.0-only with classpath-exception-2.0", "GPL-3.0-only WITH Classpath-exception-2.0"},
      {"GPL-2.0+", "GPL-2.0+"},
      {"licenseref-My-Own", "LicenseRef-My-Own"},
      {"Apache 2.0", "!`Apache` is no licence of the SPDX list; did you mean `Apache-2.0`?"},
      {"BSD", "!`BSD` is no licence of the SPDX list; did you mean `BSD-3-Clause`?"},
      {"Mine",
       "!`Mine` is no licence of the SPDX list; for a licence of your own write "
       "`LicenseRef-Name`"},
      {"MIT WITH MIT", "!`MIT` is no exception of the SPDX list"},
      {"MIT MIT",
       "!`MIT` cannot stand there in a licence expression; write, for instance, `MIT OR "
       "Apache-2.0`"},
      {"MIT)",
       "!`)` cannot stand there in a licence expression; write, for instance, `MIT OR "
       "Apache-2.0`"},
      {"(MIT", "!`(` is not closed in the licence expression"},
      {"MIT AND", "!a licence expression names a licence, as in `MIT`"},
      {"", "!a licence expression names a licence, as in `MIT`"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(told(canonical_license(c.text), [](const std::string& made) { return made; }) == c.want);
  }
}

TEST_CASE("lines of RECORD are CSV") {
  CHECK(record_line("a/b.py", "") ==
        "a/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n");
  CHECK(record_line("a,\"b\".py", "x") ==
        "\"a,\"\"b\"\".py\",sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\n");
  CHECK(record_own_line("x.dist-info/RECORD") == "x.dist-info/RECORD,,\n");
}

TEST_CASE("brackets of a glob are all their letters") {
  CHECK(without_brackets("LICENSE*") == std::vector<std::string>{"LICENSE*"});
  CHECK(without_brackets("LICEN[CS]E") == std::vector<std::string>{"LICENCE", "LICENSE"});
  CHECK(without_brackets("[a-c]") == std::vector<std::string>{"a", "b", "c"});
  CHECK(without_brackets("a[b") == std::vector<std::string>{"a[b"});
}
