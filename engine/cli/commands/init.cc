#include <array>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"

namespace devgraph::cli {
namespace {

constexpr std::string_view kManifest = "build.devgraph";
constexpr std::array<std::string_view, 2> kIgnored = {"/.devgraph/", "/out/"};

constexpr std::string_view kHello = R"(
## Says hello. Change the text, and `devgraph build` runs this node again; touch it, and nothing runs.
run hello {
  out = "hello.txt"
  $ echo "hello, world" > {out}
}

## Its size. It reads what hello makes, so it runs after it.
run size {
  out = "size.txt"
  $ wc -c < {hello} > {out}
}
)";

constexpr std::string_view kTests = R"(
## The tests: run again when one of these files changes.
test suite {
  tools = ["python3"]
  deps  = [./pyproject.toml, {deps}]
  $ python3 -m unittest discover -s tests
}
)";

// What needs more than the folder shows (a build backend, an engine for images) is only offered.
constexpr std::string_view kOffer = R"(
# This folder holds a {file}. {what}:
#   {node}
)";

bool exists(Files& files, std::string_view path) {
  const Result<FileStat> stat = files.stat(std::string(path));
  return stat && stat->exists();
}

bool is_folder(Files& files, std::string_view path) {
  const Result<FileStat> stat = files.stat(std::string(path));
  return stat && stat->kind == FileKind::Folder;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  for (std::size_t at = out.find(from); at != std::string::npos;
       at = out.find(from, at + to.size()))
    out.replace(at, from.size(), to);
  return out;
}

std::string offer(std::string_view file, std::string_view what, std::string_view node) {
  return replaced(replaced(replaced(kOffer, "{file}", file), "{what}", what), "{node}", node);
}

std::string manifest_for(Files& files) {
  std::string text = "devgraph 1\n";
  const bool python = exists(files, "pyproject.toml");
  const bool has_src = is_folder(files, "src");
  const bool tested = python && is_folder(files, "tests");
  if (tested) {
    text += replaced(kTests, "{deps}", has_src ? "./src/**, ./tests/**" : "./*.py, ./tests/**");
    if (!has_src) text = replaced(text, "./*.py", "maybe(./*.py)");
  } else {
    text += kHello;
  }
  if (python) {
    text += offer("pyproject.toml", "This node packs it, if it is pure Python",
                  has_src ? "wheel package { src = [./pyproject.toml, maybe(./README*), ./src/**] }"
                          : "wheel package { src = ./** }");
  }
  if (exists(files, "Dockerfile")) {
    text += offer("Dockerfile", "This node builds it with buildah, podman or docker",
                  "dockerfile image { context = ./** }");
  }
  return text;
}

std::string missing_lines(const std::string& ignored) {
  std::string text;
  for (const std::string_view line : kIgnored) {
    bool there = false;
    for (const std::string_view have : split(ignored, '\n')) {
      std::string_view name = trim(have);
      if (name.starts_with('/')) name.remove_prefix(1);
      if (name.ends_with('/')) name.remove_suffix(1);
      there = there || name == line.substr(1, line.size() - 2);
    }
    if (!there) text += fmt::format("{}\n", line);
  }
  return text;
}

Status append_ignored(Files& files, const std::string& before, const std::string& lines) {
  const Result<FileStat> stat = files.stat(".gitignore");
  if (!stat) return std::unexpected(stat.error());
  constexpr std::uint32_t kMode = 0644;
  std::string text = before;
  if (!text.empty() && text.back() != '\n') text += '\n';
  return files.write(".gitignore", text + lines, stat->exists() ? stat->mode : kMode, false);
}

int write_ignored(Context& context) {
  const Result<std::string> ignored = exists(context.files, ".gitignore")
                                          ? context.files.read(".gitignore")
                                          : Result<std::string>("");
  if (!ignored) return refuse(context, "E912", ignored.error().message);
  const std::string lines = missing_lines(*ignored);
  if (lines.empty()) return kExitDone;
  if (!context.options.gitignore) {
    context.console.talk("add these lines to the ignore file (--gitignore does it):\n");
    context.console.data(lines);
    return kExitDone;
  }
  if (const Status done = append_ignored(context.files, *ignored, lines); !done) {
    return refuse(context, "E912", done.error().message);
  }
  if (!context.console.quiet) context.console.talk("appended to .gitignore\n");
  return kExitDone;
}

}  // namespace

int init_command(Context& context) {
  if (exists(context.files, kManifest)) {
    return refuse(context, "E915", "there is a build.devgraph here, and it is not overwritten",
                  {"`devgraph list` prints what it declares"});
  }
  constexpr std::uint32_t kMode = 0644;
  const Status written =
      context.files.write(std::string(kManifest), manifest_for(context.files), kMode, false);
  if (!written) return refuse(context, "E912", written.error().message);
  if (!context.console.quiet) {
    context.console.talk("wrote build.devgraph; `devgraph build` builds it\n");
  }
  return write_ignored(context);
}

}  // namespace devgraph::cli
