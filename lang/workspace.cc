/// Where a workspace and a project begin.

#include <array>

#include <fmt/format.h>
#include <pwd.h>
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

/// Where the search ends because of who could have written what is there.
struct Barrier {
  std::string folder;
  std::string what;  ///< The folder, or the manifest in it.
  Owner owner;
};

std::optional<Barrier> barrier_at(const std::string& folder, const Owners& owners) {
  const auto is_foreign = [&](const Owner& owner) {
    return owner.user != 0 && owner.user != owners.me;
  };
  const std::optional<Owner> owner = owners.of(folder, true);
  if (!owner) return std::nullopt;
  if (is_foreign(*owner)) return Barrier{folder, folder, *owner};
  // In a folder of ours it was up to us who may write; root lets everyone write into some.
  if (owner->user != 0) return std::nullopt;
  const std::string manifest = join_path(folder, kManifestName);
  const std::optional<Owner> author = owners.of(manifest, false);
  if (!author || !is_foreign(*author)) return std::nullopt;
  return Barrier{folder, manifest, *author};
}

std::string folder_above(const std::string& folder) {
  const std::string_view parent = parent_path(folder);
  return parent.empty() ? "/" : std::string(parent);
}

/// The first manifest from a folder upwards; empty if there is none.
std::string manifest_above(Files& files, std::string folder) {
  for (;;) {
    std::string manifest = join_path(folder, kManifestName);
    const Result<FileStat> stat = files.lstat(manifest);
    if (stat && stat->exists()) return manifest;
    if (folder.empty() || folder == "/") return {};
    folder = folder_above(folder);
  }
}

std::string show_user(std::uint32_t user, const Owners& owners) {
  const std::string name = owners.name(user);
  return name.empty() ? fmt::format("uid {}", user) : fmt::format("user {} (uid {})", name, user);
}

/// As a command line takes a user: sudo wants `#` before a number, and the shell quotes for it.
std::string user_word(std::uint32_t user, const Owners& owners, bool is_sudo) {
  std::string name = owners.name(user);
  if (!name.empty()) return name;
  return is_sudo ? fmt::format("'#{}'", user) : fmt::format("{}", user);
}

constexpr const char* kElsewhere = "`devgraph -C DIR …` works in another folder";

NoWorkspace not_ours(const std::string& manifest, const Barrier& barrier, const Owners& owners) {
  const std::optional<Owner> author = owners.of(manifest, false);
  const std::string who = show_user(barrier.owner.user, owners);
  const std::string path = printable(manifest);
  NoWorkspace said;
  if (author && author->user == barrier.owner.user) {
    said.message = fmt::format("{} belongs to {} and is therefore not read", path, who);
  } else if (parent_path(manifest) == barrier.folder) {
    said.message = fmt::format("{} is not read: its folder belongs to {}", path, who);
  } else {
    said.message = fmt::format("{} is not read: {} below it belongs to {}", path,
                               printable(barrier.folder), who);
  }
  // Where the whole way up is theirs, its top is what to take over.
  const std::string home(parent_path(manifest));
  const std::optional<Owner> host = owners.of(home, true);
  const bool is_home = host && host->user == barrier.owner.user;
  const std::string& taken = is_home ? home : barrier.what;
  const bool am_root = owners.me == 0;
  said.helps.push_back(
      fmt::format("its commands would run as {}: devgraph reads only manifests of that user{}",
                  show_user(owners.me, owners), am_root ? "" : " and of root"));
  said.helps.push_back(fmt::format("run it as its owner:  sudo -u {} devgraph …",
                                   user_word(barrier.owner.user, owners, true)));
  if (am_root) {
    said.helps.push_back(fmt::format("in a container:  docker run --user {}:{} …",
                                     barrier.owner.user, barrier.owner.group));
  }
  said.helps.push_back(fmt::format("or take it over:  {}chown {}{} {}", am_root ? "" : "sudo ",
                                   taken == manifest ? "" : "-R ",
                                   user_word(owners.me, owners, false), printable(taken)));
  return said;
}

}  // namespace

Owners system_owners() {
  return {.me = ::geteuid(),
          .of = [](const std::string& path, bool follow) -> std::optional<Owner> {
            struct stat status{};
            const int failed =
                follow ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status);
            if (failed != 0) return std::nullopt;
            return Owner{status.st_uid, status.st_gid};
          },
          .name = [](std::uint32_t user) -> std::string {
            std::array<char, 16384> room{};
            passwd entry{};
            passwd* found = nullptr;
            ::getpwuid_r(user, &entry, room.data(), room.size(), &found);
            return found == nullptr ? "" : found->pw_name;
          }};
}

std::expected<Workspace, NoWorkspace> find_workspace(Files& files, const std::string& start,
                                                     const Owners& owners) {
  std::optional<std::string> project;
  std::optional<std::string> root;
  std::optional<Barrier> barrier;
  bool is_utf16 = false;
  std::size_t manifests = 0;
  for (std::string folder = start;; folder = folder_above(folder)) {
    barrier = barrier_at(folder, owners);
    if (barrier) break;
    const Result<std::string> text = files.read(join_path(folder, kManifestName));
    if (text) {
      ++manifests;
      if (!project) {
        project = folder;
        is_utf16 = text->starts_with("\xFF\xFE") || text->starts_with("\xFE\xFF");
      }
      if (has_edition(*text)) root = folder;
    }
    if (folder.empty() || folder == "/") break;
  }
  if (root && project) return Workspace{*root, std::string(relative_to(*project, *root))};

  NoWorkspace said;
  const std::string unread = barrier ? manifest_above(files, barrier->folder) : "";
  if (barrier && !unread.empty()) {
    said = not_ours(unread, *barrier, owners);
    if (project) {
      said.helps.push_back(
          fmt::format("or write  devgraph 1  as the first line of {}: a workspace of its own then",
                      printable(join_path(*project, kManifestName))));
    }
  } else if (!project) {
    said.message = fmt::format("there is no {} in {} or above it", kManifestName, printable(start));
    said.helps.push_back("`devgraph init` writes a first build.devgraph here");
  } else {
    const std::string manifest = printable(join_path(*project, kManifestName));
    said.message = is_utf16
                       ? manifest + " is UTF-16: save it as UTF-8, and begin it with `devgraph 1`"
                       : fmt::format("{} lacks the line `devgraph 1`{}", manifest,
                                     manifests > 1 ? ", and so do those above it" : "");
    said.helps.push_back(
        "write  devgraph 1  as the first line of the manifest of the workspace's root");
  }
  said.helps.push_back(kElsewhere);
  return std::unexpected(std::move(said));
}

}  // namespace devgraph::lang
