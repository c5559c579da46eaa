#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/actions/wheel/metadata.h"
#include "engine/actions/wheel/project.h"

using namespace devgraph;
using namespace devgraph::wheel;

namespace {

Result<Pyproject> read(std::string_view text, std::string_view version = {},
                       Kind kind = Kind::Wheel) {
  return read_pyproject(text, "p.toml", version, kind);
}

std::string fault_of(std::string_view text, std::string_view version = {},
                     Kind kind = Kind::Wheel) {
  const Result<Pyproject> made = read(text, version, kind);
  return made ? "" : made.error().message;
}

const std::string kHead = "[project]\nname = \"a\"\nversion = \"1\"\n";

}  // namespace

TEST_CASE("METADATA says all of a project in a fixed order") {
  const Result<Pyproject> made = read(R"([project]
name = "Acme.Tools"
version = "1.0-beta.2"
description = "Tools"
readme = { text = "# Acme\r\nmore", content-type = "text/markdown" }
requires-python = " >= 3.8 "
license = { text = "Mine\nalone" }
authors = [{ name = "Ann" }, { name = "Bob, the", email = "bob@example.org" }, { email = "c@example.org" }]
maintainers = [{ name = "\u00c9a", email = "e@example.org" }]
keywords = ["one", "two"]
classifiers = ["Programming Language :: Python :: 3"]
dependencies = ["httpx [http2]>=0.24", "tomli; python_version<'3.11'"]
[project.optional-dependencies]
Big_One = ["numpy"]
[project.urls]
Source = "https://example.org/s"
Home = "https://example.org"
[project.scripts]
acme = "acme_tools.cli:main"
[project.gui-scripts]
acme-w = "acme_tools.w:main"
[project.entry-points."acme.plugins"]
x = "acme_tools.x"
)");
  REQUIRE_MESSAGE(made, made.error().message);
  CHECK(metadata_version(made->project, "2.1") == "2.1");
  CHECK(metadata_text(made->project, {}, "2.1") == R"(Metadata-Version: 2.1
Name: Acme.Tools
Version: 1.0b2
Summary: Tools
Keywords: one,two
Author: Ann
Author-email: "Bob, the" <bob@example.org>, c@example.org
Maintainer-email: )"
                                                   "\xc3\x89"
                                                   R"(a <e@example.org>
License: Mine
        alone
Classifier: Programming Language :: Python :: 3
Project-URL: Source, https://example.org/s
Project-URL: Home, https://example.org
Requires-Python: >=3.8
Requires-Dist: httpx[http2]>=0.24
Requires-Dist: tomli; python_version < "3.11"
Provides-Extra: big-one
Requires-Dist: numpy; extra == "big-one"
Description-Content-Type: text/markdown

# Acme
more
)");
  CHECK(entry_points_text(made->project) ==
        "[acme.plugins]\nx = acme_tools.x\n\n[console_scripts]\nacme = acme_tools.cli:main\n\n"
        "[gui_scripts]\nacme-w = acme_tools.w:main\n");
}

TEST_CASE("licence expressions need metadata 2.4, and say less in an older one") {
  const Result<Pyproject> made = read(kHead + "license = \"mit\"\nlicense-files = [\"LICENSE\"]\n");
  REQUIRE(made);
  CHECK(metadata_version(made->project, "2.1") == "2.4");
  const Texts texts{.description = {}, .license = {}, .license_files = {"LICENSE"}};
  const std::string head = "Name: a\nVersion: 1\n";
  CHECK(metadata_text(made->project, texts, "2.4") ==
        "Metadata-Version: 2.4\n" + head + "License-Expression: MIT\nLicense-File: LICENSE\n");
  CHECK(metadata_text(made->project, texts, "2.1") ==
        "Metadata-Version: 2.1\n" + head + "License: MIT\n");
}

TEST_CASE("WHEEL lists each tag of a compressed one") {
  CHECK(wheel_text("py3-none-any") ==
        "Wheel-Version: 1.0\nGenerator: devgraph\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
  CHECK(wheel_text("py3-none-a_x.b_x") ==
        "Wheel-Version: 1.0\nGenerator: devgraph\nRoot-Is-Purelib: false\nTag: py3-none-a_x\n"
        "Tag: py3-none-b_x\n");
}

TEST_CASE("what is wrong with a pyproject.toml is said with its place and a cure") {
  struct Case {
    const char* name;
    std::string text;
    std::string want;
  };
  const Case cases[] = {
      {"no TOML", "[project\n", "p.toml:1:9: "},
      {"no table", "[tool.x]\n", "p.toml: there is no [project]"},
      {"no name", "[project]\nversion = \"1\"\n", "p.toml:1:1: [project] has no name; write name"},
      {"no version", "[project]\nname = \"a\"\n", "p.toml:1:1: [project] has no version; write"},
      {"bad name", "[project]\nname = \"-a\"\nversion = \"1\"\n",
       "p.toml:2:8: `-a` is no name of a package; write letters"},
      {"bad version", "[project]\nname = \"a\"\nversion = \"one\"\n",
       "p.toml:3:11: `one` is no version of PEP 440; write, for instance, 1.2.0"},
      {"version as number", "[project]\nname = \"a\"\nversion = 1.0\n",
       "p.toml:3:11: version is a number; write a text in quotes"},
      {"two faults", "[project]\nname = \"-a\"\nversion = \"one\"\n", "\np.toml:3:11: `one`"},
      {"unknown key", kHead + "depencies = []\n", "p.toml:4:1: [project] has no key `depencies`"},
      {"near key", kHead + "dependancies = []\n", "did you mean `dependencies`?"},
      {"lines in description", kHead + "description = \"a\\nb\"\n",
       "p.toml:4:15: the description is one line"},
      {"bad dependency", kHead + "dependencies = [\n  \"ok\",\n  \"b 1.0\",\n]\n",
       "p.toml:6:3: the dependency `b 1.0`: `1.0` has no operator; write, for instance, `>=1.0`"},
      {"dependencies no list", kHead + "dependencies = \"b\"\n",
       "p.toml:4:16: dependencies is a text; write a list"},
      {"bad python", kHead + "requires-python = \"3.8\"\n",
       "p.toml:4:19: requires-python: `3.8` has no operator"},
      {"readme of unknown type", kHead + "readme = \"README\"\n",
       "p.toml:4:10: the type of the readme is not known"},
      {"readme outside", kHead + "readme = \"../README.md\"\n", "is no path in the project"},
      {"licence", kHead + "license = \"Apache 2\"\n", "did you mean `Apache-2.0`?"},
      {"licence twice", kHead + "license = \"MIT\"\nclassifiers = [\"License :: OSI Approved\"]\n",
       "p.toml:5:15: `License :: OSI Approved` says again what `license` says"},
      {"script", kHead + "scripts = { x = \"a.b\" }\n",
       "p.toml:4:17: `a.b` names no object; write \"package.module:function\""},
      {"script in entry points", kHead + "[project.entry-points.console_scripts]\nx = \"a:b\"\n",
       "programs stand in [project.scripts]"},
      {"author", kHead + "authors = [\"Ann\"]\n", "p.toml:4:12: one of authors is a text; write {"},
      {"mail", kHead + "authors = [{ email = \"ann\" }]\n", "`ann` is no address of mail"},
      {"extra twice", kHead + "[project.optional-dependencies]\na-b = []\na_b = []\n",
       "the extra `a-b` stands here twice"},
      {"dynamic", kHead + "dynamic = [\"readme\"]\n",
       "p.toml:4:12: `readme` is dynamic, so only the build backend could find it out"},
      {"dynamic and given", kHead + "dynamic = [\"version\"]\n",
       "`version` is dynamic and given; remove one of them"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const std::string fault = fault_of(c.text);
    CAPTURE(fault);
    CHECK(fault.find(c.want) != std::string::npos);
  }
}

TEST_CASE("a dynamic version comes from the node") {
  const std::string dynamic = "[project]\nname = \"a\"\ndynamic = [\"version\"]\n";
  CHECK(fault_of(dynamic).starts_with("p.toml:3:12: the version is dynamic"));
  CHECK(read(dynamic, "1.0-rc1")->project.version == "1.0rc1");
  CHECK(fault_of(dynamic, "x").starts_with("p.toml: the `version` of the node, `x`, is no"));
  CHECK(read(kHead, "1")->project.version == "1");
  CHECK(fault_of(kHead, "2").find("the version is `1` here and `2` at the node") !=
        std::string::npos);
}

TEST_CASE("what only a backend could do is refused, what it would not change is not") {
  struct Case {
    const char* name;
    std::string text;
    const char* want;  ///< Empty: packed.
  };
  const auto backend = [](const char* name, const char* more = "") {
    return fmt::format("[build-system]\nrequires = [\"{}\"]\nbuild-backend = \"{}\"\n", more, name);
  };
  const Case cases[] = {
      {"setuptools", backend("setuptools.build_meta", "setuptools>=61"), ""},
      {"hatchling", backend("hatchling.build", "hatchling"), ""},
      {"maturin", backend("maturin", "maturin>=1"), "`maturin` may make more than what [project]"},
      {"cython", backend("setuptools.build_meta", "Cython"), "`Cython` takes part in the build"},
      {"own backend", "[build-system]\nrequires = []\nbackend-path = [\".\"]\n",
       "the backend is part of the project"},
      {"other tools", "[tool.ruff]\nline-length = 100\n[tool.pytest.ini_options]\nx = 1\n", ""},
      {"usual setuptools",
       "[tool.setuptools.packages.find]\nwhere = [\"src\"]\n[tool.setuptools.package-dir]\n\"\" = "
       "\"src\"\n",
       ""},
      {"setuptools elsewhere", "[tool.setuptools.packages.find]\nwhere = [\"python\"]\n",
       "packages lie neither here nor in `src`"},
      {"ext modules", "[[tool.setuptools.ext-modules]]\nname = \"x\"\n",
       "`ext-modules` of [tool.setuptools] changes what is packed"},
      {"hatch hooks", "[tool.hatch.build.hooks.custom]\npath = \"x.py\"\n",
       "`hooks` of [tool.hatch.build] changes what is packed"},
      {"hatch packages", "[tool.hatch.build.targets.wheel]\npackages = [\"src/a\"]\n", ""},
      {"poetry", "[tool.poetry]\ninclude = [\"x\"]\n", "`tool.poetry.include` changes"},
      {"poetry groups", "[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n", ""},
      {"pdm", "[tool.pdm.build]\nincludes = [\"x\"]\n", "`tool.pdm.build` changes"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const std::string fault = fault_of(kHead + c.text);
    CAPTURE(fault);
    CHECK((*c.want == '\0' ? fault.empty() : fault.find(c.want) != std::string::npos));
  }
  CHECK(read(kHead + cases[10].text)->selection.packages[0].text == "src/a");
}
