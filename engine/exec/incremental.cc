/// Nodes with `incremental = true`: what the last run made and what is different since, for the
/// next one.

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/exec/coordinator.h"
#include "engine/graph/label.h"

namespace devgraph::exec {

std::string Coordinator::history_path(NodeId node) const {
  return fmt::format("{}/inputs/{}", state_folder_, log_stem(graph_, node));
}

/// Lays out `previous`, with the outputs of the last result by their declared names, and the file
/// `changes`. Where the last result is no use, `previous` is empty and all inputs are new.
Status Coordinator::lay_out_history(Running& run) {
  Result<InputFiles> now = input_files(survey_, run.node, run.missing, options_.workspace);
  if (!now) return std::unexpected(now.error());
  run.read = std::move(*now);
  const std::string previous = join_path(run.scratch, "previous");
  if (Status done = files_.remove_all(previous); !done) return done;
  if (Status done = files_.make_folders(previous); !done) return done;
  std::optional<InputFiles> before;
  const std::optional<store::Made> last = survey_.record().last(survey_.label_digest(run.node));
  // The second run of --twice starts from nothing: it shows whether the short way leads to the
  // same.
  const bool afresh = run.second || again_[run.node] != 0;
  if (last && !afresh) before = last_input_files(files_, history_path(run.node), last->key());
  if (before && before->base != run.read->base) before.reset();
  if (before && last) {
    const Result<bool> there = restore_previous(run, *last, previous);
    if (!there) return std::unexpected(there.error());
    if (!*there) before.reset();
  }
  constexpr std::uint32_t kMode = 0644;
  return files_.write(join_path(run.scratch, "changes"),
                      list_changes(before ? &*before : nullptr, *run.read), kMode, false);
}

/// False: not all is in the store any more; the folder is empty then.
Result<bool> Coordinator::restore_previous(const Running& run, const store::Made& last,
                                           const std::string& folder) {
  const std::span<const Output> outputs = graph_.outputs(run.node);
  bool all = last.output_count() == outputs.size();
  for (std::size_t i = 0; all && i < outputs.size(); ++i) {
    const std::string place = join_path(folder, graph_.str(outputs[i].declared));
    if (Status done = files_.make_folders(std::string(parent_path(place))); !done)
      return std::unexpected(done.error());
    std::vector<std::pair<std::string, store::Known>> known;
    const std::string shared = state_folder_ + "/scratch/shared";
    const Result<bool> there = restore_output(files_, cas_, last.output(i), shared, place, known);
    if (!there) return there;
    all = *there;
  }
  if (all) return true;
  if (Status done = files_.remove_all(folder); !done) return std::unexpected(done.error());
  if (Status done = files_.make_folders(folder); !done) return std::unexpected(done.error());
  return false;
}

/// After a result: what it was made from, for the next run.
Status Coordinator::keep_history(const Running& run, const Digest& key) {
  if (!run.read || run.uncertain) return {};
  return save_input_files(files_, history_path(run.node), key, *run.read);
}

}  // namespace devgraph::exec
