#include "engine/cli/repository.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::cli;

TEST_CASE("a workspace is a folder of the repository that holds it") {
  struct Row {
    const char* name;
    std::vector<std::string> repositories;
    std::string github;
    std::string workspace;
    std::string want;
  };
  const Row rows[] = {
      {"at the top", {"/src"}, "", "/src", ""},
      {"below it", {"/src"}, "", "/src/a/b", "a/b"},
      {"in none", {}, "", "/src/a/b", ""},
      {"at the root of all", {"/"}, "", "/src/a", "src/a"},
      {"nearest", {"/src", "/src/a"}, "", "/src/a/b", "b"},
      {"a submodule of a checkout", {"/src", "/src/a"}, "/src", "/src/a/b", "a/b"},
      {"a checkout below the folder for them", {"/src/a"}, "/src", "/src/a/b", "b"},
      {"files without their repository", {}, "/src", "/src/a/b", "a/b"},
      {"a checkout elsewhere", {"/src/a"}, "/other", "/src/a/b", "b"},
      {"a checkout that is not there", {"/src/a"}, "/gone", "/src/a/b", "b"},
      {"a checkout by another name", {}, "/link", "/src/a", "a"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    MemFiles files;
    REQUIRE(files.make_folders("/src/a/b"));
    REQUIRE(files.make_folders("/other"));
    REQUIRE(files.symlink("/src", "/link"));
    for (const std::string& folder : row.repositories)
      files.put(folder == "/" ? "/.git" : folder + "/.git", "gitdir: elsewhere");
    std::map<std::string, std::string> environment;
    if (!row.github.empty()) environment["GITHUB_WORKSPACE"] = row.github;
    CHECK(folder_in_repository(files, environment, row.workspace) == row.want);
  }
}
