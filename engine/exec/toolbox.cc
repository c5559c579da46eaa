#include "engine/exec/toolbox.h"

#include <algorithm>
#include <iterator>

#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

using Links = std::map<std::string, std::string, std::less<>>;

// Programs that need rights a build has not (chroot, su, …) are left out.
constexpr std::string_view kBasics[] = {
    // shells
    "bash", "sh",
    // coreutils
    "[", "arch", "b2sum", "base32", "base64", "basename", "basenc", "cat", "chcon", "chgrp",
    "chmod", "chown", "cksum", "comm", "cp", "csplit", "cut", "date", "dd", "df", "dir",
    "dircolors", "dirname", "du", "echo", "env", "expand", "expr", "factor", "false", "fmt", "fold",
    "groups", "head", "hostid", "id", "install", "join", "link", "ln", "logname", "ls", "md5sum",
    "mkdir", "mkfifo", "mknod", "mktemp", "mv", "nice", "nl", "nohup", "nproc", "numfmt", "od",
    "paste", "pathchk", "pinky", "pr", "printenv", "printf", "ptx", "pwd", "readlink", "realpath",
    "rm", "rmdir", "runcon", "seq", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum",
    "shred", "shuf", "sleep", "sort", "split", "stat", "stdbuf", "stty", "sum", "sync", "tac",
    "tail", "tee", "test", "timeout", "touch", "tr", "true", "truncate", "tsort", "tty", "uname",
    "unexpand", "uniq", "unlink", "users", "vdir", "wc", "who", "whoami", "yes",
    // findutils, diffutils
    "find", "xargs", "cmp", "diff", "diff3", "sdiff",
    // grep, sed, awk
    "grep", "egrep", "fgrep", "sed", "awk", "gawk", "mawk", "nawk",
    // tar, gzip
    "tar", "gzip", "gunzip", "zcat", "zcmp", "zdiff", "zgrep", "zegrep", "zfgrep", "zforce",
    "zless", "zmore", "znew", "gzexe"};

// Not the user's PATH: a build must not change with it. The last is NixOS's.
constexpr const char* kFolders[] = {"/usr/bin", "/bin", "/usr/local/bin",
                                    "/run/current-system/sw/bin"};

/// A Python of a virtual environment knows where it is by the path it is called by.
bool needs_its_path(Files& files, const std::string& program) {
  const std::string_view environment = parent_path(parent_path(program));
  const Result<FileStat> mark = files.stat(join_path(environment, "pyvenv.cfg"));
  return mark && mark->exists();
}

}  // namespace

const std::vector<std::string_view>& basic_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> out(std::begin(kBasics), std::end(kBasics));
    std::sort(out.begin(), out.end());
    return out;
  }();
  return kNames;
}

Toolbox::Toolbox(Files& files, std::string state) : files_(files), state_(std::move(state)) {}

const Links& Toolbox::basics() {
  if (basics_) return *basics_;
  basics_.emplace();
  for (const std::string_view name : basic_names()) {
    for (const char* folder : kFolders) {
      std::string path = join_path(folder, name);
      const Result<FileStat> found = files_.stat(path);
      if (!found || found->kind != FileKind::Regular) continue;
      basics_->emplace(name, std::move(path));
      break;
    }
  }
  return *basics_;
}

std::optional<std::string> Toolbox::basic(std::string_view name) {
  const auto found = basics().find(name);
  if (found == basics().end()) return std::nullopt;
  return found->second;
}

std::string Toolbox::bash() {
  return basic("bash").value_or("/bin/bash");
}

Result<std::string> Toolbox::folder(const std::vector<Tool>& tools) {
  std::string signature;
  for (const Tool& tool : tools) {
    signature += tool.name + '\0' + tool.path + '\0';
  }
  const auto known = folders_.find(signature);
  if (known != folders_.end()) return known->second;
  Links links = basics();
  for (const Tool& tool : tools)
    links[tool.name] = tool.path;
  Result<std::string> made = make(links);
  if (made) folders_.emplace(std::move(signature), *made);
  return made;
}

Result<std::string> Toolbox::make(const Links& links) {
  Hasher hasher;
  hasher.field("tools 1");
  for (const auto& [name, path] : links) {
    hasher.field(name);
    hasher.field(path);
  }
  const std::string tools = join_path(state_, "tools");
  std::string folder = join_path(tools, hex(hasher.finish()));
  const Result<FileStat> there = files_.stat(folder);
  if (!there) return std::unexpected(there.error());
  if (there->exists()) return folder;
  // Aside, and moved into place when it is whole.
  const std::string aside = join_path(tools, "new-" + std::to_string(::getpid()));
  if (Status done = files_.remove_all(aside); !done) return std::unexpected(done.error());
  if (Status done = files_.make_folders(aside); !done) return std::unexpected(done.error());
  if (Status done = fill(aside, links); !done) return std::unexpected(done.error());
  if (Status done = files_.rename(aside, folder); !done) return std::unexpected(done.error());
  return folder;
}

Status Toolbox::fill(const std::string& folder, const Links& links) {
  for (const auto& [name, path] : links) {
    const std::string place = join_path(folder, name);
    Status made;
    if (needs_its_path(files_, path)) {
      const std::string wrapper = "#!/bin/sh\nexec " + shell_word(path) + " \"$@\"\n";
      made = files_.write(place, wrapper, 0755, false);
    } else {
      made = files_.symlink(path, place);
    }
    if (!made) return made;
  }
  return {};
}

}  // namespace devgraph::exec
