#include "engine/exec/history.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/identify.h"
#include "engine/exec/stage.h"
#include "engine/plan/key.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

constexpr std::string_view kHead = "devgraph inputs 1";

/// All of a key but the files that a node reads in lists, whose number may change.
class BaseSink final : public plan::KeySink {
 public:
  BaseSink(const Graph& graph, const IdVec<InputId, Digest>& contents)
      : graph_(graph), contents_(contents) {}

  void text(plan::PartName name, std::string_view value) override {
    begin(name);
    hasher_.field(value);
  }
  void value(plan::PartName name, ValueId id) override {
    begin(name);
    add(id, false);
  }
  void input(InputId id, const Digest& content) override {
    if (graph_.input(id).kind == InputKind::Tool) hasher_.digest(content);
  }
  Digest finish() { return hasher_.finish(); }

 private:
  void begin(plan::PartName name) {
    hasher_.field(name.kind);
    hasher_.field(name.which);
  }
  void add(ValueId id, bool listed) {
    const Value& value = graph_.value(id);
    const bool is_file = value.tag == ValueTag::Input;
    if (is_file && listed) return;
    hasher_.field(std::to_string(static_cast<unsigned>(value.tag)));
    switch (value.tag) {
      case ValueTag::Input:
        return hasher_.field(plan::input_name(graph_, InputId{value.a}));
      case ValueTag::Text:
        return hasher_.digest(contents_[InputId{value.a}]);
      case ValueTag::List:
      case ValueTag::Join:
      case ValueTag::Rsp:
        for (const ValueId item : graph_.items(value))
          add(item, true);
        return;
      case ValueTag::Map:
        for (const Field& field : graph_.fields(value)) {
          hasher_.field(graph_.str(field.name));
          add(field.value, false);
        }
        return;
      case ValueTag::Str:
        return hasher_.field(graph_.str(StrId{value.a}));
      case ValueTag::Secret:
        hasher_.field(graph_.str(StrId{value.a}));
        return hasher_.field(std::to_string(value.b));
      default:
        hasher_.field(fmt::format("{} {}", value.a, value.b));
    }
  }

  const Graph& graph_;
  const IdVec<InputId, Digest>& contents_;
  Hasher hasher_;
};

class Lister {
 public:
  Lister(Survey& survey, const std::string& workspace) : survey_(survey), workspace_(workspace) {}

  Status add(InputId id) {
    const Graph& graph = survey_.graph();
    const Input& input = graph.input(id);
    const std::string name = plan::input_name(graph, id);
    if (input.kind == InputKind::Tool) return {};
    if (input.kind == InputKind::SourceTree) return add_sources(id);
    const Output* output =
        input.kind == InputKind::Source ? nullptr : &graph.output(OutputId{input.ref});
    if (output == nullptr || (input.kind == InputKind::Output && output->kind == OutputKind::File))
      return put(name, survey_.contents()[id], input_path(graph, workspace_, id));
    std::string path(graph.str(output->path));
    if (input.kind == InputKind::OutputPart) path = join_path(path, graph.str(input.part));
    Result<std::optional<store::TreeManifest>> tree =
        store::read_tree(survey_.files(), survey_.index(), survey_.look(), path);
    if (!tree) return std::unexpected(tree.error());
    if (!*tree) return put(name, survey_.contents()[id], join_path(workspace_, path));
    for (const store::TreeEntry& entry : (*tree)->entries) {
      if (entry.kind == store::TreeEntryKind::Folder) continue;
      const Digest content = entry.kind == store::TreeEntryKind::Link
                                 ? digest_of(entry.target)
                                 : store::with_mode(entry.content, entry.executable);
      const std::string full = join_path(join_path(workspace_, path), entry.path);
      if (Status done = put(name + "/" + entry.path, content, full); !done) return done;
    }
    return {};
  }

  std::vector<InputFile> take() {
    std::sort(files_.begin(), files_.end(),
              [](const InputFile& a, const InputFile& b) { return a.name < b.name; });
    const auto same = [](const InputFile& a, const InputFile& b) { return a.name == b.name; };
    files_.erase(std::unique(files_.begin(), files_.end(), same), files_.end());
    return std::move(files_);
  }

 private:
  Status add_sources(InputId id) {
    std::vector<Survey::Seen> seen;
    survey_.seen(id, seen);
    for (const Survey::Seen& one : seen) {
      const Status done =
          put(fmt::format("./{}", one.path), store::with_mode(one.content, one.stat->executable),
              join_path(workspace_, one.path));
      if (!done) return done;
    }
    return {};
  }
  Status put(std::string name, const Digest& content, std::string path) {
    if (name.find_first_of("\t\n") != name.npos || path.find('\n') != path.npos) {
      return fail(
          fmt::format("`{}` has a tab or a newline in its name, so it cannot be in the "
                      "list of changes of an incremental node",
                      printable(name)));
    }
    files_.push_back({std::move(name), content, std::move(path)});
    return {};
  }

  Survey& survey_;
  const std::string& workspace_;
  std::vector<InputFile> files_;
};

/// Takes the first line off a text.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

Result<InputFiles> input_files(Survey& survey, NodeId node, std::span<const InputId> missing,
                               const std::string& workspace) {
  const Graph& graph = survey.graph();
  BaseSink base(graph, survey.contents());
  plan::visit_key(graph, node, action_version(graph, node), survey.contents(), base);
  Lister lister(survey, workspace);
  for (const InputId id : graph.inputs(node)) {
    if (std::binary_search(missing.begin(), missing.end(), id)) continue;
    if (Status done = lister.add(id); !done) return std::unexpected(done.error());
  }
  return InputFiles{base.finish(), lister.take()};
}

std::optional<InputFiles> last_input_files(Files& files, const std::string& path,
                                           const Digest& key) {
  const Result<std::string> text = files.read(path);
  if (!text || !text->ends_with('\n')) return std::nullopt;
  std::string_view rest = *text;
  if (next_line(rest) != fmt::format("{} {}", kHead, hex(key))) return std::nullopt;
  InputFiles found;
  const std::optional<Digest> base = parse_digest(next_line(rest));
  if (!base) return std::nullopt;
  found.base = *base;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    const std::size_t tab = line.find('\t');
    const std::optional<Digest> content = parse_digest(line.substr(0, tab));
    if (tab == line.npos || !content) return std::nullopt;
    found.files.push_back({std::string(line.substr(tab + 1)), *content, {}});
  }
  return found;
}

Status save_input_files(Files& files, const std::string& path, const Digest& key,
                        const InputFiles& now) {
  std::string text = fmt::format("{} {}\n{}\n", kHead, hex(key), hex(now.base));
  for (const InputFile& file : now.files)
    text += fmt::format("{}\t{}\n", hex(file.content), file.name);
  if (Status done = files.make_folders(std::string(parent_path(path))); !done) return done;
  constexpr std::uint32_t kMode = 0644;
  return files.write(path, text, kMode, false);
}

std::string list_changes(const InputFiles* before, const InputFiles& now) {
  static const InputFiles kNothing;
  const std::vector<InputFile>& old = before ? before->files : kNothing.files;
  std::string text;
  const auto add = [&](std::string_view what, const InputFile& file) {
    text += fmt::format("{}\t{}\t{}\n", what, file.name, file.path);
  };
  auto was = old.begin();
  for (const InputFile& file : now.files) {
    for (; was != old.end() && was->name < file.name; ++was)
      add("removed", *was);
    if (was == old.end() || was->name != file.name) {
      add("added", file);
      continue;
    }
    if (was->content != file.content) add("changed", file);
    ++was;
  }
  for (; was != old.end(); ++was)
    add("removed", *was);
  return text;
}

}  // namespace devgraph::exec
