/// Compares what manifests make the language say with the texts in tests/golden.
///
///   golden FOLDER [PART…]     all cases, or those whose name holds one of the parts
///
/// A case is a folder `<area>/<case>` that is a workspace; beside its manifests stand `stderr`, the
/// whole text of all messages, and, where the form for machines matters, `json`.
/// Cases of the area `load` go on to evaluation and the graph; all others stop behind the checks.
/// With DEVGRAPH_UPDATE_GOLDEN=1 the texts are written instead of compared; read the diff
/// afterwards.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/base/diagnostic.h"
#include "engine/base/files.h"
#include "engine/base/text.h"
#include "lang/check.h"
#include "lang/load.h"
#include "lang/resolve.h"

namespace {

namespace fs = std::filesystem;

struct Said {
  std::string text;
  std::string json;
};

Said load_case(devgraph::Files& files, const std::string& workspace, bool whole) {
  devgraph::Sources sources;
  devgraph::Diagnostics found;
  if (whole) {
    devgraph::lang::LoadOptions options;
    options.workspace = workspace;
    options.projects = {"..."};
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    devgraph::lang::load(sources, files, options, found);
    found.sort(sources);
    return {devgraph::render_text(found, sources, false), devgraph::render_json(found, sources)};
  }
  const devgraph::lang::ProgramOptions options{
      .workspace = workspace, .projects = {"..."}, .jobs = 2};
  const devgraph::lang::Program program = devgraph::lang::resolve(sources, files, options, found);
  devgraph::lang::check(program, sources, true, found, {.files = &files, .workspace = workspace});
  found.sort(sources);
  return {devgraph::render_text(found, sources, false), devgraph::render_json(found, sources)};
}

std::vector<std::string> find_cases(const fs::path& root) {
  std::vector<std::string> cases;
  for (const fs::directory_entry& area : fs::directory_iterator(root)) {
    if (!area.is_directory()) continue;
    for (const fs::directory_entry& one : fs::directory_iterator(area)) {
      if (!one.is_directory()) continue;
      cases.push_back(area.path().filename().string() + "/" + one.path().filename().string());
    }
  }
  std::ranges::sort(cases);
  return cases;
}

/// Prints the first line that differs, with its number.
void show_difference(const std::string& name, const std::string& wanted, const std::string& got) {
  const std::vector<std::string_view> a = devgraph::split(wanted, '\n');
  const std::vector<std::string_view> b = devgraph::split(got, '\n');
  std::size_t line = 0;
  while (line < a.size() && line < b.size() && a[line] == b[line])
    ++line;
  fmt::print("{}: line {} differs\n  want: {}\n  have: {}\n", name, line + 1,
             line < a.size() ? a[line] : "(end)", line < b.size() ? b[line] : "(end)");
}

/// Whether the file holds the text; when `update`, makes it so.
bool agrees(devgraph::Files& files, const std::string& path, const std::string& name,
            const std::string& got, bool update) {
  const devgraph::Result<std::string> wanted = files.read(path);
  if (wanted && *wanted == got) return true;
  if (!update) {
    show_difference(name, wanted ? *wanted : "(no such file)", got);
    return false;
  }
  const devgraph::Status written = files.write(path, got, 0644, false);
  if (!written) fmt::print("{}: {}\n", name, written.error().message);
  return written.has_value();
}

bool is_wanted(const std::string& name, const std::vector<std::string>& parts) {
  return parts.empty() || std::ranges::any_of(parts, [&](const std::string& part) {
           return name.find(part) != std::string::npos;
         });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("usage: golden FOLDER [PART...]\n");
    return 2;
  }
  const fs::path root = argv[1];
  const std::vector<std::string> parts(argv + 2, argv + argc);
  const bool update = std::getenv("DEVGRAPH_UPDATE_GOLDEN") != nullptr;

  devgraph::DiskFiles files;
  std::size_t ran = 0;
  std::size_t failed = 0;
  for (const std::string& name : find_cases(root)) {
    if (!is_wanted(name, parts)) continue;
    ++ran;
    const std::string folder = (root / name).string();
    const Said said = load_case(files, folder, name.starts_with("load/"));
    bool good = agrees(files, folder + "/stderr", name, said.text, update);
    if (fs::exists(folder + "/json")) {
      good = agrees(files, folder + "/json", name + " (json)", said.json, update) && good;
    }
    if (!good) ++failed;
  }
  fmt::print("{} cases, {} failed\n", ran, failed);
  return ran == 0 || failed > 0 ? 1 : 0;
}
