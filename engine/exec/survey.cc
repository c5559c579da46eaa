#include "engine/exec/survey.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/parallel_rows.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/identify.h"
#include "engine/exec/normalize.h"
#include "engine/exec/owned.h"
#include "engine/graph/order.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

plan::OutputNow output_now(const store::FileFact& fact) {
  plan::OutputNow now;
  now.exists = fact.stat.kind == FileKind::Regular || fact.stat.kind == FileKind::Symlink;
  now.kind = fact.stat.kind == FileKind::Symlink ? store::MadeKind::Link : store::MadeKind::File;
  now.executable = fact.stat.executable;
  now.content = fact.content;
  return now;
}

}  // namespace

Digest output_content(const plan::OutputNow& now) {
  if (!now.exists) return {};
  if (now.kind == store::MadeKind::File) return store::with_mode(now.content, now.executable);
  if (now.kind == store::MadeKind::Tree) return now.content;
  Hasher hasher;
  hasher.field("link");
  hasher.digest(now.content);
  return hasher.finish();
}

Survey::Survey(const Graph& graph, Files& files, const Options& options)
    : graph_(&graph),
      files_(&files),
      options_(options),
      record_(store::Record::load(files, options.state)),
      index_(store::StatIndex::load(files, options.state)),
      verdicts_(graph.node_count(), Verdict::Unwanted),
      sources_(graph.file_count()),
      outputs_(graph.output_count()),
      output_stats_(graph.output_count()),
      contents_(graph.input_count()),
      wanted_inputs_(graph.input_count()),
      wanted_files_(graph.file_count()) {
  look_.workspace = options.workspace;
  look_.paranoid = options.paranoid;
  look_.twins = twins_.get();
  // Without a clock (a read-only tree) no reading is ever trusted later, which is safe.
  look_.now = files.clock(options.state).value_or(0);
}

Result<Survey> Survey::make(const Graph& graph, Files& files, const Options& options) {
  Survey survey(graph, files, options);
  survey.order_ = needed_order(graph, options.goals);
  survey.gather();
  survey.identify();
  if (Status done = survey.look_at_sources(); !done) return std::unexpected(done.error());
  if (Status done = survey.check_sources(); !done) return std::unexpected(done.error());
  if (Status done = survey.look_at_outputs(); !done) return std::unexpected(done.error());
  if (Status done = survey.fill_contents(); !done) return std::unexpected(done.error());
  survey.judge_all();
  return survey;
}

/// Which inputs and files the wanted nodes have.
void Survey::gather() {
  for (const NodeId node : order_) {
    for (const InputId input : graph_->inputs(node))
      wanted_inputs_[input] = 1;
  }
  for (std::uint32_t i = 0; i < wanted_inputs_.size(); ++i) {
    if (wanted_inputs_[InputId{i}] == 0) continue;
    const Input& input = graph_->input(InputId{i});
    if (input.kind == InputKind::Source || input.kind == InputKind::Tool) {
      wanted_files_[FileId{input.ref}] = 1;
    } else if (input.kind == InputKind::SourceTree) {
      for (const FileId file : graph_->tree_files(TreeId{input.ref}))
        wanted_files_[file] = 1;
    }
  }
}

/// Kept with a graph that was saved; else made now.
void Survey::identify() {
  identities_ = graph_->identities();
  if (!identities_.empty() || graph_->node_count() == 0) return;
  own_identities_ = exec::identify(*graph_);
  identities_ = {own_identities_.begin(), own_identities_.end()};
}

Status Survey::look_at_sources() {
  std::vector<FileId> ids;
  std::vector<std::string_view> paths;
  for (std::uint32_t i = 0; i < wanted_files_.size(); ++i) {
    if (wanted_files_[FileId{i}] == 0) continue;
    ids.push_back(FileId{i});
    paths.push_back(graph_->str(graph_->file(FileId{i}).path));
  }
  std::vector<store::FileFact> facts = store::look_at(*files_, index_, look_, paths);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!facts[i].error.empty()) return fail(facts[i].error);
    sources_[ids[i]] = std::move(facts[i]);
  }
  return {};
}

/// An absent source is found before anything runs, with the node that needs it.
Status Survey::check_sources() const {
  bool any = false;
  for (std::uint32_t i = 0; i < wanted_files_.size() && !any; ++i) {
    any = wanted_files_[FileId{i}] != 0 && sources_[FileId{i}].stat.kind != FileKind::Regular;
  }
  if (!any) return {};
  const auto wrong = [&](FileId file) { return sources_[file].stat.kind != FileKind::Regular; };
  const auto say = [&](FileId file, NodeId node) {
    const std::string path = printable(graph_->str(graph_->file(file).path));
    const char* what = sources_[file].stat.exists() ? "is no regular file" : "does not exist";
    std::string cure;
    if (const auto owner = owner_of(*graph_, graph_->str(graph_->file(file).path))) {
      cure =
          fmt::format("; `devgraph {} {}` writes it", is_links(*graph_, *owner) ? "link" : "freeze",
                      shell_word(label_of(*graph_, *owner)));
    }
    return fail(
        fmt::format("source `{}` {}; {} needs it{}", path, what, label_of(*graph_, node), cure));
  };
  for (const NodeId node : order_) {
    for (const InputId id : graph_->inputs(node)) {
      const Input& input = graph_->input(id);
      const bool file = input.kind == InputKind::Source || input.kind == InputKind::Tool;
      if (file && wrong(FileId{input.ref})) return say(FileId{input.ref}, node);
      if (input.kind != InputKind::SourceTree) continue;
      for (const FileId member : graph_->tree_files(TreeId{input.ref})) {
        if (wrong(member)) return say(member, node);
      }
    }
  }
  return {};
}

Status Survey::look_at_outputs() {
  std::vector<OutputId> ids;
  std::vector<std::string_view> paths;
  std::vector<OutputId> trees;
  for (const NodeId node : order_) {
    const std::size_t count = graph_->outputs(node).size();
    for (std::size_t i = 0; i < count; ++i) {
      const OutputId id = graph_->output_id(node, i);
      const Output& output = graph_->output(id);
      if (output.kind == OutputKind::Tree) {
        trees.push_back(id);
      } else {
        ids.push_back(id);
        paths.push_back(graph_->str(output.path));
      }
    }
  }
  store::Look look = look_;
  look.follow = false;
  const std::vector<store::FileFact> facts = store::look_at(*files_, index_, look, paths);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    // What cannot be read is not as it was made, so it will be made again.
    outputs_[ids[i]] = output_now(facts[i]);
    if (!facts[i].error.empty()) outputs_[ids[i]].content = {};
    output_stats_[ids[i]] = facts[i].stat;
  }
  for (const OutputId id : trees) {
    const std::string_view path = graph_->str(graph_->output(id).path);
    const Result<std::optional<Digest>> digest = store::digest_tree(*files_, index_, look, path);
    plan::OutputNow& now = outputs_[id];
    now.kind = store::MadeKind::Tree;
    const std::optional<Digest> content = digest.value_or(std::nullopt);
    now.exists = content.has_value();
    if (content) now.content = *content;
    // A folder that cannot be read through, or something else in its place, is there but wrong.
    const Result<FileStat> stat = files_->lstat(join_path(look_.workspace, path));
    if (stat) output_stats_[id] = *stat;
    if (!now.exists && stat && stat->exists()) now.exists = true;
  }
  return {};
}

Result<Digest> Survey::part_content(const Input& input) {
  const std::string_view tree = graph_->str(graph_->output(OutputId{input.ref}).path);
  const std::string path = join_path(tree, graph_->str(input.part));
  const std::string_view view = path;
  const std::vector<store::FileFact> facts = store::look_at(*files_, index_, look_, {&view, 1});
  if (!facts[0].error.empty()) return fail(facts[0].error);
  if (facts[0].stat.kind == FileKind::Folder) {
    const Result<std::optional<Digest>> digest = store::digest_tree(*files_, index_, look_, path);
    if (!digest) return std::unexpected(digest.error());
    return digest->value_or(Digest{});
  }
  if (facts[0].stat.kind != FileKind::Regular) return Digest{};
  return store::with_mode(facts[0].content, facts[0].stat.executable);
}

bool Survey::is_link(OutputId id) const {
  return outputs_[id].exists && outputs_[id].kind == store::MadeKind::Link;
}

/// A link as an input: who opens it reads what it leads to.
Digest Survey::link_content(OutputId id) {
  const std::string_view path = graph_->str(graph_->output(id).path);
  store::FileFact& behind = behind_[id];
  behind = std::move(store::look_at(*files_, index_, look_, {&path, 1})[0]);
  Hasher hasher;
  hasher.field("link to content");
  hasher.digest(output_content(outputs_[id]));
  hasher.number(static_cast<std::uint64_t>(behind.stat.kind));
  hasher.digest(store::with_mode(behind.content, behind.stat.executable));
  return hasher.finish();
}

Result<Digest> Survey::normalized_content(const Input& input) {
  const bool source = input.kind == InputKind::Source;
  std::string path(source ? graph_->str(graph_->file(FileId{input.ref}).path)
                          : graph_->str(graph_->output(OutputId{input.ref}).path));
  if (input.kind == InputKind::OutputPart) path = join_path(path, graph_->str(input.part));
  const std::string full = join_path(look_.workspace, path);
  const Result<FileStat> stat = files_->stat(full);
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind != FileKind::Regular) return Digest{};
  const std::string filters(graph_->str(input.normalize));
  // A name that no file can have, as it holds a NUL: the digest behind the filters.
  const std::string name = path + std::string(1, '\0') + filters;
  const std::optional<store::Known> known = index_.find(name);
  if (known && !look_.paranoid && store::is_trusted(*known, *stat)) {
    return store::with_mode(known->content, stat->executable);
  }
  const Result<std::string> text = files_->read(full);
  if (!text) return std::unexpected(text.error());
  const Digest content = digest_of(normalize(*text, path, filters));
  index_.put(name, store::Known{*stat, look_.now, content, std::nullopt});
  return store::with_mode(content, stat->executable);
}

Result<Digest> Survey::content_of(InputId id) {
  const Input& input = graph_->input(id);
  if (input.normalize != StrId{} && input.kind != InputKind::SourceTree) {
    return normalized_content(input);
  }
  switch (input.kind) {
    case InputKind::Source:
    case InputKind::Tool: {
      const store::FileFact& fact = sources_[FileId{input.ref}];
      return store::with_mode(fact.content, fact.stat.executable);
    }
    case InputKind::SourceTree: {
      const Tree& tree = graph_->tree(TreeId{input.ref});
      Hasher hasher;
      hasher.field("source tree");
      for (const FileId file : graph_->tree_files(TreeId{input.ref})) {
        const std::string_view path = graph_->str(graph_->file(file).path);
        hasher.field(relative_to(path, graph_->str(tree.path)));
        hasher.digest(store::with_mode(sources_[file].content, sources_[file].stat.executable));
      }
      return hasher.finish();
    }
    case InputKind::Output:
      if (is_link(OutputId{input.ref})) return link_content(OutputId{input.ref});
      return output_content(outputs_[OutputId{input.ref}]);
    case InputKind::OutputPart:
      return part_content(input);
  }
  return Digest{};
}

Status Survey::fill_contents() {
  std::vector<InputId> plain, special;
  for (std::uint32_t i = 0; i < wanted_inputs_.size(); ++i) {
    const InputId id{i};
    if (wanted_inputs_[id] == 0) continue;
    const Input& input = graph_->input(id);
    const bool link = input.kind == InputKind::Output && is_link(OutputId{input.ref});
    const bool reads = link || input.kind == InputKind::OutputPart || input.normalize != StrId{};
    (reads ? special : plain).push_back(id);
  }
  for_rows(plain.size(), [&](std::size_t i) { contents_[plain[i]] = *content_of(plain[i]); });
  // These go through the index, which only one thread may change.
  for (const InputId id : special) {
    const Result<Digest> content = content_of(id);
    if (!content) return std::unexpected(content.error());
    contents_[id] = *content;
  }
  return {};
}

void Survey::index_readers() {
  for (std::uint32_t i = 0; i < wanted_inputs_.size(); ++i) {
    if (wanted_inputs_[InputId{i}] == 0) continue;
    const Input& input = graph_->input(InputId{i});
    if (input.kind != InputKind::Output && input.kind != InputKind::OutputPart) continue;
    readers_.emplace_back(OutputId{input.ref}, InputId{i});
  }
  std::sort(readers_.begin(), readers_.end());
}

void Survey::set_output(OutputId id, const plan::OutputNow& now, const FileStat& stat) {
  outputs_[id] = now;
  output_stats_[id] = stat;
  update_readers(id);
}

void Survey::look_behind_links(NodeId id) {
  for (std::size_t i = 0; i < graph_->outputs(id).size(); ++i) {
    const OutputId output = graph_->output_id(id, i);
    if (is_link(output)) update_readers(output);
  }
}

void Survey::update_readers(OutputId id) {
  if (readers_.empty()) index_readers();
  auto at = std::lower_bound(readers_.begin(), readers_.end(), std::pair{id, InputId{0}});
  for (; at != readers_.end() && at->first == id; ++at) {
    // A part that cannot be read counts as absent; its consumers then say so.
    contents_[at->second] = content_of(at->second).value_or(Digest{});
  }
}

void Survey::seen(InputId id, std::vector<Seen>& out) {
  const Input& input = graph_->input(id);
  const auto file = [&](FileId ref) {
    store::FileFact& fact = sources_[ref];
    out.push_back({graph_->str(graph_->file(ref).path), &fact.stat, fact.content, true});
  };
  switch (input.kind) {
    case InputKind::Source:
    case InputKind::Tool:
      return file(FileId{input.ref});
    case InputKind::SourceTree:
      for (const FileId member : graph_->tree_files(TreeId{input.ref}))
        file(member);
      return;
    case InputKind::Output: {
      const OutputId output{input.ref};
      if (outputs_[output].kind == store::MadeKind::Tree) return;
      const std::string_view path = graph_->str(graph_->output(output).path);
      out.push_back({path, &output_stats_[output], outputs_[output].content, false});
      if (const auto behind = behind_.find(output); behind != behind_.end() && is_link(output)) {
        out.push_back({path, &behind->second.stat, behind->second.content, true});
      }
      return;
    }
    case InputKind::OutputPart:
      return;
  }
}

std::optional<InputId> Survey::absent_part(NodeId id, std::span<const InputId> missing) const {
  for (const InputId input : graph_->inputs(id)) {
    if (std::binary_search(missing.begin(), missing.end(), input)) continue;
    if (graph_->input(input).kind == InputKind::OutputPart && contents_[input].is_zero())
      return input;
  }
  return std::nullopt;
}

}  // namespace devgraph::exec
