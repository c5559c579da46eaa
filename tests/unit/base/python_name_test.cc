#include "engine/base/python_name.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace devgraph;

TEST_CASE("a name of a package has one normal form") {
  struct Case {
    const char* name;
    const char* want;  ///< Null: no name.
  };
  const Case cases[] = {
      {"requests", "requests"},
      {"Zope.Interface", "zope-interface"},
      {"a-_.b", "a-b"},
      {"7zip", "7zip"},
      {"A", "a"},
      {"", nullptr},
      {"-a", nullptr},
      {"a.", nullptr},
      {"a b", nullptr},
      {"a/b", nullptr},
      {"\xc3\xa9t\xc3\xa9", nullptr},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(normal_python_name(c.name).value_or("-") == std::string(c.want ? c.want : "-"));
  }
}

TEST_CASE("all spellings of a version have one canonical form") {
  struct Case {
    const char* text;
    const char* want;  ///< Null: no version.
  };
  const Case cases[] = {
      {"1.0", "1.0"},
      {" v1.0 ", "1.0"},
      {"01.02.0", "1.2.0"},
      {"1", "1"},
      {"2!1.0", "2!1.0"},
      {"0!1.0", "1.0"},
      {"1.0a1", "1.0a1"},
      {"1.0-alpha.1", "1.0a1"},
      {"1.0.BETA", "1.0b0"},
      {"1.0c2", "1.0rc2"},
      {"1.0preview3", "1.0rc3"},
      {"1.0_rc-4", "1.0rc4"},
      {"1.0-1", "1.0.post1"},
      {"1.0a-", "1.0a0"},
      {"1.0a--1", "1.0a0.post1"},
      {"1.0a-.dev_", "1.0a0.dev0"},
      {"1.0.post", "1.0.post0"},
      {"1.0rev7", "1.0.post7"},
      {"1.0r7", "1.0.post7"},
      {"1.0dev", "1.0.dev0"},
      {"1.0a2.post3.dev4", "1.0a2.post3.dev4"},
      {"1.0+Ubuntu-1_x", "1.0+ubuntu.1.x"},
      {"1.0+007", "1.0+7"},
      {"20260101123456789012345", "20260101123456789012345"},
      {"", nullptr},
      {"1.", nullptr},
      {"1..2", nullptr},
      {"1.0-", nullptr},
      {"1.0+", nullptr},
      {"1.0+a..b", nullptr},
      {"1.0+\xc3\xa9", nullptr},
      {"1.0 2", nullptr},
      {"1.x", nullptr},
      {"latest", nullptr},
      {"1.0.dev1.dev2", nullptr},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const std::optional<PythonVersion> version = parse_python_version(c.text);
    CHECK((version ? show(*version) : "-") == std::string(c.want ? c.want : "-"));
    if (!version) continue;
    // What was normalised once stays.
    CHECK(show(*parse_python_version(show(*version))) == show(*version));
  }
}

TEST_CASE("versions have the order of PEP 440") {
  const std::vector<std::string> order = {
      "1.0.dev1",       "1.0a1.dev1",   "1.0a1", "1.0a2",     "1.0a10",    "1.0b1",
      "1.0rc1",         "1.0rc1.post1", "1.0",   "1.0+abc.1", "1.0+abc.2", "1.0+5",
      "1.0.post1.dev2", "1.0.post1",    "1.0.1", "1.1",       "1.10",      "2!0.1",
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      CAPTURE(order[i]);
      CAPTURE(order[j]);
      const auto got = compare(*parse_python_version(order[i]), *parse_python_version(order[j]));
      CHECK((got < 0) == (i < j));
      CHECK((got > 0) == (i > j));
    }
  }
  CHECK(compare(*parse_python_version("1.0"), *parse_python_version("1.0.0")) == 0);
}

TEST_CASE("the names of distributions begin alike") {
  CHECK(python_file_stem("acme-tools", "1!1.0+a.1") == "acme_tools-1!1.0+a.1");
}

TEST_CASE("a wheel with code for a platform has its tag, and that of the interpreter") {
  struct Case {
    const char* python;
    const char* platform;
    const char* want;  ///< Null: no platform.
  };
  const Case cases[] = {
      {"", "", "py3-none-any"},
      {"3.11", "", "py3-none-any"},
      {"3.11", "any", "py3-none-any"},
      {"", "linux_x86_64", "py3-none-linux_x86_64"},
      {"3.11", "linux_x86_64", "cp311-cp311-linux_x86_64"},
      {"3.8.2", "linux_x86_64", "cp38-cp38-linux_x86_64"},
      {"3", "linux_x86_64", "py3-none-linux_x86_64"},
      {"", "b_x.a_x.b_x", "py3-none-a_x.b_x"},
      {"", "Linux", nullptr},
      {"", "a..b", nullptr},
      {"", "../x", nullptr},
      {"", "manylinux-x86", nullptr},
  };
  for (const Case& c : cases) {
    CAPTURE(c.python);
    CAPTURE(c.platform);
    CHECK(python_wheel_tag(c.python, c.platform).value_or("-") ==
          std::string(c.want ? c.want : "-"));
  }
}
