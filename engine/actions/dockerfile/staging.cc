#include "engine/actions/dockerfile/staging.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

struct Staged {
  std::string name;  ///< In the context.
  std::string from;  ///< Absolute.
  std::uint64_t size = 0;
  bool executable = false;
};

Result<Staged> look_at(const Context& context, std::string_view name, InputId input, bool follow) {
  Staged one{.name = std::string(name), .from = context.path_of(input)};
  const Result<FileStat> stat =
      follow ? context.files.stat(one.from) : context.files.lstat(one.from);
  if (!stat) return std::unexpected(stat.error());
  const bool is_source = context.graph.input(input).kind == InputKind::Source;
  if (stat->kind == FileKind::Symlink && is_source) {
    return fail(
        fmt::format("`{}` is a link, which Docker would copy as a link; with follow_links = true "
                    "the image gets the file it leads to",
                    printable(name)));
  }
  const Result<FileStat> target = context.files.stat(one.from);
  if (!target) return std::unexpected(target.error());
  one.size = target->size;
  one.executable = target->executable;
  return one;
}

/// Two products may have one name if they are one file.
Result<bool> is_there(const Context& context, const Staged& one, const std::string& to) {
  const Result<FileStat> stat = context.files.lstat(to);
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists()) return false;
  const Result<FileHash> old = context.files.hash(to, false);
  if (!old) return std::unexpected(old.error());
  const Result<FileHash> now = context.files.hash(one.from, false);
  if (!now) return std::unexpected(now.error());
  if (old->xxh == now->xxh) return true;
  return fail(fmt::format("two files would be `{}` in the context", printable(one.name)));
}

/// In the units in which people write a limit: of 1000 if it is a multiple of that, else of 1024.
std::string show_size(std::uint64_t bytes, std::uint64_t limit) {
  constexpr std::uint64_t kStep = 1000;
  if (limit % kStep != 0) return human_size(bytes);
  constexpr std::array<const char*, 4> kUnits = {"B", "kB", "MB", "GB"};
  std::size_t unit = 0;
  std::uint64_t size = 1;
  for (; bytes / size >= kStep && unit + 1 < kUnits.size(); ++unit)
    size *= kStep;
  return fmt::format("{:.{}f} {}", static_cast<double>(bytes) / static_cast<double>(size),
                     bytes % size == 0 ? 0 : 1, kUnits[unit]);
}

/// The size, the limit, and the largest files.
std::string size_fault(std::vector<Staged> files, std::uint64_t total, std::uint64_t limit) {
  constexpr std::ptrdiff_t kShown = 3;
  const auto end = files.begin() + std::min<std::ptrdiff_t>(kShown, std::ssize(files));
  std::partial_sort(files.begin(), end, files.end(),
                    [](const Staged& a, const Staged& b) { return a.size > b.size; });
  std::vector<std::string> shown;
  for (auto one = files.begin(); one != end; ++one)
    shown.push_back(fmt::format("{} {}", printable(one->name), show_size(one->size, limit)));
  return fmt::format(
      "the context is {}, above its limit of {}; the largest: {}. Name fewer files, add them to "
      ".dockerignore, or set `limit`",
      show_size(total, limit), show_size(limit, limit), fmt::join(shown, ", "));
}

}  // namespace

Status stage_context(const Context& context, const std::string& folder) {
  if (Status done = context.files.make_folders(folder); !done) return done;
  const bool follow = bool_arg(context, "follow_links");
  std::vector<Staged> files;
  std::uint64_t total = 0;
  for (const auto& [name, value] : map_arg(context, "context")) {
    const Value& row = context.graph.value(value);
    if (row.tag != ValueTag::Input) continue;
    Result<Staged> one = look_at(context, name, InputId{row.a}, follow);
    if (!one) return std::unexpected(one.error());
    total += one->size;
    files.push_back(*std::move(one));
  }
  const auto limit = static_cast<std::uint64_t>(int_arg(context, "limit"));
  if (total > limit) return fail(size_fault(std::move(files), total, limit));
  std::set<std::string> folders;
  for (const Staged& one : files) {
    if (stopped(context)) return interrupted();
    const std::string to = join_path(folder, one.name);
    for (std::string_view above = parent_path(to);
         above.size() > folder.size() && folders.insert(std::string(above)).second;
         above = parent_path(above)) {
      if (Status done = context.files.make_folders(std::string(above)); !done) return done;
      if (Status done = context.files.chmod(std::string(above), 0755); !done) return done;
    }
    const Result<bool> there = is_there(context, one, to);
    if (!there) return std::unexpected(there.error());
    if (*there) continue;
    if (Status done = context.files.copy(one.from, to); !done) return done;
    if (Status done = context.files.chmod(to, one.executable ? 0755 : 0644); !done) return done;
  }
  return context.files.chmod(folder, 0755);
}

}  // namespace devgraph::actions
