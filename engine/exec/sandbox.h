#pragma once
/// The sandbox of commands: Landlock rules made from a SandboxPolicy. A help to declare inputs, not
/// a jail: see docs/reference/sandbox.md for what it does not hold.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/fd.h"
#include "engine/base/result.h"
#include "engine/exec/runner.h"

namespace devgraph::exec {

/// What the kernel can do, for `doctor`.
struct SandboxReport {
  int abi = 0;                        ///< Landlock's ABI version; 0: none.
  std::vector<std::string> not_held;  ///< Sentences about what commands can do nevertheless.
};

/// `abi_limit` makes a new kernel act like an old one.
inline constexpr int kNewestAbi = 1 << 20;
SandboxReport sandbox_report(int abi_limit = kNewestAbi);

/// What commands of one workspace may see outside of it, looked up once; and the rule sets of
/// single commands.
class Sandbox {
 public:
  struct Options {
    std::string workspace;  ///< Absolute.
    std::string home;       ///< The user's HOME; its secrets are hidden. May be empty.
    int abi_limit = kNewestAbi;
  };
  static Result<Sandbox> create(const Options& options);

  int abi() const { return abi_; }
  /// What `SandboxPolicy::required` asks for: files, TCP, signals.
  bool is_complete() const { return abi_ >= 6; }

  /// A Landlock rule set for one command; no descriptor if the kernel has no Landlock. `log` is the
  /// descriptor of the command's log: what a script writes to /dev/stderr.
  Result<Fd> rules_for(const SandboxPolicy& policy, int log) const;

  /// For the child, before exec: puts the calling process under a rule set. Only async-signal-safe
  /// calls. 0, or the errno.
  static int enter(int rules);

 private:
  struct Rule {
    Fd path;  ///< O_PATH.
    std::uint64_t access = 0;
  };
  Sandbox() = default;
  void cover(const std::string& path, const std::vector<std::string>& hidden);
  void add_outside(const std::string& path, bool folder);
  bool is_covered(std::string_view path) const;

  int abi_ = 0;
  std::string workspace_;
  std::vector<Rule> outside_;
  std::vector<std::string> covered_;  ///< Paths of the folders in outside_, sorted.
};

}  // namespace devgraph::exec
