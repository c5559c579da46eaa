#include "lang/world.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/host.h"
#include "lang/reads.h"

namespace devgraph::lang {
namespace {

const std::string kNul(1, '\0');

Digest digest_of_names(const std::vector<std::string>& names) {
  Hasher hasher;
  for (const std::string& name : names)
    hasher.field(name);
  return hasher.finish();
}

/// Zero stands for an unset variable; the name salts the value.
Digest digest_of_env(const std::string& name, const std::optional<std::string>& value) {
  if (!value) return {};
  Hasher hasher;
  hasher.field("devgraph env");
  hasher.field(name);
  hasher.field(*value);
  return hasher.finish();
}

Digest digest_of_fact(const std::optional<std::string>& fact) {
  Hasher hasher;
  hasher.number(fact ? 1 : 0);
  if (fact) hasher.field(*fact);
  return hasher.finish();
}

Digest digest_of_part(const Value* part) {
  return part ? digest_of_data(*part) : digest_of("absent");
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, kNul));
}

std::vector<std::string> parts_of(std::string_view arg) {
  std::vector<std::string> parts;
  for (std::string_view part : split(arg, '\0'))
    parts.emplace_back(part);
  return parts;
}

/// The part of decoded data that some steps lead to; null if there is none.
const Value* walk_steps(const Value& data, std::span<const std::string> steps) {
  const Value* at = &data;
  for (const std::string& step : steps) {
    if (at->is(ValueKind::Map)) {
      at = at->find(step);
    } else if (at->is(ValueKind::List)) {
      const std::size_t index = static_cast<std::size_t>(std::strtoull(step.c_str(), nullptr, 10));
      at = index < at->items().size() ? &at->items()[index] : nullptr;
    } else {
      at = nullptr;
    }
    if (!at) return nullptr;
  }
  return at;
}

}  // namespace

void World::set_projects(const std::vector<std::string>& folders) {
  projects_ = std::set<std::string>(folders.begin(), folders.end());
}

std::string World::absolute(const std::string& path) const {
  return join_path(options_.workspace, path);
}

void World::record(ReadOp op, std::string arg, const Digest& digest) {
  reads_.insert_or_assign({op, std::move(arg)}, digest);
}

Result<std::string> World::text_of(const std::string& path) {
  const auto seed = seeds_.find(path);
  Result<FileStat> stat = files_.stat(absolute(path));
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists() && seed != seeds_.end()) return seed->second;
  if (!stat->exists()) return fail("no such file");
  if (stat->kind != FileKind::Regular) return fail("it is no regular file");
  return files_.read(absolute(path));
}

Result<std::string> World::read_text(const std::string& path) {
  Result<std::string> text = text_of(path);
  if (text) record(ReadOp::Text, path, digest_of(*text));
  return text;
}

std::expected<Value, UnreadData> World::read_data(const std::string& path,
                                                  const std::string& decoder) {
  const auto held = decoded_.find({path, decoder});
  if (held != decoded_.end()) return held->second;
  Result<std::string> text = text_of(path);
  if (!text) return std::unexpected(UnreadData{{text.error().message, {}}, {}});
  const std::string_view bare = without_mark(*text);
  Decoded<Value> value = decode(decoder, bare);
  if (!value) return std::unexpected(UnreadData{std::move(value.error()), std::string(bare)});
  decoded_.emplace(std::pair(path, decoder), *value);
  return std::move(*value);
}

void World::use_part(const DataObject& data, const std::vector<std::string>& steps,
                     const Value* part) {
  std::vector<std::string> arg = {data.path, data.decoder};
  arg.insert(arg.end(), steps.begin(), steps.end());
  record(ReadOp::Part, joined(arg), digest_of_part(part));
}

LateValues World::late(const LatePlace& place) {
  LateValues values = decode_late(files_, options_.workspace, place);
  record(ReadOp::Late, place.text(), digest_of_late(values));
  return values;
}

const std::vector<FolderEntry>& World::list(const std::string& folder) {
  const auto held = listings_.find(folder);
  if (held != listings_.end()) return held->second;
  Result<std::vector<FolderEntry>> entries = files_.list(absolute(folder));
  std::vector<FolderEntry> all = entries ? std::move(*entries) : std::vector<FolderEntry>();
  for (const auto& [path, text] : seeds_) {
    if (parent_path(path) != folder) continue;
    const std::string name(base_name(path));
    const bool is_there =
        std::ranges::any_of(all, [&](const FolderEntry& entry) { return entry.name == name; });
    if (!is_there) all.push_back({.name = name, .kind = FileKind::Regular});
  }
  return listings_.emplace(folder, std::move(all)).first->second;
}

bool World::admits(const std::string& path, bool is_folder) const {
  if (is_hidden_folder(settings_, path) || outputs_.contains(path)) return false;
  // It changes with what is built: who read it would never be fresh.
  if (path == kLockName || path == kPinsName) return false;
  return !is_folder || !projects_.contains(path);
}

GlobResult World::walk(const std::string& pattern) {
  const GlobWorld world{
      .list = [this](const std::string& folder) -> const std::vector<FolderEntry>& {
        return list(folder);
      },
      .follow =
          [this](const std::string& path) {
            const Result<FileStat> stat = files_.stat(absolute(path));
            return stat ? stat->kind : FileKind::Absent;
          },
      .admits = [this](const std::string& path,
                       bool is_folder) { return admits(path, is_folder); }};
  return walk_glob(world, pattern);
}

GlobResult World::glob(const std::string& pattern) {
  const auto held = globs_.find(pattern);
  if (held != globs_.end()) return held->second;
  GlobResult result = walk(pattern);
  record(ReadOp::Glob, pattern, digest_of_names(result.files));
  globbed_.insert(result.files.begin(), result.files.end());
  globs_.emplace(pattern, result);
  return result;
}

bool World::exists(const std::string& path) {
  const bool there = kind(path) != FileKind::Absent;
  record(ReadOp::Exists, path, digest_of(there ? "yes" : "no"));
  return there;
}

std::optional<std::string> World::env(const std::string& name) {
  const auto at = options_.environment.find(name);
  std::optional<std::string> value;
  if (at != options_.environment.end()) value = at->second;
  record(ReadOp::Env, name, digest_of_env(name, value));
  return value;
}

std::string World::search_path() const {
  const auto at = options_.environment.find("PATH");
  return at == options_.environment.end() ? "/usr/local/bin:/usr/bin:/bin" : at->second;
}

Result<std::string> World::tool(const std::string& name) {
  const auto held = tools_.find(name);
  if (held != tools_.end()) return held->second;
  const std::string search = search_path();
  for (std::string_view folder : split(search, ':')) {
    if (!folder.starts_with('/')) continue;
    std::string path = join_path(folder, name);
    const Result<FileStat> stat = files_.stat(path);
    if (!stat || stat->kind != FileKind::Regular || (stat->mode & 0111U) == 0) continue;
    record(ReadOp::Tool, name, digest_of(path));
    tools_.emplace(name, path);
    return path;
  }
  return fail(fmt::format("looked for in {}", search));
}

Result<std::optional<std::string>> World::git(const std::string& project, const std::string& fact,
                                              const std::vector<std::string>& arguments) {
  Result<std::optional<std::string>> value = ask_git(project, fact, arguments);
  if (!value) return value;
  std::vector<std::string> arg = {project, fact};
  arg.insert(arg.end(), arguments.begin(), arguments.end());
  record(ReadOp::Git, joined(arg), digest_of_fact(*value));
  return value;
}

std::string World::host(const std::string& fact) {
  std::string value = host_fact(fact);
  record(ReadOp::Host, fact, digest_of(value));
  return value;
}

const std::expected<LockFile, UnusableLock>& World::lock() {
  if (lock_) return *lock_;
  const std::string path = absolute(std::string(kLockName));
  const Result<FileStat> stat = files_.stat(path);
  if (stat && !stat->exists()) return lock_.emplace(LockFile());
  Result<std::string> text = files_.read(path);
  if (!text)
    return lock_.emplace(std::unexpected(UnusableLock{{.message = text.error().message}, {}}));
  std::expected<LockFile, LockFault> lock = parse_lock(*text, LockPart::Outside);
  if (lock) return lock_.emplace(*std::move(lock));
  return lock_.emplace(std::unexpected(UnusableLock{std::move(lock.error()), *std::move(text)}));
}

const UnusableLock* World::unusable_lock() {
  const std::expected<LockFile, UnusableLock>& found = lock();
  return found ? nullptr : &found.error();
}

std::optional<std::string> World::locked(const Ask& ask) {
  std::optional<std::string> value;
  if (const std::expected<LockFile, UnusableLock>& found = lock()) {
    const auto held = found->outside.find(ask);
    if (held != found->outside.end()) value = held->second;
  }
  record(ReadOp::Lock, joined({std::string(word_of(ask.kind)), ask.name, ask.rev}),
         digest_of_fact(value));
  return value;
}

void World::record_manifest(const std::string& path, std::string_view text) {
  record(ReadOp::Manifest, path, digest_of(text));
}

void World::record_std() {
  record(ReadOp::Manifest, std::string(kStdManifest), std_digest());
}

Digest World::digest_of_projects(const std::vector<std::string>& folders) {
  return digest_of_names(folders);
}

void World::record_projects() {
  std::vector<std::string> arg = {settings_.out};
  arg.insert(arg.end(), settings_.ignore.begin(), settings_.ignore.end());
  record(ReadOp::Discover, joined(arg), digest_of_names({projects_.begin(), projects_.end()}));
}

void World::record_param(const std::string& label, const std::optional<std::string>& text) {
  record(ReadOp::Param, label, text ? digest_of_fact(text) : Digest());
  if (text) given_[label] = *text;
}

std::optional<std::string> World::given(const std::string& label) const {
  const auto found = given_.find(label);
  return found == given_.end() ? std::nullopt : std::optional(found->second);
}

FileKind World::kind(const std::string& path) {
  const Result<FileStat> stat = files_.stat(absolute(path));
  const FileKind found = stat ? stat->kind : FileKind::Absent;
  if (found == FileKind::Absent && seeds_.contains(path)) return FileKind::Regular;
  return found;
}

std::optional<std::string> World::near_path(const std::string& path) {
  const std::string folder(parent_path(path));
  std::vector<std::string> names;
  for (const FolderEntry& entry : list(folder))
    names.push_back(entry.name);
  const std::optional<std::string> name = nearest(base_name(path), names);
  if (!name) return std::nullopt;
  return join_path(folder, *name);
}

Digest World::redo_part(std::string_view arg) {
  const std::vector<std::string> parts = parts_of(arg);
  if (parts.size() < 2) return {};
  const auto data = read_data(parts[0], parts[1]);
  if (!data) return {};
  return digest_of_part(walk_steps(*data, std::span(parts).subspan(2)));
}

Digest World::redo_git(std::string_view arg) {
  std::vector<std::string> parts = parts_of(arg);
  if (parts.size() < 2) return {};
  const std::vector<std::string> arguments(parts.begin() + 2, parts.end());
  const Result<std::optional<std::string>> fact = ask_git(parts[0], parts[1], arguments);
  return fact ? digest_of_fact(*fact) : Digest();
}

Digest World::redo_lock(std::string_view arg) {
  const std::vector<std::string> parts = parts_of(arg);
  const std::optional<AskKind> kind = parts.size() == 3 ? ask_kind(parts[0]) : std::nullopt;
  if (!kind || unusable_lock() != nullptr) return {};
  return digest_of_fact(locked({*kind, parts[1], parts[2]}));
}

Digest World::redo(ReadOp op, std::string_view arg, const std::optional<std::string>& param) {
  const std::string name(arg);
  switch (op) {
    case ReadOp::Manifest:
    case ReadOp::Text: {
      const Result<std::string> text = text_of(name);
      return text ? digest_of(*text) : Digest();
    }
    case ReadOp::Part:
      return redo_part(arg);
    case ReadOp::Glob:
      return digest_of_names(walk(name).files);
    case ReadOp::Exists:
      return digest_of(kind(name) != FileKind::Absent ? "yes" : "no");
    case ReadOp::Discover:
      return digest_of_names(
          discover_projects(files_, options_.workspace, settings_, options_.jobs));
    case ReadOp::Env: {
      const auto at = options_.environment.find(name);
      return digest_of_env(
          name, at == options_.environment.end() ? std::nullopt : std::optional(at->second));
    }
    case ReadOp::Git:
      return redo_git(arg);
    case ReadOp::Host:
      return digest_of(host_fact(name));
    case ReadOp::Tool: {
      const Result<std::string> path = tool(name);
      return path ? digest_of(*path) : Digest();
    }
    case ReadOp::Param:
      return param ? digest_of_fact(param) : Digest();
    case ReadOp::Lock:
      return redo_lock(arg);
    case ReadOp::Late:
      return digest_of_late(decode_late(files_, options_.workspace, LatePlace::parse(arg)));
  }
  return {};
}

std::vector<std::string> World::glob_helps(const std::string& pattern,
                                           const std::optional<std::string>& from) {
  const auto spelled = [&](const std::string& path) {
    return from && is_within(path, *from) ? "./" + printable(relative_to(path, *from))
                                          : "//" + printable(path);
  };
  std::string folder;
  for (std::string_view part : split(pattern, '/')) {
    if (has_wildcard(part)) break;
    const std::string name = glob_unquote(part);
    const std::string path = join_path(folder, name);
    if (kind(path) == FileKind::Folder) {
      folder = path;
      continue;
    }
    std::vector<std::string> names;
    for (const FolderEntry& entry : list(folder)) {
      if (entry.kind == FileKind::Folder) names.push_back(entry.name);
    }
    std::vector<std::string> helps = {fmt::format("no directory {}", printable(path))};
    const std::optional<std::string> near = nearest(name, names);
    if (!near) return helps;
    const std::string other = join_path(folder, *near);
    const std::size_t behind = pattern.find(part) + part.size();
    const std::size_t count = walk(glob_quote(other) + pattern.substr(behind)).files.size();
    helps.push_back(fmt::format("{} exists and would match {} file{}", spelled(other), count,
                                count == 1 ? "" : "s"));
    return helps;
  }
  return {
      fmt::format("nothing in {} matches", folder.empty() ? "the workspace" : printable(folder))};
}

}  // namespace devgraph::lang
