/// What the world knows of git: its facts, and what globs no longer find.

#include <algorithm>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/git.h"
#include "lang/world.h"

namespace devgraph::lang {

/// Whether `walk` would give the file if it were there.
bool World::would_find(const std::string& pattern, const std::string& path) const {
  if (!match_path(pattern, path) || !admits(path, false)) return false;
  const std::size_t fixed = glob_fixed_part(pattern).size();
  for (std::string_view folder = parent_path(path); folder.size() > fixed;
       folder = parent_path(folder)) {
    if (!admits(std::string(folder), true)) return false;
  }
  return true;
}

Result<std::optional<std::string>> World::ask_git(const std::string& project,
                                                  const std::string& fact,
                                                  const std::vector<std::string>& arguments) const {
  if (fact != "lacks") return git_fact(absolute(project), fact, arguments);
  Result<std::optional<std::string>> deleted = git_fact(absolute(project), "deleted", {});
  if (!deleted) return deleted;
  for (const std::string_view name : split(std::string_view(**deleted), '\0')) {
    const std::string path = join_path(project, name);
    const auto finds = [&](const std::string& glob) { return would_find(glob, path); };
    if (!name.empty() && std::ranges::any_of(arguments, finds)) return "true";
  }
  return "false";
}

}  // namespace devgraph::lang
