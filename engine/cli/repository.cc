#include "engine/cli/repository.h"

#include <optional>
#include <string_view>

#include "engine/base/path.h"

namespace devgraph::cli {
namespace {

std::optional<FileStat> found(Files& files, const std::string& path) {
  const Result<FileStat> stat = files.stat(path);
  if (!stat || !stat->exists()) return std::nullopt;
  return *stat;
}

bool is_same(const std::optional<FileStat>& a, const std::optional<FileStat>& b) {
  return a && b && a->device == b->device && a->inode == b->inode;
}

}  // namespace

std::string folder_in_repository(Files& files,
                                 const std::map<std::string, std::string>& environment,
                                 const std::string& workspace) {
  const auto variable = environment.find("GITHUB_WORKSPACE");
  std::optional<FileStat> checkout;
  if (variable != environment.end()) checkout = found(files, variable->second);

  const auto below = [&](std::string_view top) {
    return std::string(top == "/" ? std::string_view(workspace).substr(1)
                                  : relative_to(workspace, top));
  };
  std::optional<std::string_view> nearest;
  std::optional<std::string_view> outermost;
  for (std::string_view folder = workspace;; folder = parent_path(folder)) {
    if (found(files, join_path(folder, ".git"))) {
      outermost = folder;
      if (!nearest) nearest = folder;
    }
    if (is_same(found(files, std::string(folder)), checkout))
      return below(outermost.value_or(folder));
    if (folder == "/" || folder.empty()) break;
  }
  return nearest ? below(*nearest) : std::string();
}

}  // namespace devgraph::cli
