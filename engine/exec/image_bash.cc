// The bash of this machine, which comes along into images.

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/child.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/image_mounts.h"

namespace devgraph::exec {
namespace {

Result<std::vector<std::string>> find_bash() {
  std::string program;
  for (const char* path : {"/bin/bash", "/usr/bin/bash"}) {
    if (program.empty() && ::access(path, X_OK) == 0) program = path;
  }
  if (program.empty()) return fail("there is no bash on this machine");
  // A part of the C library, and a script: it gets nothing of what the caller has.
  const Result<ChildOutput> said =
      output_of({"ldd", program}, {.environment = {{"PATH=/usr/bin:/bin", "LC_ALL=C"}}});
  if (!said) return std::unexpected(said.error());
  std::string loader;
  std::vector<std::string> libraries;
  for (const std::string_view line : split(said->text, '\n')) {
    // `libc.so.6 => /lib/libc.so.6 (0x…)`, or the loader alone: `/lib64/ld-linux.so.2 (0x…)`.
    const std::string_view text = trim(line);
    const std::size_t arrow = text.find("=> ");
    std::string_view path = arrow == std::string_view::npos ? text : text.substr(arrow + 3);
    path = path.substr(0, path.find(" ("));
    if (!path.starts_with('/')) continue;
    if (arrow == std::string_view::npos) {
      loader = path;
    } else {
      libraries.emplace_back(path);
    }
  }
  if (loader.empty()) return fail("ldd does not say what bash is linked with");
  std::vector<std::string> files = {loader, program};
  files.insert(files.end(), libraries.begin(), libraries.end());
  return files;
}

}  // namespace

const Result<std::vector<std::string>>& files_of_bash() {
  static const Result<std::vector<std::string>> kFiles = find_bash();
  return kFiles;
}

std::vector<std::string> bash_command(const EnterRequest& request) {
  const std::string folder = kBashFolder;
  std::vector<std::string> made = {fmt::format("{}/{}", folder, base_name(request.bash.at(0))),
                                   "--argv0",
                                   "bash",
                                   "--library-path",
                                   folder,
                                   folder + "/bash"};
  made.insert(made.end(), request.argv.begin() + 1, request.argv.end());
  return made;
}

}  // namespace devgraph::exec
