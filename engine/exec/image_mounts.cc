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

/// Where the bash of this machine is seen within an image.
constexpr const char* kBashFolder = "/.devgraph-bash";

constexpr std::array<const char*, 6> kDevices = {"null",   "zero",    "full",
                                                 "random", "urandom", "tty"};

std::unexpected<Error> cannot(std::string_view what, std::string_view path) {
  return fail_errno(fmt::format("cannot {} {}", what, printable(path)), errno);
}

bool write_file(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Without root a user namespace gives the right to mount; the user stays who it is.
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

/// A path in the options of overlayfs.
std::string escaped(std::string_view path) {
  std::string made;
  for (const char c : path) {
    if (c == ':' || c == ',' || c == '\\') made += '\\';
    made += c;
  }
  return made;
}

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

  Status stack(const std::vector<std::string>& layers);
  Status take(const std::string& from, const std::string& place, bool writable);
  Status take_all();
  Status enter() const;
  Status devices();
  Status put();

 private:
  Result<std::string> upper();
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
  for (const char* name : {"/upper", "/work", "/root"}) {
    if (Status done = files_.remove_all(folder + name); !done) {
      return std::unexpected(done.error());
    }
    if (Status done = files_.make_folders(folder + name); !done) {
      return std::unexpected(done.error());
    }
  }
  return fmt::format("upperdir={}/upper,workdir={}/work", escaped(folder), escaped(folder));
}

Status Root::stack(const std::vector<std::string>& layers) {
  Result<std::string> upper = this->upper();
  if (!upper) return std::unexpected(upper.error());
  // Relative names, so that many layers fit.
  if (::chdir(request_.layers.c_str()) != 0) return cannot("enter", request_.layers);
  std::string lower;
  std::set<std::string_view> stacked;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    // A layer may come twice: steps that change nothing all make the empty one. The upper one does
    // all that the lower one does, and overlayfs refuses to have both.
    if (!stacked.insert(*layer).second) continue;
    lower += (lower.empty() ? "" : ":") + std::string(base_name(*layer));
  }
  if (lower.empty()) return fail("the image has no layers");
  const char* attributes = ::geteuid() == 0 ? "" : ",userxattr";
  std::string options = fmt::format("lowerdir={},{}{}", lower, *upper, attributes);
  if (::mount("overlay", path_.c_str(), "overlay", 0, options.c_str()) == 0) return {};
  // The disk may be an overlay itself: then what is written goes to memory.
  const std::string memory = request_.scratch + "/work";
  if (::mount("tmpfs", memory.c_str(), "tmpfs", 0, "mode=0755") == 0) {
    for (const char* name : {"/upper", "/work"}) {
      if (::mkdir((memory + name).c_str(), 0755) != 0) return cannot("make", memory + name);
    }
    options = fmt::format("lowerdir={},upperdir={}/upper,workdir={}/work{}", lower, escaped(memory),
                          escaped(memory), attributes);
    if (::mount("overlay", path_.c_str(), "overlay", 0, options.c_str()) == 0) return {};
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
    const Fd place(::open(mount.place.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!place) return cannot("make", mount.place);
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

namespace {

Result<std::vector<std::string>> find_bash() {
  std::string program;
  for (const char* path : {"/bin/bash", "/usr/bin/bash"}) {
    if (program.empty() && ::access(path, X_OK) == 0) program = path;
  }
  if (program.empty()) return fail("there is no bash on this machine");
  struct Close {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
  };
  // A fixed command; ldd is part of the C library.
  const std::unique_ptr<FILE, Close> pipe(::popen(("ldd " + program).c_str(), "re"));
  if (!pipe) return fail_errno("cannot run ldd", errno);
  std::string loader;
  std::vector<std::string> libraries;
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
    // `libc.so.6 => /lib/libc.so.6 (0x…)`, or the loader alone: `/lib64/ld-linux.so.2 (0x…)`.
    const std::string_view text = trim(line.data());
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

Status mount_image(const EnterRequest& request, const std::vector<std::string>& layers) {
  if (Status done = unshare_namespaces(request.network); !done) return done;
  Root root(request);
  if (Status done = root.stack(layers); !done) return done;
  if (Status done = root.take_all(); !done) return done;
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
