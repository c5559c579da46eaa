/// The end of a run: were its inputs still the same, are its outputs there; landing and recording.

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/first_difference.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/coordinator.h"
#include "engine/exec/identify.h"
#include "engine/exec/tally.h"
#include "engine/plan/key.h"

namespace devgraph::exec {

Status Coordinator::ran(Running& run, const std::string& fault) {
  run.secret_folder.reset();
  if (!fault.empty()) return fail_attempt(run.token, fault);
  std::string rewritten;
  std::string wrong = changed_input(run, rewritten);
  if (wrong.empty() && (rewritten.empty() || run.again)) {
    if (std::string what = changed_folder(run); !what.empty()) rewritten = std::move(what);
  }
  if (wrong.empty() && !rewritten.empty() && !run.again && !run.second) {
    return run_again(run, rewritten);
  }
  if (wrong.empty() && graph_.node(run.node).depfile != StrId{}) wrong = read_depfile(run);
  if (!wrong.empty()) return fail_attempt(run.token, wrong);
  if (Status done = write_quarantine(run); !done) return done;
  return land(run);
}

/// The first input that is not what it was when the key was made. `rewritten`: one that is, but
/// that was written since, so that the run may have read something else in between.
std::string Coordinator::changed_input(const Running& run, std::string& rewritten) {
  std::vector<Survey::Seen> seen;
  for (const InputId input : graph_.inputs(run.node)) {
    if (std::binary_search(run.missing.begin(), run.missing.end(), input)) continue;
    survey_.seen(input, seen);
  }
  for (const Survey::Seen& one : seen) {
    const std::string path = workspace_path(one.path);
    const Result<FileStat> now = one.follow ? files_.stat(path) : files_.lstat(path);
    if (now && *now == *one.stat) continue;
    const auto changed = [&] {
      return fmt::format("input {} changed while it ran; build again", printable(one.path));
    };
    if (!now || now->kind != FileKind::Regular || now->executable != one.stat->executable) {
      return changed();
    }
    const Result<FileHash> hash = files_.hash(path, false);
    if (!hash || hash->xxh != one.content) return changed();
    *one.stat = hash->stat;
    rewritten = fmt::format("{} was written while it ran", printable(one.path));
  }
  return {};
}

/// Not empty: files came into a folder that it reads, and went again, or the other way round. If
/// they stayed, its key is of another folder than the one it saw: what it made is used, but no
/// build may ever find it by its key.
std::string Coordinator::changed_folder(Running& run) {
  std::string what;
  for (const TreeId tree : seen_trees(graph_, run.node)) {
    const std::optional<FolderWatch::Change> change = watch_.changed(tree, run.clock);
    if (!change) continue;
    const std::string folder = change->folder.empty() ? "." : printable(change->folder);
    if (!change->differs) {
      what = fmt::format("files came and went in {}/ while it ran", folder);
    } else if (!run.uncertain && !run.second) {
      run.uncertain = true;
      listener_.warning(fmt::format(
          "{} will run in the next build too, because files came or went in {}/ meanwhile",
          label_of(graph_, run.node), folder));
    }
  }
  return run.uncertain ? std::string() : what;
}

/// Runs it once more. If an input is written again, with the same bytes again, it is the command's
/// own doing, and what it made counts.
Status Coordinator::run_again(Running& run, const std::string& what) {
  if (Status done = close_log(run, what); !done) return done;
  listener_.warning(fmt::format("{} runs again, because {}", label_of(graph_, run.node), what));
  const Waiting again{run.node, run.attempt, {}, true};
  drop_in_place(run);
  discard(run);
  release(run.token);
  to_start_.emplace(frontier_->urgency(again.node), again);
  return {};
}

/// Takes up the inputs that the command told of. Not empty: what is wrong with them.
std::string Coordinator::read_depfile(Running& run) {
  const std::string name(graph_.str(graph_.node(run.node).depfile));
  const std::string folder = run.command.folder.empty() ? run.scratch : run.command.folder;
  const std::string full_name = join_path(folder, name);
  const Result<std::string> text = files_.read(full_name);
  if (!text) return fmt::format("depfile {} missing", printable(name));
  // In the folder of the project may lie one of an earlier run.
  const Result<FileStat> stat = files_.stat(full_name);
  if (!stat || std::max(stat->mtime_ns, stat->ctime_ns) < run.clock) {
    return fmt::format("depfile {} is older than this run", printable(name));
  }
  const std::optional<std::vector<std::string>> paths = parse_depfile(*text);
  if (!paths) {
    return fmt::format("depfile {} is no list as make reads it, `target: path path`",
                       printable(name));
  }

  std::vector<Survey::Seen> seen;
  for (const InputId input : graph_.inputs(run.node))
    survey_.seen(input, seen);
  std::vector<std::string> declared;
  declared.reserve(seen.size());
  for (const Survey::Seen& one : seen)
    declared.emplace_back(one.path);
  std::sort(declared.begin(), declared.end());
  for (const std::string& path : *paths) {
    const std::optional<std::string> full = canonical(join_path(folder, path).substr(1));
    if (!full) return fmt::format("depfile {} names a path outside the file system", name);
    const std::string absolute = "/" + *full;
    if (is_within(absolute, state_folder_)) continue;
    const bool ours = is_within(absolute, options_.workspace);
    std::string dep(ours ? relative_to(absolute, options_.workspace) : absolute);
    if (!std::binary_search(declared.begin(), declared.end(), dep)) {
      run.dep_paths.push_back(std::move(dep));
    }
  }
  std::sort(run.dep_paths.begin(), run.dep_paths.end());
  run.dep_paths.erase(std::unique(run.dep_paths.begin(), run.dep_paths.end()), run.dep_paths.end());
  for (const std::string& dep : run.dep_paths) {
    if (const auto made = output_paths().find(dep); made != output_paths().end()) {
      const NodeId maker = graph_.output(made->second).node;
      if (maker == run.node) continue;
      return fmt::format(
          "it reads {}, which {} makes, without having it as an input; add it to deps",
          printable(dep), label_of(graph_, maker));
    }
    const std::optional<Digest> content = survey_.look_again(dep, run.clock);
    if (!content) return fmt::format("{} changed while it ran; build again", printable(dep));
    run.deps.push_back({dep, *content});
  }
  return {};
}

/// The output by the name of `quarantine` is ours to write: who was left out.
Status Coordinator::write_quarantine(Running& run) {
  const Traits& traits = graph_.traits_of(run.node);
  const bool tolerant = traits.allow_failed != 0 || traits.allow_failed_percent != 0;
  // Rules of the standard library have the output whether they tolerate or not.
  if (!tolerant && graph_.node(run.node).kind != ActionKind::Native) return {};
  const std::span<const Output> outputs = graph_.outputs(run.node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (graph_.str(outputs[i].field) != "quarantine") continue;
    nlohmann::json labels = nlohmann::json::array();
    for (const NodeId out : run.left_out)
      labels.push_back(label_of(graph_, out));
    constexpr std::uint32_t kMode = 0644;
    return files_.write(run.items[i].staged, labels.dump(1) + "\n", kMode, false);
  }
  return {};
}

Status Coordinator::land(Running& run) {
  const bool seed = (graph_.node(run.node).flags & node_flags::kSeed) != 0;
  run.yielded = seed && stands_there(run.node);
  if (run.yielded) return landed(run, look_in_place(files_, run.items));
  // What is small is done at once: a thread costs more than it saves.
  const bool inline_now = is_small(files_, run.items);
  // The scratch folder itself: what is in the way goes with it.
  const std::string aside = run.scratch;
  // A command might have written to a file that it has in common with another output.
  const bool native = graph_.node(run.node).kind == ActionKind::Native;
  store::Twins* twins = native ? &survey_.twins() : nullptr;
  const auto work = [&files = files_, &cas = cas_, items = run.items, aside, twins,
                     keep = !run.second](Posted& posted) {
    posted.landed = inspect(files, cas, items, aside, twins);
    const Landed& found = posted.landed;
    if (!found.refused.empty() || !found.error.message.empty() || !keep) return;
    if (Status done = move_in_place(files, items, aside, posted.landed); !done) {
      posted.landed.error = done.error();
    }
  };
  if (!inline_now) {
    on_worker(run.token, work);
    return {};
  }
  Posted posted;
  work(posted);
  return landed(run, std::move(posted.landed));
}

Status Coordinator::landed(Running& run, Landed landed) {
  if (!landed.error.message.empty()) return std::unexpected(landed.error);
  if (run.second) return compare_twice(run, landed);
  if (!landed.refused.empty()) return fail_attempt(run.token, landed.refused);
  return commit(run, std::move(landed.items));
}

Status Coordinator::record_result(const Running& run, const std::vector<LandedItem>& items) {
  const NodeId node = run.node;
  store::MadeNow made;
  const std::string label = label_of(graph_, node);
  made.label = label;
  made.static_key = survey_.key(node, run.missing);
  std::vector<plan::Discovered> discovered;
  discovered.reserve(run.deps.size());
  for (const store::MadeDep& dep : run.deps)
    discovered.push_back({dep.path, dep.content});
  made.key = plan::key_with(made.static_key, discovered);
  if (run.uncertain) made.key = made.static_key = Digest{};
  made.time = run.time;
  made.deps = run.deps;
  for (const LandedItem& item : items)
    made.outputs.push_back(item.made);
  made.parts =
      parts_.add(plan::key_parts(graph_, node, action_version(graph_, node), survey_.contents()));
  const bool seed = (graph_.node(node).flags & node_flags::kSeed) != 0;
  if (seed) {
    survey_.record().add_given(made);
  } else {
    survey_.record().add_made(made);
  }
  return keep_history(run, made.key);
}

/// It was read where it was made, and moving its folder changes no stamp of a file.
void Coordinator::keep_known(LandedItem& item) {
  for (const auto& [path, known] : item.known)
    survey_.index().put(path, known);
  item.known.clear();
}

Status Coordinator::commit(Running& run, std::vector<LandedItem> items) {
  const NodeId node = run.node;
  if (Status done = close_log(run, "exit status 0"); !done) return done;
  Finished finished;
  finished.outcome = Outcome::Run;
  finished.time = run.time;
  if (options_.explain) finished.reason = reason(node);
  trace_.add(label_of(graph_, node), "run", run.started, Clock::now());

  const bool seed = (graph_.node(node).flags & node_flags::kSeed) != 0;
  const std::optional<store::Made> last = survey_.record().last(survey_.label_digest(node));
  for (LandedItem& item : items) {
    for (const auto& [sha, bytes] : item.blobs) {
      cas_.put_small(sha, bytes);
    }
    item.blobs.clear();
    keep_known(item);
  }
  if (last && !seed) {
    if (Status done = drop_old_paths(*last, items); !done) return done;
  }
  if (!run.yielded) {
    if (Status done = record_result(run, items); !done) return done;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    survey_.set_output(graph_.output_id(node, i), items[i].now, items[i].stat);
  }
  recycle(run);
  if (!options_.twice || seed || is_halting()) {
    release(run.token);
    end(node, std::move(finished), State::Done);
    return {};
  }
  Running second;
  second.node = node;
  second.second = true;
  second.missing = run.missing;
  second.left_out = run.left_out;
  second.first = std::move(items);
  second.first_time = run.time;
  running_.erase(run.token);  // The slot goes over to the second run.
  return start_attempt(std::move(second));
}

Status Coordinator::compare_twice(Running& run, const Landed& landed) {
  const NodeId node = run.node;
  const std::string label = label_of(graph_, node);
  if (!landed.refused.empty()) not_equal_.push_back(fmt::format("{}: {}", label, landed.refused));
  for (std::size_t i = 0; i < landed.items.size() && landed.items.size() == run.first.size(); ++i) {
    if (landed.items[i].now.content == run.first[i].now.content &&
        landed.items[i].now.kind == run.first[i].now.kind &&
        landed.items[i].now.executable == run.first[i].now.executable) {
      continue;
    }
    std::string what = fmt::format("{}: {}", label, printable(run.first[i].made.path));
    const std::string where =
        actions::first_difference(files_, run.items.at(i).place, run.items.at(i).staged);
    if (!where.empty()) what += ": " + where;
    not_equal_.push_back(std::move(what));
  }
  if (Status done = close_log(run, "exit status 0, second run"); !done) return done;
  Finished finished;
  finished.outcome = Outcome::Run;
  finished.time = run.first_time;
  recycle(run);
  release(run.token);
  end(node, std::move(finished), State::Done);
  return {};
}

Status Coordinator::close_log(Running& run, std::string_view what) {
  if (!run.log) return {};
  const Status done = run.log->append(log_footer(what, run.time));
  run.log.reset();
  return done;
}

/// Outputs made in place: if the run came to nothing, the earlier ones come back.
void Coordinator::bring_back(Running& run) {
  for (const auto& [place, waiting] : run.moved) {
    const Result<FileStat> stat = files_.lstat(place);
    if (stat && !stat->exists()) static_cast<void>(files_.rename(waiting, place));
  }
  if (!run.moved.empty()) litter_.push_back(run.scratch + ".aside");
}

/// Half of an output made in place must not stay there; discard() brings the earlier one back.
void Coordinator::drop_in_place(const Running& run) {
  for (const LandItem& item : run.items) {
    if (item.staged == item.place) static_cast<void>(files_.remove_all(item.place));
  }
}

/// The scratch folder goes with the next flush.
void Coordinator::discard(Running& run) {
  bring_back(run);
  if (!run.scratch.empty()) litter_.push_back(run.scratch);
}

/// The scratch folder is for the next one, unless somebody may still write into it.
void Coordinator::recycle(Running& run) {
  if (run.left_children) return discard(run);
  bring_back(run);
  used_scratch_.push_back(run.scratch);
}

/// Empties the folders that staging makes for each command, and deletes all else.
bool Coordinator::clean_scratch(const std::string& folder) {
  constexpr std::uint32_t kOwnerMayAll = 0700;
  const auto is_sound = [&](const std::string& path) {
    const Result<FileStat> stat = files_.lstat(path);
    return stat && stat->kind == FileKind::Folder && (stat->mode & kOwnerMayAll) == kOwnerMayAll;
  };
  if (!is_sound(folder)) return false;
  const Result<std::vector<FolderEntry>> entries = files_.list(folder);
  if (!entries) return false;
  for (const FolderEntry& entry : *entries) {
    const std::string path = join_path(folder, entry.name);
    const bool fixed = entry.name == "out" || entry.name == "tmp" || entry.name == "work";
    if (!fixed || !is_sound(path)) {
      if (!files_.remove_all(path)) return false;
      continue;
    }
    const Result<std::vector<FolderEntry>> below = files_.list(path);
    if (!below) return false;
    for (const FolderEntry& one : *below) {
      if (!files_.remove_all(join_path(path, one.name))) return false;
    }
  }
  return true;
}

void Coordinator::release(std::uint64_t token) {
  const auto found = running_.find(token);
  if (found == running_.end()) return;
  capacity_.give(found->second.node);
  if (options_.jobserver) options_.jobserver->release();
  running_.erase(found);
}

}  // namespace devgraph::exec
