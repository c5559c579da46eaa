/// Where a workspace and a project begin.

#include <cerrno>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/discover.h"
#include "lang/load.h"

namespace devgraph::lang {
namespace {

/// The first word of a manifest that is no comment and no blank is `devgraph`, and a number
/// follows.
bool has_edition(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line[0] == '#') continue;
    if (!line.starts_with("devgraph")) return false;
    const std::string_view rest = trim(line.substr(8));
    return line.size() > 8 && (line[8] == ' ' || line[8] == '\t') && !rest.empty() &&
           rest[0] >= '0' && rest[0] <= '9';
  }
  return false;
}

/// A folder of another user, the superuser excepted: a manifest there is not ours to run. Asked of
/// the real file system, whatever Files is; a folder that only exists in a test belongs to nobody.
bool is_foreign(const std::string& folder) {
  struct stat status{};
  return ::stat(folder.c_str(), &status) == 0 && status.st_uid != 0 && status.st_uid != ::geteuid();
}

}  // namespace

Result<Workspace> find_workspace(Files& files, const std::string& start) {
  std::optional<std::string> project;
  std::optional<std::string> root;
  bool is_utf16 = false;
  std::size_t manifests = 0;
  std::string folder = start;
  for (;;) {
    if (is_foreign(folder)) break;
    const std::string manifest = join_path(folder, kManifestName);
    const Result<std::string> text = files.read(manifest);
    if (text) {
      ++manifests;
      if (!project) {
        project = folder;
        is_utf16 = text->starts_with("\xFF\xFE") || text->starts_with("\xFE\xFF");
      }
      if (has_edition(*text)) root = folder;
    }
    if (folder.empty() || folder == "/") break;
    const std::string_view parent = parent_path(folder);
    folder = parent.empty() ? "/" : std::string(parent);
  }
  if (!project) {
    return fail(fmt::format("there is no {} in {} or above it", kManifestName, printable(start)),
                ENOENT);
  }
  if (!root) {
    const std::string manifest = printable(join_path(*project, kManifestName));
    if (is_utf16) {
      return fail(manifest + " is UTF-16: save it as UTF-8, and begin it with `devgraph 1`");
    }
    return fail(fmt::format("{} lacks the line `devgraph 1`{}", manifest,
                            manifests > 1 ? ", and so do those above it" : ""));
  }
  return Workspace{*root, std::string(relative_to(*project, *root))};
}

}  // namespace devgraph::lang
