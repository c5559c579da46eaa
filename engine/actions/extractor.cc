#include "engine/actions/extractor.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

int open_beneath(int root, const std::string& path, int flags, std::uint64_t mode,
                 std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = resolve | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

/// A folder beneath the root, with no link on the way.
int open_folder(int root, const std::string& path) {
  return open_beneath(root, path.empty() ? "." : path, O_PATH | O_DIRECTORY, 0,
                      RESOLVE_NO_SYMLINKS);
}

std::unexpected<Error> cannot(const char* verb, const std::string& path, int code) {
  return fail_errno(fmt::format("cannot {} `{}`", verb, printable(path)), code);
}

/// Whether a target, seen from the folder of its link, stays in the root when read as text.
bool stays_inside(std::string_view folder, std::string_view target) {
  std::size_t depth = 0;
  for (const std::string_view part : split(folder, '/'))
    depth += part.empty() ? 0 : 1;
  for (const std::string_view part : split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      ++depth;
    } else if (depth-- == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Extractor> Extractor::open(Files& files, const std::string& root,
                                  const ExtractLimits& limits) {
  Fd fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return cannot("open", root, errno);
  const Result<std::vector<FolderEntry>> entries = files.list(root);
  if (!entries) return std::unexpected(entries.error());
  if (!entries->empty()) return fail(fmt::format("{} is not empty", printable(root)));
  return Extractor(files, root, limits, std::move(fd));
}

Result<std::string> Extractor::checked_name(std::string_view raw) const {
  const auto refuse = [&](const char* why) {
    return fail(fmt::format("the archive holds `{}`, {}", printable(raw.substr(0, 200)), why));
  };
  if (raw.empty()) return refuse("a name without text");
  if (raw.size() > limits_.path) return refuse("a name that is too long");
  if (raw.starts_with('/')) return refuse("an absolute name");
  if (raw.find('\0') != std::string_view::npos) return refuse("a name with a NUL byte");
  std::string path;
  std::size_t depth = 0;
  for (const std::string_view part : split(raw, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return refuse("a name that leads out of the folder");
    if (part.size() > limits_.name) return refuse("a name that is too long");
    if (++depth > limits_.depth) return refuse("a name with too many folders");
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

/// Notes what a path is, and refuses a second meaning.
Status Extractor::claim(const std::string& path, FileKind kind) {
  const auto [at, added] = made_.try_emplace(path, kind);
  if (made_.size() > limits_.entries) return fail("the archive holds too many entries");
  if (added || (kind == FileKind::Folder && at->second == FileKind::Folder)) return {};
  if (at->second != kind) {
    return fail(
        fmt::format("the archive holds `{}` in two kinds: file, folder or link", printable(path)));
  }
  return fail(fmt::format("the archive holds `{}` twice", printable(path)));
}

/// The descriptor of the folder that a path lies in; made if it is not there.
Result<int> Extractor::parent_of(const std::string& path) {
  const std::string parent(parent_path(path));
  if (parent_fd_ && parent == parent_) return parent_fd_.get();
  if (const Status done = folder(parent); !done) return std::unexpected(done.error());
  parent_fd_ = Fd(open_folder(root_fd_.get(), parent));
  if (!parent_fd_) return cannot("open", parent, errno);
  parent_ = parent;
  return parent_fd_.get();
}

Status Extractor::folder(const std::string& path) {
  if (path.empty()) return {};
  const auto found = made_.find(path);
  if (found != made_.end() && found->second == FileKind::Folder) return {};
  if (const Status done = folder(std::string(parent_path(path))); !done) return done;
  if (const Status done = claim(path, FileKind::Folder); !done) return done;
  const Fd parent(open_folder(root_fd_.get(), std::string(parent_path(path))));
  if (!parent) return cannot("open the folder of", path, errno);
  const std::string name(base_name(path));
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0) return cannot("make", path, errno);
  if (::fchmodat(parent.get(), name.c_str(), 0755, 0) != 0) return cannot("make", path, errno);
  return {};
}

Status Extractor::count(std::uint64_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= limits_.bytes) return {};
  return fail(
      fmt::format("what is in the archive is larger than {}, the most that is taken from "
                  "one of its size",
                  human_size(limits_.bytes)));
}

Status Extractor::begin_file(const std::string& path, bool executable) {
  if (path.empty()) return fail("the archive holds a file without a name");
  const Result<int> parent = parent_of(path);
  if (!parent) return std::unexpected(parent.error());
  if (const Status done = claim(path, FileKind::Regular); !done) return done;
  const std::string name(base_name(path));
  const mode_t mode = executable ? 0755 : 0644;
  file_ = Fd(open_beneath(*parent, name, O_WRONLY | O_CREAT | O_EXCL, mode, RESOLVE_NO_SYMLINKS));
  if (!file_) return cannot("write", path, errno);
  if (::fchmod(file_.get(), mode) != 0) return cannot("write", path, errno);  // Not the umask's.
  file_path_ = path;
  file_end_ = 0;
  return {};
}

Status Extractor::data(std::string_view bytes, std::uint64_t offset) {
  const std::uint64_t end = offset + bytes.size();
  if (end < offset) return fail(fmt::format("`{}` is too large", printable(file_path_)));
  if (end > file_end_) {
    if (const Status done = count(end - file_end_); !done) return done;
    file_end_ = end;
  }
  while (!bytes.empty()) {
    const ssize_t wrote =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return cannot("write", file_path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Status Extractor::end_file(std::uint64_t size) {
  if (size > file_end_) {
    if (const Status done = count(size - file_end_); !done) return done;
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
      return cannot("write", file_path_, errno);
    }
  }
  if (const int code = file_.close(); code != 0) return cannot("write", file_path_, code);
  return {};
}

/// A copy: what is written through one name later must not change the other.
Status Extractor::hard_link(const std::string& path, const std::string& to) {
  const auto found = made_.find(to);
  if (found == made_.end() || found->second != FileKind::Regular) {
    return fail(fmt::format("the archive links `{}` to `{}`, which is no file that it holds before",
                            printable(path), printable(to)));
  }
  if (path.empty()) return fail("the archive holds a file without a name");
  if (const Result<int> parent = parent_of(path); !parent) return std::unexpected(parent.error());
  if (const Status done = claim(path, FileKind::Regular); !done) return done;
  const Result<FileStat> stat = files_->lstat(join_path(root_, to));
  if (!stat) return std::unexpected(stat.error());
  if (const Status done = count(stat->size); !done) return done;
  return files_->copy(join_path(root_, to), join_path(root_, path));
}

Status Extractor::link(const std::string& path, const std::string& target) {
  if (path.empty()) return fail("the archive holds a link without a name");
  if (target.empty() || target.size() > limits_.path || target.starts_with('/') ||
      target.find('\0') != std::string::npos || !stays_inside(parent_path(path), target)) {
    return fail(
        fmt::format("the archive holds the link `{}` to `{}`, which leads out of the folder",
                    printable(path), printable(std::string_view(target).substr(0, 200))));
  }
  if (const Status done = folder(std::string(parent_path(path))); !done) return done;
  if (const Status done = claim(path, FileKind::Symlink); !done) return done;
  links_.emplace(path, target);
  return {};
}

Status Extractor::make_link(const std::string& path, const std::string& target) {
  const Result<int> parent = parent_of(path);
  if (!parent) return std::unexpected(parent.error());
  if (::symlinkat(target.c_str(), *parent, std::string(base_name(path)).c_str()) == 0) return {};
  return cannot("link", path, errno);
}

/// Text cannot tell where a link leads that goes through another; the kernel can.
Status Extractor::check_link(const std::string& path, const std::string& target) const {
  const Fd found(open_beneath(root_fd_.get(), path, O_PATH, 0, 0));
  if (found || errno == ENOENT || errno == ENOTDIR) return {};
  const int code = errno;
  if (code == EXDEV) {
    return fail(
        fmt::format("the archive holds the link `{}` to `{}`, which leads out of the folder",
                    printable(path), printable(target)));
  }
  if (code == ELOOP) {
    return fail(
        fmt::format("the archive holds the link `{}`, which leads to itself", printable(path)));
  }
  return cannot("follow the link", path, code);
}

Status Extractor::finish() {
  for (const auto& [path, target] : links_) {
    if (const Status done = make_link(path, target); !done) return done;
  }
  for (const auto& [path, target] : links_) {
    if (const Status done = check_link(path, target); !done) return done;
  }
  return {};
}

}  // namespace devgraph::actions
