#include "engine/exec/sweep.h"

#include <map>
#include <utility>

#include "engine/base/path.h"
#include "engine/exec/found_results.h"
#include "engine/exec/identify.h"
#include "engine/graph/label.h"
#include "engine/graph/order.h"

namespace devgraph::exec {

Sweep::Sweep(const Graph& graph, Files& files, Options options)
    : graph_(graph), files_(files), options_(std::move(options)), cas_(files, options_.state) {
  for (const NodeId node : all_nodes())
    labels_.insert(digest_of(label_of(graph, node)));
}

std::vector<NodeId> Sweep::all_nodes() const {
  std::vector<NodeId> all;
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i)
    all.push_back(NodeId{i});
  return all;
}

/// The nodes that could run: no source is absent, of them or of what they need.
std::vector<NodeId> Sweep::with_sources() const {
  const auto is_there = [&](FileId file) {
    const std::string path(graph_.str(graph_.file(file).path));
    const Result<FileStat> stat =
        files_.stat(path.starts_with('/') ? path : join_path(options_.workspace, path));
    return stat && stat->kind == FileKind::Regular;
  };
  IdVec<NodeId, std::uint8_t> bad(graph_.node_count(), 0);
  std::vector<NodeId> good;
  for (const NodeId node : needed_order(graph_, all_nodes())) {
    bool whole = true;
    for (const InputId id : graph_.inputs(node)) {
      const Input& input = graph_.input(id);
      if (const std::optional<NodeId> need = graph_.producer(id)) {
        whole = whole && bad[*need] == 0;
      } else if (input.kind == InputKind::SourceTree) {
        for (const FileId file : graph_.tree_files(TreeId{input.ref}))
          whole = whole && is_there(file);
      } else {
        whole = whole && is_there(FileId{input.ref});
      }
    }
    for (const NodeId need : graph_.after(node))
      whole = whole && bad[need] == 0;
    bad[node] = whole ? 0 : 1;
    if (whole) good.push_back(node);
  }
  return good;
}

/// Label and key of what the nodes find as things stand.
Result<std::set<std::pair<Digest, Digest>>> Sweep::needed_now() {
  Survey::Options options{
      .workspace = options_.workspace, .state = options_.state, .goals = all_nodes()};
  Result<Survey> survey = Survey::make(graph_, files_, options);
  if (!survey) {
    // A node that cannot run needs nothing but what it made last.
    options.goals = with_sources();
    survey = Survey::make(graph_, files_, options);
  }
  if (!survey) return std::unexpected(survey.error());
  survey_.emplace(std::move(*survey));
  std::set<std::pair<Digest, Digest>> needed;
  for (const std::optional<store::Made>& made : find_results(*survey_, cas_)) {
    if (made) needed.emplace(made->label_digest(), made->key());
  }
  return needed;
}

Result<std::vector<Sweep::Spare>> Sweep::find() {
  const Result<std::set<std::pair<Digest, Digest>>> needed = needed_now();
  if (!needed) return std::unexpected(needed.error());
  collector_.emplace(files_, survey_->record(), cas_);
  // Of equal results the newest counts: the others are never found.
  std::set<std::pair<Digest, Digest>> kept;
  std::vector<store::Collector::Row> rest;
  const std::set<std::string_view> undecided = undecided_projects(graph_);
  const auto may_be_there = [&](const store::Made& made) {
    return labels_.contains(made.label_digest()) || undecided.contains(project_of(made.label()));
  };
  for (const store::Collector::Row& row : collector_->rows()) {
    const std::pair<Digest, Digest> name{row.made.label_digest(), row.made.key()};
    const bool last = row.is_last && may_be_there(row.made);
    if ((last || needed->contains(name)) && kept.insert(name).second) {
      collector_->keep(row.made);
      kept_labels_.insert(name.first);
    } else {
      rest.push_back(row);
    }
  }
  std::size_t room = 0;
  for (; options_.budget && room < rest.size(); ++room) {
    const store::Made& made = rest[room].made;
    if (collector_->needed() + collector_->cost(made) > *options_.budget) break;
    collector_->keep(made);
    kept_labels_.insert(made.label_digest());
  }
  std::map<std::string, Spare> spare;
  for (std::size_t i = room; i < rest.size(); ++i) {
    const store::Collector::Row& row = rest[i];
    const Digest label = row.made.label_digest();
    const std::uint64_t bytes = collector_->drop(row);
    const bool again = kept.contains({label, row.made.key()});
    if (bytes == 0 && (again || row.is_last)) continue;
    Spare& line = spare[std::string(row.made.label())];
    line.in_graph = labels_.contains(label);
    line.bytes += bytes;
    ++line.count;
  }
  stray_bytes_ = collector_->drop_strays();
  std::vector<Spare> lines;
  for (auto& [label, line] : spare) {
    line.label = label;
    lines.push_back(std::move(line));
  }
  return lines;
}

Status Sweep::drop() {
  store::Parts parts(files_, options_.state);
  return collector_->apply(parts);
}

}  // namespace devgraph::exec
