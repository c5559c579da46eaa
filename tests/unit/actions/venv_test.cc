/// What an environment asks before it takes a wheel.

#include <doctest/doctest.h>

#include "engine/actions/venv/interpreter.h"
#include "engine/actions/venv/launcher.h"
#include "engine/actions/wheel/distribution.h"
#include "engine/actions/wheel/record.h"

namespace devgraph::wheel {
namespace {

Interpreter debian() {
  Interpreter made;
  made.program = "/usr/bin/python3.11";
  made.minor = 11;
  made.glibc_minor = 36;
  made.markers = {{"implementation_name", "cpython"}, {"os_name", "posix"},
                  {"platform_machine", "x86_64"},     {"platform_system", "Linux"},
                  {"python_full_version", "3.11.2"},  {"python_version", "3.11"},
                  {"sys_platform", "linux"}};
  return made;
}

bool holds_on_debian(std::string_view text, const std::set<std::string, std::less<>>& extras = {}) {
  const Result<Marker> marker = parse_marker(text);
  REQUIRE(marker);
  return holds(*marker, debian().markers, extras);
}

TEST_CASE("conditions on the environment") {
  CHECK(holds_on_debian("python_version >= '3.9'"));
  CHECK(holds_on_debian("python_version < \"3.12\""));  // As versions, not as texts.
  CHECK_FALSE(holds_on_debian("python_version < '3.9'"));
  CHECK(holds_on_debian("'3.9' < python_version"));
  CHECK(holds_on_debian("sys_platform == 'linux' and os_name == 'posix'"));
  CHECK_FALSE(holds_on_debian("sys_platform == 'win32'"));
  CHECK(holds_on_debian("sys_platform == 'win32' or platform_machine in 'x86_64 aarch64'"));
  CHECK(holds_on_debian("platform_machine not in 'arm64'"));
  CHECK(
      holds_on_debian("(sys_platform == 'win32' or os_name == 'posix') and python_version > '3'"));
  CHECK_FALSE(
      holds_on_debian("sys_platform == 'win32' and (os_name == 'posix' or os_name == 'nt')"));
  CHECK(holds_on_debian("python_full_version == '3.11.*'"));
  CHECK(holds_on_debian("implementation_name == \"cpython\""));
  CHECK(holds_on_debian("platform_release == ''"));  // Unknown values are empty.
}

TEST_CASE("conditions on extras") {
  CHECK(holds_on_debian("extra == 'Big_One'", {"big-one"}));
  CHECK_FALSE(holds_on_debian("extra == 'big-one'"));
  CHECK(holds_on_debian("extra != 'big-one'"));
  CHECK(holds_on_debian("python_version > '3' and extra == 'x'", {"x", "y"}));
  CHECK_FALSE(holds_on_debian("python_version < '3' and extra == 'x'", {"x"}));
}

TEST_CASE("tags that fit an interpreter") {
  for (const std::string_view tags :
       {"py3-none-any", "py2.py3-none-any", "py311-none-any", "py37-none-any", "cp311-none-any",
        "cp311-cp311-linux_x86_64", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp36-abi3-manylinux1_x86_64", "cp311-abi3-manylinux_2_36_x86_64",
        "py3-none-manylinux2010_x86_64", "cp310.cp311-cp310.cp311-linux_x86_64"}) {
    CAPTURE(tags);
    CHECK(misfit(std::string("acme-1.0-") + std::string(tags) + ".whl", debian()) == "");
  }
  for (const std::string_view tags :
       {"py2-none-any", "py312-none-any", "cp310-cp310-linux_x86_64", "cp310-none-any",
        "cp312-abi3-linux_x86_64", "cp311-cp310-linux_x86_64", "cp311-cp311-win_amd64",
        "cp311-cp311-linux_aarch64", "cp311-cp311-manylinux_2_37_x86_64",
        "cp311-cp311-musllinux_1_2_x86_64", "pp39-pypy39_pp73-linux_x86_64",
        "cp311-cp311-macosx_11_0_x86_64", "py3x-none-any", "cp3-abi3-linux_x86_64"}) {
    CAPTURE(tags);
    CHECK(misfit(std::string("acme-1.0-") + std::string(tags) + ".whl", debian()) != "");
  }
  CHECK(misfit("acme-1.0-cp312-cp312-linux_x86_64.whl", debian()) ==
        "acme-1.0-cp312-cp312-linux_x86_64.whl is not for Python 3.11.2 on linux x86_64 with glibc "
        "2.36");
}

TEST_CASE("programs of entry_points.txt") {
  const Result<std::vector<EntryPoint>> found = entry_points_of(
      "# made by hand\n[console_scripts]\nacme = acme.cli:main\nother=acme:App.run [x,y]\r\n"
      "[some.plugins]\nany thing = at all\n[gui_scripts]\nwindow = acme.gui:open\n");
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].name == "acme");
  CHECK((*found)[1].object == "App.run");
  CHECK((*found)[2].module == "acme.gui");
  CHECK(launcher_text((*found)[1])
            .ends_with("from acme import App\n\nif __name__ == \"__main__\":\n"
                       "    sys.exit(App.run())\n"));
  for (const std::string_view line :
       {"acme", "acme = acme", "a/b = acme:main", ".. = acme:main", "x = acme:main()",
        "x = acme;import os:main", "x = :main", "= acme:main", "x = 1acme:main", "x = a..b:main"}) {
    CAPTURE(line);
    CHECK_FALSE(entry_points_of("[console_scripts]\n" + std::string(line) + "\n"));
  }
}

TEST_CASE("scripts begin with the interpreter beside them") {
  CHECK(launched_script("#!python -u\nprint(1)\n").starts_with("#!/bin/sh\n"));
  CHECK(launched_script("#!python\nprint(1)\n").ends_with("' '''\nprint(1)\n"));
  CHECK(launched_script("#!/bin/sh\necho\n") == "#!/bin/sh\necho\n");
  CHECK(launched_script("#!python").ends_with("' '''\n"));
}

TEST_CASE("a RECORD is read as CSV") {
  const auto found =
      recorded_hashes("a.py,sha256=x,1\r\n\"odd, \"\"name\"\".py\",sha256=y,2\nR,,\n\n");
  CHECK(found.size() == 3);
  CHECK(found.at("a.py") == "sha256=x");
  CHECK(found.at("odd, \"name\".py") == "sha256=y");
  CHECK(found.at("R").empty());
  CHECK(recorded_hashes("\"open").contains("open"));
}

TEST_CASE("fields of METADATA that stand there more than once") {
  const std::string text =
      "Name: a\nRequires-Dist: b\nRequires-Dist: c>1\r\n\nRequires-Dist: body\n";
  CHECK(metadata_fields(text, "Requires-Dist") == std::vector<std::string>{"b", "c>1"});
  CHECK(metadata_field(text, "Name") == "a");
}

}  // namespace
}  // namespace devgraph::wheel
