#include "engine/cli/commands.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::cli;

namespace {

/// One call of a command on files in memory.
struct Call {
  MemFiles& files;
  Options options = {};
  MemoryConsole console = {};

  int operator()(int (*command)(Context&)) {
    Context context{
        .options = options, .files = files, .console = console, .environment = {}, .folder = "/"};
    return command(context);
  }
};

std::string text_of(MemFiles& files, const std::string& path) {
  const Result<std::string> text = files.read(path);
  return text ? *text : "(none)";
}

}  // namespace

TEST_CASE("init writes a first manifest and prints the lines to ignore") {
  MemFiles files;
  Call call{files};
  CHECK(call(init_command) == 0);
  CHECK(call.console.out == "/.devgraph/\n/out/\n");
  CHECK(text_of(files, "/build.devgraph").starts_with("devgraph 1\n\n## Says hello."));
  CHECK(text_of(files, "/.gitignore") == "(none)");
}

TEST_CASE("init never overwrites") {
  MemFiles files;
  files.put("/build.devgraph", "mine\n");
  Call call{files};
  CHECK(call(init_command) == 2);
  CHECK(call.console.err ==
        "error[E915]: there is a build.devgraph here, and it is not overwritten\n"
        "   = `devgraph list` prints what it declares\n");
  CHECK(text_of(files, "/build.devgraph") == "mine\n");
}

TEST_CASE("init appends only what the ignore file lacks") {
  MemFiles files;
  files.put("/.gitignore", "*.o\nout");
  Call call{files};
  call.options.gitignore = true;
  CHECK(call(init_command) == 0);
  CHECK(call.console.out.empty());
  CHECK(text_of(files, "/.gitignore") == "*.o\nout\n/.devgraph/\n");
  files.erase("/build.devgraph");
  CHECK(call(init_command) == 0);
  CHECK(text_of(files, "/.gitignore") == "*.o\nout\n/.devgraph/\n");
}

TEST_CASE("init writes what fits the folder") {
  MemFiles files;
  files.put("/pyproject.toml", "[project]\n");
  files.put("/src/app.py", "");
  files.put("/tests/test_app.py", "");
  files.put("/Dockerfile", "FROM scratch\n");
  Call call{files};
  CHECK(call(init_command) == 0);
  CHECK(text_of(files, "/build.devgraph") == R"(devgraph 1

## The tests: run again when one of these files changes.
test suite {
  tools = ["python3"]
  deps  = [./pyproject.toml, ./src/**, ./tests/**]
  $ python3 -m unittest discover -s tests
}

# This folder holds a pyproject.toml. This node packs it, if it is pure Python:
#   wheel package { src = [./pyproject.toml, maybe(./README*), ./src/**] }

# This folder holds a Dockerfile. This node builds it with buildah, podman or docker:
#   dockerfile image { context = ./** }
)");
}

TEST_CASE("explain prints the page of a code in any case, or offers the nearest") {
  MemFiles files;
  Call page{files};
  page.options.words = {"e905"};
  CHECK(page(explain_command) == 0);
  CHECK(page.console.out.starts_with("# E905: this is no label\n"));
  Call all{files};
  CHECK(all(explain_command) == 0);
  CHECK(all.console.out.find("E905  this is no label\n") != std::string::npos);
  Call wrong{files};
  wrong.options.words = {"E9O5"};
  CHECK(wrong(explain_command) == 2);
  CHECK(wrong.console.err.find("did you mean  devgraph explain E9") != std::string::npos);
}
