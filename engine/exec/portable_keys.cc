#include "engine/exec/portable_keys.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/actions/action.h"
#include "engine/base/parallel_rows.h"
#include "engine/base/path.h"
#include "engine/exec/normalize.h"
#include "engine/plan/key.h"
#include "engine/store/bytes.h"

namespace devgraph::exec {
namespace {

/// Rises when what a portable key covers, or how it is framed, changes.
constexpr std::string_view kFormat = "portable key 1";

void put_content(std::string& bytes, const PortableContent& content) {
  bytes += content.mark;
  store::put_sha(bytes, content.sha);
}

unsigned portable_version(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.kind != ActionKind::Native) return 0;
  const actions::Action* action = actions::find_action(graph.str(node.action));
  return action ? action->version : 0;
}

}  // namespace

std::uint64_t short_digest(std::string_view text) {
  const Sha256 sha = sha256_of(text);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i)
    value = value << 8U | sha.bytes[i];
  return value;
}

std::uint64_t digest_of_names(const std::vector<std::string>& names) {
  std::uint64_t made = 0;
  for (const std::string& name : names)
    made ^= short_digest(name);
  return made;
}

PortableKeys::PortableKeys(const Graph& graph, Files& files, std::string workspace,
                           const std::vector<NodeId>& order, const store::StatIndex* index)
    : graph_(graph),
      files_(files),
      workspace_(std::move(workspace)),
      order_(order),
      index_(index) {}

/// A program that lies elsewhere is one of this machine; so is the engine for Dockerfiles.
bool PortableKeys::is_of_this_machine(const Node& node, const Input& input) const {
  if (input.kind != InputKind::Tool) return false;
  return graph_.str(graph_.file(FileId{input.ref}).path).starts_with('/') ||
         graph_.str(node.action) == "dockerfile";
}

Result<std::optional<PortableContent>> PortableKeys::read_file(const std::string& path) const {
  const std::string full = join_path(workspace_, path);
  const Result<FileStat> stat = files_.stat(full);
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind != FileKind::Regular) return std::optional<PortableContent>();
  PortableContent content{.mark = stat->executable ? '*' : ' ', .sha = {}};
  if (index_ != nullptr) {
    const std::optional<store::Known> known = index_->find(path);
    if (known && known->sha && store::is_trusted(*known, *stat)) {
      content.sha = *known->sha;
      return content;
    }
  }
  const Result<FileHash> hash = files_.hash(full, true);
  if (!hash) return std::unexpected(hash.error());
  content.mark = hash->stat.executable ? '*' : ' ';
  content.sha = *hash->sha;
  return content;
}

Status PortableKeys::look_at_sources() {
  std::unordered_set<std::string> seen;
  std::vector<std::string> paths;
  const auto add = [&](FileId file) {
    const std::string_view path = graph_.str(graph_.file(file).path);
    if (!path.starts_with('/') && seen.insert(std::string(path)).second) paths.emplace_back(path);
  };
  for (const NodeId node : order_) {
    for (const InputId id : graph_.inputs(node)) {
      const Input& input = graph_.input(id);
      if (input.kind == InputKind::Source || input.kind == InputKind::Tool) {
        add(FileId{input.ref});
      } else if (input.kind == InputKind::SourceTree) {
        for (const FileId member : graph_.tree_files(TreeId{input.ref}))
          add(member);
      }
    }
  }
  std::vector<Result<std::optional<PortableContent>>> read(paths.size(),
                                                           std::optional<PortableContent>());
  for_rows(paths.size(), [&](std::size_t i) { read[i] = read_file(paths[i]); }, kFileRows);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!read[i]) return std::unexpected(read[i].error());
    files_seen_[paths[i]] = *read[i];
  }
  return {};
}

Result<std::optional<PortableContent>> PortableKeys::content_of_path(const std::string& path) {
  const auto held = files_seen_.find(path);
  if (held != files_seen_.end()) return held->second;
  Result<std::optional<PortableContent>> content = read_file(path);
  if (content) files_seen_[path] = *content;
  return content;
}

Result<std::optional<PortableContent>> PortableKeys::content_in_place(const Output& output) {
  const std::string path(graph_.str(output.path));
  const std::string full = join_path(workspace_, path);
  const Result<FileStat> stat = files_.lstat(full);
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind == FileKind::Symlink) {
    const Result<std::string> target = files_.read_link(full);
    if (!target) return std::unexpected(target.error());
    return PortableContent{'@', sha256_of(*target)};
  }
  return read_file(path);
}

Result<PortableContent> PortableKeys::content_of_tree(TreeId tree) {
  std::string bytes = "source tree";
  for (const FileId file : graph_.tree_files(tree)) {
    const std::string path(graph_.str(graph_.file(file).path));
    const Result<std::optional<PortableContent>> content = content_of_path(path);
    if (!content) return std::unexpected(content.error());
    store::put_text(bytes, relative_to(path, graph_.str(graph_.tree(tree).path)));
    put_content(bytes, content->value_or(PortableContent()));
  }
  return PortableContent{'/', sha256_of(bytes)};
}

/// Of a source, the filtered text; an output is not here to be filtered, and counts as it is.
Result<PortableContent> PortableKeys::normalized(const Input& input) {
  const std::string path(graph_.str(graph_.file(FileId{input.ref}).path));
  const Result<std::optional<PortableContent>> whole = content_of_path(path);
  if (!whole) return std::unexpected(whole.error());
  if (!*whole) return PortableContent();
  const Result<std::string> text = files_.read(join_path(workspace_, path));
  if (!text) return std::unexpected(text.error());
  return PortableContent{(*whole)->mark,
                         sha256_of(normalize(*text, path, graph_.str(input.normalize)))};
}

Result<PortableContent> PortableKeys::content_of(const Input& input) {
  switch (input.kind) {
    case InputKind::Source:
      if (input.normalize != StrId{}) return normalized(input);
      [[fallthrough]];
    case InputKind::Tool: {
      const Result<std::optional<PortableContent>> content =
          content_of_path(std::string(graph_.str(graph_.file(FileId{input.ref}).path)));
      if (!content) return std::unexpected(content.error());
      return content->value_or(PortableContent());
    }
    case InputKind::SourceTree:
      return content_of_tree(TreeId{input.ref});
    case InputKind::Output:
    case InputKind::OutputPart: {
      // A part counts as the folder that it is in: the lock file has no line for each file.
      const OutputId id{input.ref};
      const Output& output = graph_.output(id);
      if ((graph_.node(output.node).flags & node_flags::kSeed) != 0) {
        const Result<std::optional<PortableContent>> seeded = content_in_place(output);
        if (!seeded) return std::unexpected(seeded.error());
        return seeded->value_or(PortableContent());
      }
      const auto held = outputs_.find(id);
      return held == outputs_.end() ? PortableContent() : held->second;
    }
  }
  return PortableContent();
}

/// An input that a command told of: a source, an output, or a file in a folder that is one.
Result<PortableContent> PortableKeys::content_of_found(const std::string& path) {
  if (output_at_.empty()) {
    for (const NodeId node : order_) {
      for (std::size_t i = 0; i < graph_.outputs(node).size(); ++i) {
        const OutputId id = graph_.output_id(node, i);
        output_at_.emplace(graph_.str(graph_.output(id).path), id);
      }
    }
  }
  for (std::string_view at = path; !at.empty(); at = parent_path(at)) {
    const auto output = output_at_.find(std::string(at));
    if (output == output_at_.end()) continue;
    const auto held = outputs_.find(output->second);
    if (held != outputs_.end()) return held->second;
  }
  const Result<std::optional<PortableContent>> content = content_of_path(path);
  if (!content) return std::unexpected(content.error());
  return content->value_or(PortableContent());
}

std::uint64_t PortableKeys::does(NodeId id) const {
  return short_digest(plan::portable_bytes(graph_, id, portable_version(graph_, id)));
}

Result<Sha256> PortableKeys::key(NodeId id, const std::vector<std::string>& found) {
  std::string bytes(kFormat);
  store::put_text(bytes, plan::portable_bytes(graph_, id, portable_version(graph_, id)));
  for (const InputId input_id : graph_.inputs(id)) {
    const Input& input = graph_.input(input_id);
    const bool is_own = is_of_this_machine(graph_.node(id), input);
    if (is_own && graph_.str(graph_.node(id).action) == "dockerfile") continue;
    store::put_number(bytes, static_cast<std::uint32_t>(input.kind));
    store::put_text(bytes, graph_.str(input.name));
    store::put_text(bytes, graph_.str(input.part));
    store::put_text(bytes, graph_.str(input.normalize));
    if (is_own) continue;
    const Result<PortableContent> content = content_of(input);
    if (!content) return std::unexpected(content.error());
    put_content(bytes, *content);
  }
  for (const std::string& path : found) {
    const Result<PortableContent> content = content_of_found(path);
    if (!content) return std::unexpected(content.error());
    store::put_text(bytes, path);
    put_content(bytes, *content);
  }
  return sha256_of(bytes);
}

std::vector<std::string> PortableKeys::read_names(NodeId id,
                                                  const std::vector<std::string>& found) const {
  std::vector<std::string> names;
  for (const InputId input_id : graph_.inputs(id)) {
    const Input& input = graph_.input(input_id);
    if (input.kind == InputKind::SourceTree) {
      for (const FileId member : graph_.tree_files(TreeId{input.ref}))
        names.push_back(fmt::format("./{}", graph_.str(graph_.file(member).path)));
    } else if (input.kind == InputKind::Source) {
      names.push_back(fmt::format("./{}", graph_.str(graph_.file(FileId{input.ref}).path)));
    } else if (!is_of_this_machine(graph_.node(id), input) ||
               graph_.str(graph_.node(id).action) != "dockerfile") {
      names.push_back(plan::input_name(graph_, input_id));
    }
  }
  for (const std::string& path : found)
    names.push_back("./" + path);
  // An input may be named as two things; each name counts once.
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace devgraph::exec
