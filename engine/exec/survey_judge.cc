/// The part of a Survey that decides: keys, inputs found while running, verdicts.

#include <algorithm>

#include "engine/base/parallel_rows.h"
#include "engine/exec/survey.h"
#include "engine/plan/key.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

bool is_seed(const Node& node) {
  return (node.flags & node_flags::kSeed) != 0;
}

}  // namespace

Digest Survey::key(NodeId id, std::span<const InputId> missing) const {
  return plan::full_key(*graph_, id, identities_[index_of(id)].static_key, contents_, missing);
}

Digest Survey::path_content(const std::string& path) {
  if (!deps_.contains(path)) look_at_deps({path});
  const store::FileFact& fact = deps_[path];
  return store::with_mode(fact.content, fact.stat.executable);
}

std::optional<Digest> Survey::look_again(const std::string& path, std::int64_t started) {
  const std::string_view view = path;
  std::vector<store::FileFact> facts = store::look_at(*files_, index_, look_, {&view, 1});
  const FileStat& stat = facts[0].stat;
  if (!facts[0].error.empty() || std::max(stat.mtime_ns, stat.ctime_ns) >= started) {
    return std::nullopt;
  }
  const Digest content = store::with_mode(facts[0].content, stat.executable);
  deps_[path] = std::move(facts[0]);
  return content;
}

Digest Survey::key_like(const Digest& key, const store::Made& made) {
  if (made.dep_count() == 0) return key;
  std::vector<plan::Discovered> now;
  for (const store::MadeDep& dep : made.deps()) {
    now.push_back({dep.path, path_content(std::string(dep.path))});
  }
  return plan::key_with(key, now);
}

void Survey::look_at_deps(const std::vector<std::string>& paths) {
  const std::vector<std::string_view> views(paths.begin(), paths.end());
  std::vector<store::FileFact> facts = store::look_at(*files_, index_, look_, views);
  for (std::size_t i = 0; i < paths.size(); ++i)
    deps_[paths[i]] = std::move(facts[i]);
}

std::vector<plan::OutputNow> Survey::outputs_now(NodeId id) const {
  std::vector<plan::OutputNow> now;
  for (std::size_t i = 0; i < graph_->outputs(id).size(); ++i) {
    now.push_back(outputs_[graph_->output_id(id, i)]);
  }
  return now;
}

Verdict Survey::judge_one(NodeId id) {
  const Node& node = graph_->node(id);
  if (node.kind == ActionKind::Group) return Verdict::Fresh;
  if (node.late != StrId{}) return Verdict::NeverBuilt;
  const std::uint32_t count = node.outputs.count;
  const auto output = [&](std::size_t i) -> const plan::OutputNow& {
    return outputs_[graph_->output_id(id, i)];
  };
  if (is_seed(node)) {
    // What a seed made belongs to the user: any content is right.
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!output(i).exists) return Verdict::OutputMissing;
    }
    return Verdict::Fresh;
  }
  const std::optional<store::Made> last = record_.last(label_digest(id));
  if (!last) return Verdict::NeverBuilt;
  Digest now = key(id);
  if (last->dep_count() != 0) now = key_like(now, *last);
  // As plan::judge, on the rows in place.
  if (last->key() != now || last->output_count() != count) return Verdict::KeyChanged;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!output(i).exists) return Verdict::OutputMissing;
    if (!plan::is_as_made(last->output(i), output(i))) return Verdict::OutputAltered;
  }
  return Verdict::Fresh;
}

void Survey::judge_all() {
  // Discovered inputs first, all at once, so that judging only reads.
  std::vector<std::string> paths;
  for (const NodeId id : order_) {
    if (graph_->node(id).depfile == StrId{}) continue;
    const std::optional<store::Made> last = record_.last(label_digest(id));
    if (!last) continue;
    for (const store::MadeDep& dep : last->deps())
      paths.emplace_back(dep.path);
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  look_at_deps(paths);

  for_rows(order_.size(), [&](std::size_t i) { verdicts_[order_[i]] = judge_one(order_[i]); });
  all_fresh_ = std::all_of(order_.begin(), order_.end(),
                           [&](NodeId id) { return verdicts_[id] == Verdict::Fresh; });
}

}  // namespace devgraph::exec
