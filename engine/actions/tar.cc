#include <charconv>
#include <map>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/stream.h"
#include "engine/actions/tar_writer.h"
#include "engine/actions/tree_walk.h"
#include "engine/base/path.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

struct Member {
  FileKind kind = FileKind::Folder;
  std::string source;  ///< Absolute.
  std::string origin;  ///< For messages.
};

/// The members of one archive by their path in it; parents come before what is in them.
class Layout {
 public:
  explicit Layout(const Context& context) : context_(context) {}

  Status add_field(std::string_view key, const Value& value, const std::string& prefix);
  const std::map<std::string, Member>& members() const { return members_; }

 private:
  Status add(const std::string& path, Member member);
  Status add_tree(const std::string& folder, InputId tree);
  Status add_item(const std::string& folder, const Value& item);
  const Context& context_;
  std::map<std::string, Member> members_;
};

Status Layout::add(const std::string& path, Member member) {
  for (std::string_view folder = parent_path(path); !folder.empty(); folder = parent_path(folder)) {
    const Member& found = members_.try_emplace(std::string(folder)).first->second;
    if (found.kind == FileKind::Folder) continue;
    return fail(fmt::format("`{}` would be a file ({}) and the folder of `{}` ({})",
                            printable(folder), printable(found.origin), printable(path),
                            printable(member.origin)));
  }
  if (path.empty()) {
    if (member.kind == FileKind::Folder) return {};
    return fail(fmt::format("{} has no name in the archive", printable(member.origin)));
  }
  const auto [at, added] = members_.try_emplace(path, member);
  if (added || (at->second.kind == FileKind::Folder && member.kind == FileKind::Folder)) return {};
  if (at->second.source == member.source) return {};
  return fail(fmt::format("`{}` would be both {} and {}", printable(path),
                          printable(at->second.origin.empty() ? "a folder" : at->second.origin),
                          printable(member.origin)));
}

Status Layout::add_tree(const std::string& folder, InputId tree) {
  const Result<std::vector<TreeEntry>> entries = tree_entries(context_, tree);
  if (!entries) return std::unexpected(entries.error());
  const std::string name = input_name(context_, tree);
  if (const Status done = add(folder, {FileKind::Folder, "", name}); !done) return done;
  for (const TreeEntry& entry : *entries) {
    const Status done = add(join_path(folder, entry.path),
                            {entry.kind, entry.absolute, join_path(name, entry.path)});
    if (!done) return done;
  }
  return {};
}

/// A file below a folder, by its last name, or by the name that the evaluator gave.
Status Layout::add_item(const std::string& folder, const Value& item) {
  if (item.tag == ValueTag::Input) {
    const InputId input{item.a};
    if (is_missing(context_, input)) return {};
    if (is_tree(context_, input)) return add_tree(folder, input);
    const std::string name = input_name(context_, input);
    return add(join_path(folder, base_name(name)),
               {FileKind::Regular, context_.path_of(input), name});
  }
  if (item.tag != ValueTag::List) return {};
  const std::span<const ValueId> parts = context_.graph.items(item);
  const bool named = parts.size() == 2 && context_.graph.value(parts[0]).tag == ValueTag::Str;
  if (named) {
    const Value& file = context_.graph.value(parts[1]);
    if (file.tag != ValueTag::Input || is_missing(context_, InputId{file.a})) return {};
    const std::string_view name = context_.graph.str(StrId{context_.graph.value(parts[0]).a});
    return add(join_path(folder, name), {FileKind::Regular, context_.path_of(InputId{file.a}),
                                         input_name(context_, InputId{file.a})});
  }
  for (const ValueId part : parts) {
    if (const Status done = add_item(folder, context_.graph.value(part)); !done) return done;
  }
  return {};
}

Status Layout::add_field(std::string_view key, const Value& value, const std::string& prefix) {
  std::string_view inside = key;
  while (inside.starts_with('/'))
    inside.remove_prefix(1);
  const std::optional<std::string> path = canonical(inside);
  if (!path) return fail(fmt::format("`{}` leads out of the archive", printable(key)));
  const std::string where = join_path(prefix, *path);
  const bool folder = inside.empty() || inside.ends_with('/');
  if (folder) return add_item(where, value);

  // One file is put there under that name; a tree is the folder of that name.
  Value one = value;
  while (one.tag == ValueTag::List && context_.graph.items(one).size() == 1) {
    one = context_.graph.value(context_.graph.items(one)[0]);
  }
  if (one.tag == ValueTag::List) {
    const std::span<const ValueId> parts = context_.graph.items(one);
    const bool named = parts.size() == 2 && context_.graph.value(parts[0]).tag == ValueTag::Str;
    if (named) one = context_.graph.value(parts[1]);
    if (!named && parts.empty()) return {};
    if (!named) {
      return fail(fmt::format("`{}` is one name for {} files; write `{}/` for a folder of them",
                              printable(key), parts.size(), printable(key)));
    }
  }
  if (one.tag != ValueTag::Input) return {};
  const InputId input{one.a};
  if (is_missing(context_, input)) return {};
  if (is_tree(context_, input)) return add_tree(where, input);
  return add(where, {FileKind::Regular, context_.path_of(input), input_name(context_, input)});
}

Status add_member(const Context& context, TarWriter& tar, TarEntry entry, const Member& member,
                  bool keep) {
  if (member.kind == FileKind::Folder) {
    entry.kind = TarEntry::Kind::Folder;
    entry.mode = 0755;
    return tar.begin(entry);
  }
  if (member.kind == FileKind::Symlink) {
    Result<std::string> target = context.files.read_link(member.source);
    if (!target) return std::unexpected(target.error());
    entry.kind = TarEntry::Kind::Symlink;
    entry.target = std::move(*target);
    entry.mode = 0777;
    return tar.begin(entry);
  }
  const Result<FileStat> stat = context.files.stat(member.source);
  if (!stat) return std::unexpected(stat.error());
  const Result<std::unique_ptr<MappedFile>> file = context.files.map(member.source);
  if (!file) return std::unexpected(file.error());
  const std::string_view bytes = (*file)->bytes();
  entry.size = bytes.size();
  entry.mode = keep ? stat->mode & 0777 : (stat->executable ? 0755 : 0644);
  if (const Status done = tar.begin(entry); !done) return done;
  if (const Status done = tar.data(bytes); !done) return done;
  return tar.end();
}

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() && !text.empty();
}

Status parse_owner(std::string_view owner, TarEntry& entry) {
  if (owner.empty()) return {};
  const std::size_t colon = owner.find(':');
  const bool good = colon != std::string_view::npos &&
                    parse_number(owner.substr(0, colon), entry.user) &&
                    parse_number(owner.substr(colon + 1), entry.group);
  if (good) return {};
  return fail(
      fmt::format("`owner` is `{}`; write two numbers, as in `1000:1000`", printable(owner)));
}

}  // namespace

/// tar(files, prefix, mode, owner)
Status run_tar(const Context& context) {
  const std::optional<std::string> prefix = canonical(string_arg(context, "prefix"));
  if (!prefix) return fail("`prefix` leads out of the archive");
  TarEntry base;
  base.mtime = kSourceDate;
  if (const Status done = parse_owner(string_arg(context, "owner"), base); !done) return done;

  Layout layout(context);
  for (const auto& [key, value] : map_arg(context, "files")) {
    const Status done = layout.add_field(key, context.graph.value(value), *prefix);
    if (!done) return done;
  }
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return std::unexpected(out.error());
  TarWriter tar([&](std::string_view bytes) { return out->write(bytes); });
  const bool keep = string_arg(context, "mode") == "keep";
  for (const auto& [path, member] : layout.members()) {
    if (stopped(context)) return interrupted();
    TarEntry entry = base;
    entry.path = path;
    if (const Status done = add_member(context, tar, entry, member, keep); !done) return done;
  }
  if (const Status done = tar.finish(); !done) return done;
  return out->finish();
}

}  // namespace devgraph::actions
