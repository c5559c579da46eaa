#include "engine/exec/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

// Of linux/landlock.h; Debian 12's header ends at ABI 2.
constexpr std::uint64_t kExecute = 1ULL << 0;
constexpr std::uint64_t kWriteFile = 1ULL << 1;
constexpr std::uint64_t kReadFile = 1ULL << 2;
constexpr std::uint64_t kReadDir = 1ULL << 3;
constexpr std::uint64_t kMakeChar = 1ULL << 6;
constexpr std::uint64_t kMakeBlock = 1ULL << 11;
constexpr std::uint64_t kAbi1 = (1ULL << 13) - 1;
constexpr std::uint64_t kRefer = 1ULL << 13;     // ABI 2: rename and link between folders.
constexpr std::uint64_t kTruncate = 1ULL << 14;  // ABI 3.
constexpr std::uint64_t kBindTcp = 1ULL << 0;    // ABI 4.
constexpr std::uint64_t kConnectTcp = 1ULL << 1;
constexpr std::uint64_t kScopeAbstractSockets = 1ULL << 0;  // ABI 6.
constexpr std::uint64_t kScopeSignals = 1ULL << 1;

struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t access = 0;
  std::int32_t parent = -1;
};

// The system calls have one number on every architecture, and no wrappers in glibc 2.36.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr int kRulePathBeneath = 1;
constexpr unsigned kVersionFlag = 1;

int kernel_abi() {
  static const long kVersion = ::syscall(kCreateRuleset, nullptr, 0, kVersionFlag);
  return kVersion > 0 ? static_cast<int>(kVersion) : 0;
}

std::uint64_t all_file_rights(int abi) {
  std::uint64_t out = kAbi1;
  if (abi >= 2) out |= kRefer;
  if (abi >= 3) out |= kTruncate;
  return out;
}

constexpr std::uint64_t kSeeFile = kReadFile | kExecute;
constexpr std::uint64_t kSeeFolder = kSeeFile | kReadDir;

/// What a writable file allows; the rest is about folders.
std::uint64_t write_file_rights(int abi) {
  return kSeeFile | kWriteFile | (abi >= 3 ? kTruncate : 0);
}

/// Where people and their tools keep what no build needs, below HOME.
constexpr const char* kSecrets[] = {
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".netrc",
    ".git-credentials",
    ".npmrc",
    ".pypirc",
    ".password-store",
    ".vault-token",
    ".pgpass",
    ".my.cnf",
    ".config/devgraph",
    ".config/gcloud",
    ".config/gh",
    ".config/hub",
    ".config/op",
    ".config/rclone",
    ".config/containers/auth.json",
    ".mozilla",
    ".thunderbird",
    ".config/google-chrome",
    ".config/chromium",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".local/share/keyrings",
    ".terraform.d/credentials.tfrc.json",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".psql_history",
};

/// Devices that are no way to any other process or disk.
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero",   "/dev/full",
                                    "/dev/tty",  "/dev/random", "/dev/urandom"};

/// What of /run is no secret, and used: name resolution, and the tools of NixOS.
constexpr const char* kRun[] = {"/run/systemd/resolve", "/run/resolvconf",
                                "/run/NetworkManager",  "/run/nscd",
                                "/run/current-system",  "/run/opengl-driver"};

Status add_rule(int rules, int path, std::uint64_t access) {
  const PathBeneath rule{.access = access, .parent = path};
  if (::syscall(kAddRule, rules, kRulePathBeneath, &rule, 0) == 0) return {};
  return fail_errno("cannot add a rule to the sandbox", errno);
}

bool any_within(const std::vector<std::string>& paths, std::string_view folder) {
  return std::any_of(paths.begin(), paths.end(), [folder](const std::string& path) {
    return path != folder && (folder == "/" || is_within(path, folder));
  });
}

}  // namespace

SandboxReport sandbox_report(int abi_limit) {
  SandboxReport out;
  out.abi = std::min(kernel_abi(), abi_limit);
  if (out.abi == 0) {
    out.not_held.emplace_back(
        "the kernel has no Landlock: commands may read and write everything that you may");
    return out;
  }
  if (out.abi < 2) {
    out.not_held.emplace_back(
        "Landlock ABI 1: commands cannot rename or link files between folders of their scratch");
  }
  if (out.abi < 3) {
    out.not_held.emplace_back(
        "Landlock ABI < 3: commands may truncate files that they cannot write");
  }
  if (out.abi < 4) {
    out.not_held.emplace_back("Landlock ABI < 4: commands may use TCP without `network = true`");
  }
  if (out.abi < 6) {
    out.not_held.emplace_back(
        "Landlock ABI < 6: commands may signal other processes of yours and use abstract sockets");
  }
  out.not_held.emplace_back("names, sizes, modes and times of undeclared files can be seen");
  out.not_held.emplace_back("modes, owners and times of files can be changed outside scratch");
  out.not_held.emplace_back("UDP, other protocols than TCP, and sockets with a path can be used");
  return out;
}

void Sandbox::add_outside(const std::string& path, bool folder) {
  Fd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  // What vanished or is hidden from us needs no rule.
  if (!fd) return;
  outside_.push_back({.path = std::move(fd), .access = folder ? kSeeFolder : kSeeFile});
  if (folder) covered_.push_back(path);
}

/// Adds a folder, or, where something below it is hidden, each of its entries but that. Landlock
/// has no rule that takes rights away.
void Sandbox::cover(const std::string& path, const std::vector<std::string>& hidden) {
  if (std::find(hidden.begin(), hidden.end(), path) != hidden.end()) return;
  DiskFiles files;
  if (!any_within(hidden, path)) {
    const Result<std::vector<FolderEntry>> entries = files.list(path);
    const bool is_empty = entries && entries->empty();
    if (!is_empty) add_outside(path, true);
    return;
  }
  const Result<std::vector<FolderEntry>> entries = files.list(path);
  if (!entries) return;
  // Each rule costs about 1.4 us a command: what no build reads has none.
  for (const FolderEntry& entry : *entries) {
    const std::string child = join_path(path == "/" ? "" : path, entry.name);
    const std::string absolute = path == "/" ? "/" + entry.name : child;
    // Where a link leads has a rule of its own, or none.
    if (entry.kind == FileKind::Folder) cover(absolute, hidden);
    const bool is_hidden = std::find(hidden.begin(), hidden.end(), absolute) != hidden.end();
    const bool is_file = entry.kind == FileKind::Regular && path != "/";
    if (is_file && !is_hidden) add_outside(absolute, false);
  }
}

Result<Sandbox> Sandbox::create(const Options& options) {
  Sandbox out;
  out.abi_ = std::min(kernel_abi(), options.abi_limit);
  out.workspace_ = options.workspace;
  if (out.abi_ == 0) return out;
  // Real paths: what is hidden must not be reached through a link's other name.
  std::vector<std::string> hidden = {"/tmp", "/var/tmp", "/dev", "/run", "/boot", "/lost+found"};
  const auto hide = [&hidden](const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           std::free);
    if (real) hidden.emplace_back(real.get());
  };
  if (options.workspace != "/") hide(options.workspace);
  if (options.home.starts_with('/') && options.home != "/") {
    for (const char* secret : kSecrets)
      hide(join_path(options.home, secret));
  }
  out.cover("/", hidden);
  for (const char* path : kRun)
    out.add_outside(path, true);
  for (const char* path : kDevices) {
    Fd fd(::open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (fd) out.outside_.push_back({.path = std::move(fd), .access = write_file_rights(out.abi_)});
  }
  return out;
}

bool Sandbox::is_covered(std::string_view path) const {
  return std::any_of(covered_.begin(), covered_.end(),
                     [path](const std::string& folder) { return is_within(path, folder); });
}

Result<Fd> Sandbox::rules_for(const SandboxPolicy& policy, int log) const {
  if (abi_ == 0) return Fd();
  RulesetAttributes attributes{.files = all_file_rights(abi_)};
  std::size_t size = 8;
  if (abi_ >= 4) {
    size = 16;
    if (!policy.network) attributes.network = kBindTcp | kConnectTcp;
  }
  if (abi_ >= 6) {
    size = 24;
    attributes.scoped = kScopeAbstractSockets | kScopeSignals;
  }
  Fd rules(static_cast<int>(::syscall(kCreateRuleset, &attributes, size, 0)));
  if (!rules) return fail_errno("cannot make a sandbox", errno);

  for (const Rule& rule : outside_) {
    if (Status added = add_rule(rules.get(), rule.path.get(), rule.access); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  const auto add = [&](const std::string& path, std::uint64_t file,
                       std::uint64_t folder) -> Status {
    const Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!fd) return {};  // Nothing there: nothing to allow.
    struct stat found;
    const bool is_folder = ::fstat(fd.get(), &found) == 0 && S_ISDIR(found.st_mode);
    // A link in the place of a file must not open up a whole folder.
    if (is_folder && !path.ends_with('/')) return {};
    return add_rule(rules.get(), fd.get(), path.ends_with('/') ? folder : file);
  };
  // A folder stands for what lies below it; sorted, it comes before.
  std::vector<std::string_view> readable(policy.readable.begin(), policy.readable.end());
  std::sort(readable.begin(), readable.end());
  std::string_view last;
  for (const std::string_view path : readable) {
    if (!last.empty() && path.starts_with(last)) continue;
    if (!is_within(path, workspace_) && is_covered(path)) continue;
    last = path.ends_with('/') ? path : std::string_view();
    if (Status added = add(std::string(path), kSeeFile, kSeeFolder); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  for (const std::string& path : policy.listable) {
    if (Status added = add(path, kReadDir, kReadDir); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  const std::uint64_t all = all_file_rights(abi_) & ~(kMakeChar | kMakeBlock);
  for (const std::string& path : policy.writable) {
    if (Status added = add(path, write_file_rights(abi_), all); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  // `echo x > /dev/stderr` opens the log anew.
  if (log >= 0) {
    const std::uint64_t access = write_file_rights(abi_) & ~kExecute;
    if (Status added = add_rule(rules.get(), log, access); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  return rules;
}

int Sandbox::enter(int rules) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return ::syscall(kRestrictSelf, rules, 0) == 0 ? 0 : errno;
}

}  // namespace devgraph::exec
