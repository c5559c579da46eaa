#include "engine/exec/secrets.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

constexpr std::string_view kPrefix = "devgraph-secrets-";

void collect(const Graph& graph, ValueId id, std::set<std::string>& names) {
  const Value& value = graph.value(id);
  switch (value.tag) {
    case ValueTag::Secret:
      names.emplace(graph.str(StrId{value.a}));
      return;
    case ValueTag::List:
      for (const ValueId item : graph.items(value))
        collect(graph, item, names);
      return;
    case ValueTag::Map:
      for (const Field& field : graph.fields(value))
        collect(graph, field.value, names);
      return;
    default:
      return;
  }
}

/// Whether any node of the graph has one: most have none, and values are few beside nodes.
bool has_secrets(const Graph& graph) {
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    if (graph.value(ValueId(static_cast<std::uint32_t>(i))).tag == ValueTag::Secret) return true;
  }
  return false;
}

bool is_in_memory(const char* path) {
  struct statfs about{};
  return ::statfs(path, &about) == 0 && about.f_type == TMPFS_MAGIC && ::access(path, W_OK) == 0;
}

std::string memory_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && *runtime == '/' && is_in_memory(runtime)) return runtime;
  return is_in_memory("/dev/shm") ? "/dev/shm" : "";
}

/// Open and locked, or nothing if somebody uses it.
Fd hold(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) folder.reset();
  return folder;
}

/// What killed builds left. A young one may be about to be locked.
void sweep(const std::string& memory) {
  DiskFiles files;
  const Result<std::vector<FolderEntry>> entries = files.list(memory);
  if (!entries) return;
  for (const FolderEntry& entry : *entries) {
    if (!entry.name.starts_with(kPrefix)) continue;
    const std::string path = join_path(memory, entry.name);
    struct stat about{};
    constexpr std::time_t kYoung = 60;
    if (::lstat(path.c_str(), &about) != 0 || about.st_uid != ::geteuid()) continue;
    if (about.st_mtim.tv_sec + kYoung > std::time(nullptr)) continue;
    // One that stays is tried again by the next build.
    if (const Fd held = hold(path)) static_cast<void>(files.remove_all(path));
  }
}

}  // namespace

bool holds_secret(const Graph& graph, ValueId value) {
  std::set<std::string> names;
  collect(graph, value, names);
  return !names.empty();
}

std::vector<std::string> secrets_of(const Graph& graph, NodeId node) {
  const Node& row = graph.node(node);
  std::set<std::string> names;
  for (const ValueId value : {row.args, row.env, row.stdin_text, row.secrets})
    collect(graph, value, names);
  return {names.begin(), names.end()};
}

std::vector<WantedSecret> wanted_secrets(const Graph& graph, const std::vector<NodeId>& nodes) {
  if (!has_secrets(graph)) return {};
  std::map<std::string, NodeId> first;
  for (const NodeId node : nodes) {
    for (std::string& name : secrets_of(graph, node))
      first.try_emplace(std::move(name), node);
  }
  std::vector<WantedSecret> wanted;
  wanted.reserve(first.size());
  for (const auto& [name, node] : first)
    wanted.push_back({name, node});
  return wanted;
}

SecretFolder::SecretFolder(std::string path, Fd held)
    : path_(std::move(path)), held_(std::move(held)) {}

SecretFolder::~SecretFolder() {
  // Nobody is left to tell; the next build tries again.
  static_cast<void>(DiskFiles().remove_all(path_));
}

Result<std::unique_ptr<SecretFolder>> SecretFolder::make() {
  const std::string memory = memory_folder();
  if (memory.empty()) {
    return fail(
        "no file system in memory for its secrets: /dev/shm is no tmpfs that can be written");
  }
  sweep(memory);
  std::string path = fmt::format("{}/{}XXXXXX", memory, kPrefix);
  if (!::mkdtemp(path.data())) return fail_errno("cannot make a folder in " + memory, errno);
  return std::unique_ptr<SecretFolder>(new SecretFolder(path, hold(path)));
}

Result<std::string> SecretFolder::add(std::string_view name, std::string_view value) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos) {
    return fail(fmt::format("a secret cannot have the file name `{}`", printable(name)));
  }
  std::string path = join_path(path_, name);
  if (Status done = DiskFiles().write(path, value, 0600, false); !done) {
    return std::unexpected(done.error());
  }
  return path;
}

}  // namespace devgraph::exec
