#include "engine/exec/image_mounts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/files.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

// An image's devices open nothing, and its programs give nobody the rights of another user.
constexpr unsigned long kNoPowers = MS_NODEV | MS_NOSUID;

constexpr std::array<const char*, 6> kDevices = {"null",   "zero",    "full",
                                                 "random", "urandom", "tty"};

std::unexpected<Error> cannot(std::string_view what, std::string_view path) {
  return fail_errno(fmt::format("cannot {} {}", what, printable(path)), errno);
}

bool write_file(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// A path in the options of overlayfs.
std::string escaped(std::string_view path) {
  std::string made;
  for (const char c : path) {
    if (c == ':' || c == ',' || c == '\\') made += '\\';
    made += c;
  }
  return made;
}

/// What the layers have at a path: of the highest that has something there.
struct Below {
  enum class Kind { Nothing, Folder, Other };
  Kind kind = Kind::Nothing;
  struct stat stat{};
};

/// What will be mounted: taken while the old root is there, put in its place below the new one, so
/// that no link of the image leads into the old one.
struct Mount {
  Fd tree;
  std::string place;  ///< Absolute, in the new root.
  FileKind kind = FileKind::Regular;
  bool writable = false;
};

class Root {
 public:
  explicit Root(const EnterRequest& request)
      : request_(request), path_(request.scratch + "/root") {}

  Status stack();
  Status take(const std::string& from, const std::string& place, bool writable);
  Status take_all();
  Status enter() const;
  Status devices();
  Status put();

 private:
  Result<std::string> upper();
  Below below(const std::string& path) const;
  bool make_place(const std::string& path, bool is_folder) const;
  bool make_places() const;
  Status put(const Mount& mount);

  const EnterRequest& request_;
  std::string path_;
  DiskFiles files_;
  std::vector<Mount> mounts_;
  rlimit limit_{};
};

/// The folders that take what is written: on the disk of the scratch folder.
Result<std::string> Root::upper() {
  const std::string folder = request_.scratch;
  for (const char* name : {"/upper", "/work", "/root", "/places"}) {
    if (Status done = files_.remove_all(folder + name); !done) {
      return std::unexpected(done.error());
    }
    if (Status done = files_.make_folders(folder + name); !done) {
      return std::unexpected(done.error());
    }
  }
  return fmt::format("upperdir={}/upper,workdir={}/work", escaped(folder), escaped(folder));
}

/// Relative to the folder of the layers. Where a folder of a lower layer is emptied by one above,
/// this sees too much; then a place is only made later.
Below Root::below(const std::string& path) const {
  Below found;
  for (auto layer = request_.image.rbegin(); layer != request_.image.rend(); ++layer) {
    const std::string inside = layer->folder + path;
    if (::lstat(inside.c_str(), &found.stat) != 0) continue;
    const bool is_gone = S_ISCHR(found.stat.st_mode) && found.stat.st_rdev == 0;
    if (is_gone) return {};
    found.kind = S_ISDIR(found.stat.st_mode) ? Below::Kind::Folder : Below::Kind::Other;
    return found;
  }
  return {};
}

/// One place for a mount, below `places`, with the folders on the way to it. A folder that the
/// image has too looks as it does there. False, with nothing harmful made, where a link of the
/// image is on the way: put() follows it later.
bool Root::make_place(const std::string& path, bool is_folder) const {
  const std::string places = request_.scratch + "/places";
  bool is_new = false;
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const bool last = end == std::string::npos;
    const std::string part = path.substr(0, end);
    const Below there = is_new ? Below{} : below(part);
    is_new = there.kind == Below::Kind::Nothing;
    if (there.kind == Below::Kind::Other) return false;
    const std::string here = places + part;
    if (last && !is_folder) {
      if (!is_new) return false;
      return Fd(::open(here.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)).get() >= 0;
    }
    if (::mkdir(here.c_str(), 0755) != 0) {
      if (errno != EEXIST) return false;
    } else if (!is_new) {
      const struct stat& stat = there.stat;
      const bool owned = ::lchown(here.c_str(), stat.st_uid, stat.st_gid) == 0;
      if (!owned || ::chmod(here.c_str(), stat.st_mode & 07777) != 0) return false;
    }
    if (last) return true;
  }
}

/// Places for all mounts, in memory, as one more layer. Made on the disk, where what the command
/// writes goes, they would have to be deleted there again: twenty files and folders a command.
bool Root::make_places() const {
  const std::string places = request_.scratch + "/places";
  if (::mount("tmpfs", places.c_str(), "tmpfs", 0, "mode=0755") != 0) return false;
  make_place("/dev", true);
  make_place(request_.folder, true);
  for (const Mount& mount : mounts_) {
    const bool is_device = mount.place.starts_with("/dev/");
    if (!is_device) make_place(mount.place, mount.kind == FileKind::Folder);
  }
  return true;
}

Status Root::stack() {
  Result<std::string> upper = this->upper();
  if (!upper) return std::unexpected(upper.error());
  // Relative names, so that many layers fit.
  if (::chdir(request_.layers.c_str()) != 0) return cannot("enter", request_.layers);
  std::string lower;
  std::set<std::string_view> stacked;
  for (auto layer = request_.image.rbegin(); layer != request_.image.rend(); ++layer) {
    // A layer may come twice: steps that change nothing all make the empty one. The upper one does
    // all that the lower one does, and overlayfs refuses to have both.
    if (!stacked.insert(layer->folder).second) continue;
    lower += (lower.empty() ? "" : ":") + layer->folder;
  }
  if (lower.empty()) return fail("the image has no layers");
  constexpr std::size_t kMostOptions = 3000;
  const bool has_room = lower.size() + 3 * request_.scratch.size() < kMostOptions;
  if (has_room && make_places()) lower = escaped(request_.scratch + "/places") + ":" + lower;
  const char* attributes = ::geteuid() == 0 ? "" : ",userxattr";
  std::string options = fmt::format("lowerdir={},{}{}", lower, *upper, attributes);
  if (::mount("overlay", path_.c_str(), "overlay", kNoPowers, options.c_str()) == 0) return {};
  // The disk may be an overlay itself: then what is written goes to memory.
  const std::string memory = request_.scratch + "/work";
  if (::mount("tmpfs", memory.c_str(), "tmpfs", 0, "mode=0755") == 0) {
    for (const char* name : {"/upper", "/work"}) {
      if (::mkdir((memory + name).c_str(), 0755) != 0) return cannot("make", memory + name);
    }
    options = fmt::format("lowerdir={},upperdir={}/upper,workdir={}/work{}", lower, escaped(memory),
                          escaped(memory), attributes);
    if (::mount("overlay", path_.c_str(), "overlay", kNoPowers, options.c_str()) == 0) return {};
  }
  return fail_errno("cannot stack the layers of the image (overlayfs)", errno);
}

Status Root::take(const std::string& from, const std::string& place, bool writable) {
  const Result<FileStat> stat = files_.stat(from);
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists()) return fail(fmt::format("{} is not there", printable(from)));
  const bool whole = from == "/proc" || from == "/sys";
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (whole ? AT_RECURSIVE : 0U);
  Fd tree(::open_tree(AT_FDCWD, from.c_str(), flags));
  if (!tree) return cannot("mount", from);
  mounts_.push_back({std::move(tree), place, stat->kind, writable || whole});
  return {};
}

Status Root::take_all() {
  // Each mount is a descriptor until it is put in place.
  if (::getrlimit(RLIMIT_NOFILE, &limit_) != 0) return cannot("read the limit on", "descriptors");
  rlimit most = limit_;
  most.rlim_cur = most.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &most);
  for (const char* name : {"/proc", "/sys"}) {
    if (Status done = take(name, name, false); !done) return done;
  }
  for (const char* name : kDevices) {
    const std::string path = std::string("/dev/") + name;
    if (Status done = take(path, path, true); !done) return done;
  }
  for (const char* name : {"/etc/resolv.conf", "/etc/hosts"}) {
    const Result<FileStat> stat = files_.stat(name);
    if (!request_.network || !stat || !stat->exists()) continue;
    if (Status done = take(name, name, false); !done) return done;
  }
  for (const std::string& file : request_.bash) {
    const std::string place = fmt::format("{}/{}", kBashFolder, base_name(file));
    if (Status done = take(file, place, false); !done) return done;
  }
  for (const std::string& path : request_.readable) {
    if (Status done = take(path, path, false); !done) return done;
  }
  for (const std::string& path : request_.writable) {
    if (Status done = take(path, path, true); !done) return done;
  }
  return {};
}

/// From here on every path is one of the image.
Status Root::enter() const {
  if (::chdir(path_.c_str()) != 0) return cannot("enter", path_);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return cannot("change the root to", path_);
  if (::umount2(".", MNT_DETACH) != 0) return cannot("leave", "the old root");
  if (::chdir("/") != 0) return cannot("enter", "/");
  return {};
}

/// A folder for devices: those of the image are files like others.
Status Root::devices() {
  if (Status done = files_.make_folders("/dev"); !done) return done;
  if (::mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=0755") != 0) {
    return cannot("mount", "/dev");
  }
  if (::mkdir("/dev/shm", 0777) != 0 || ::chmod("/dev/shm", 01777) != 0) {
    return cannot("make", "/dev/shm");
  }
  constexpr std::array<std::array<const char*, 2>, 4> kLinks = {
      {{"/proc/self/fd", "/dev/fd"},
       {"/proc/self/fd/0", "/dev/stdin"},
       {"/proc/self/fd/1", "/dev/stdout"},
       {"/proc/self/fd/2", "/dev/stderr"}}};
  for (const auto& [target, name] : kLinks) {
    if (::symlink(target, name) != 0) return cannot("link", name);
  }
  return {};
}

Status Root::put(const Mount& mount) {
  if (mount.kind == FileKind::Folder) {
    if (Status done = files_.make_folders(mount.place); !done) return done;
  } else {
    const std::string parent(parent_path(mount.place));
    if (Status done = files_.make_folders(parent); !done) return done;
    // Opened for writing, what is there would be copied up.
    const bool there = ::access(mount.place.c_str(), F_OK) == 0;
    const Fd place(there ? -1 : ::open(mount.place.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!there && !place) return cannot("make", mount.place);
  }
  if (::move_mount(mount.tree.get(), "", AT_FDCWD, mount.place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) !=
      0) {
    return cannot("mount", mount.place);
  }
  if (mount.writable) return {};
  constexpr unsigned long kReadOnly = MS_BIND | MS_REMOUNT | MS_RDONLY;
  if (::mount(nullptr, mount.place.c_str(), nullptr, kReadOnly, nullptr) == 0) return {};
  // In a user namespace, what the mount below forbids has to stay forbidden.
  constexpr unsigned long kMore = MS_NOSUID | MS_NODEV | MS_RELATIME;
  if (::mount(nullptr, mount.place.c_str(), nullptr, kReadOnly | kMore, nullptr) == 0) return {};
  return cannot("protect", mount.place);
}

Status Root::put() {
  for (const Mount& mount : mounts_) {
    if (Status done = put(mount); !done) return done;
  }
  mounts_.clear();
  ::setrlimit(RLIMIT_NOFILE, &limit_);  // The command gets what it would get elsewhere.
  // The folder of a project is there, even if nothing that lies in it is declared.
  if (Status done = files_.make_folders(request_.folder); !done) return done;
  if (::chdir(request_.folder.c_str()) != 0) return cannot("enter", request_.folder);
  return {};
}

}  // namespace

// Without root a user namespace gives the right to mount; the user stays who it is.
Status unshare_namespaces(bool network) {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const int flags = CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER) | (network ? 0 : CLONE_NEWNET);
  if (::unshare(flags) != 0) {
    return fail_errno(
        "this machine gives no namespaces (unshare), which it takes to run within an "
        "image",
        errno);
  }
  if (user != 0) {
    if (!write_file("/proc/self/setgroups", "deny") ||
        !write_file("/proc/self/uid_map", fmt::format("{} {} 1", user, user)) ||
        !write_file("/proc/self/gid_map", fmt::format("{} {} 1", group, group))) {
      return fail_errno("cannot set up a user namespace", errno);
    }
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return cannot("keep mounts private at", "/");
  }
  return {};
}

Status mount_image(const EnterRequest& request) {
  if (Status done = unshare_namespaces(request.network); !done) return done;
  Root root(request);
  if (Status done = root.take_all(); !done) return done;
  if (Status done = root.stack(); !done) return done;
  if (Status done = root.enter(); !done) return done;
  if (Status done = root.devices(); !done) return done;
  return root.put();
}

Status become(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  std::vector<char*> argv;
  std::vector<char*> variables;
  argv.reserve(words.size() + 1);
  variables.reserve(environment.size() + 1);
  // execve does not write to them.
  for (const std::string& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& one : environment)
    variables.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  variables.push_back(nullptr);
  // Ignored signals would stay ignored.
  std::signal(SIGPIPE, SIG_DFL);
  // The PATH is that of the image.
  ::clearenv();
  for (char* one : variables) {
    if (one != nullptr) ::putenv(one);
  }
  ::execvp(argv[0], argv.data());
  return fail_errno(fmt::format("cannot run `{}` in the image", printable(words.at(0))), errno);
}

}  // namespace devgraph::exec
