#include "engine/exec/ledger.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/digest.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

using nlohmann::json;

struct MarkName {
  Ledger::Mark mark;
  std::string_view name;
};
constexpr std::array<MarkName, 4> kMarks = {{{Ledger::Mark::Started, "started"},
                                             {Ledger::Mark::Failed, "failed"},
                                             {Ledger::Mark::Done, "done"},
                                             {Ledger::Mark::Reverted, "reverted"}}};

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string text_of(const json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Bytes that are no UTF-8 are shown, not kept: nothing is looked up by such a text.
std::string dump(const json& line) {
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string step_id(const actions::StepFacts& facts) {
  constexpr std::size_t kDigits = 16;
  return hex(sha256_of(facts.kind + '\0' + facts.target + '\0' + facts.digest)).substr(0, kDigits);
}

Result<Ledger> Ledger::open(Files& files, const std::string& state) {
  Ledger ledger(files, join_path(state, "ledger"));
  const Result<FileStat> stat = files.stat(ledger.path_);
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists()) return ledger;
  const Result<std::string> text = files.read(ledger.path_);
  if (!text) return std::unexpected(text.error());
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = text->find('\n', begin);
    if (end == std::string::npos) break;
    const std::string_view line = std::string_view(*text).substr(begin, end - begin);
    const bool is_last = end + 1 == text->size();
    if (!json::accept(line)) {
      if (is_last) break;  // Torn, and the newline of what was to be the next one.
      return fail(
          fmt::format("{} is damaged at byte {}: it tells what releases did; bring it back "
                      "from a copy, or move it away and let the targets be asked",
                      printable(ledger.path_), begin));
    }
    ledger.take(line);
    begin = end + 1;
  }
  ledger.size_ = begin;
  return ledger;
}

void Ledger::take(std::string_view line) {
  const json fields = json::parse(line);
  const std::string event = text_of(fields, "event");
  if (event == "begin") {
    ReleaseBegin begun{
        text_of(fields, "release"), text_of(fields, "commit"), {}, text_of(fields, "time")};
    for (const json& goal : fields.value("goals", json::array())) {
      if (goal.is_string()) begun.goals.push_back(goal.get<std::string>());
    }
    goals_.insert(begun.goals.begin(), begun.goals.end());
    open_releases_.push_back(begun.id);
    last_commit_ = begun.commit;
    unfinished_ = std::move(begun);
    did_anything_ = false;
    return;
  }
  if (event == "end") {
    unfinished_.reset();
    open_releases_.clear();
    return;
  }
  for (const MarkName& one : kMarks) {
    if (one.name != event) continue;
    Entry& entry = entries_[text_of(fields, "step")];
    // A step that is tried again has what was there before its first attempt.
    const bool is_again = entry.mark == Mark::Started || entry.mark == Mark::Failed;
    if (one.mark == Mark::Started && !is_again) entry.before = text_of(fields, "before");
    entry.mark = one.mark;
    entry.turn = ++turns_;
    if (one.mark == Mark::Done) did_anything_ = true;
    LastStep last{one.mark,
                  text_of(fields, "kind"),
                  text_of(fields, "target"),
                  text_of(fields, "digest"),
                  text_of(fields, "time"),
                  text_of(fields, "error"),
                  turns_};
    const std::pair name(last.kind, last.target);
    last_[text_of(fields, "label")][name] = std::move(last);
  }
}

Ledger::Entry Ledger::entry(const actions::StepFacts& facts) const {
  const auto found = entries_.find(step_id(facts));
  return found == entries_.end() ? Entry() : found->second;
}

std::vector<Ledger::LastStep> Ledger::steps_of(const std::string& label) const {
  std::vector<LastStep> steps;
  const auto found = last_.find(label);
  if (found == last_.end()) return steps;
  for (const auto& [name, last] : found->second)
    steps.push_back(last);
  std::ranges::sort(steps, {}, &LastStep::turn);
  return steps;
}

Status Ledger::append(const std::string& line) {
  if (!file_) {
    Result<std::unique_ptr<AppendFile>> opened = files_->append_to(path_, size_);
    if (!opened) return std::unexpected(opened.error());
    file_ = *std::move(opened);
  }
  if (Status done = file_->append(line); !done) return done;
  if (Status done = file_->sync(); !done) return done;
  take(std::string_view(line).substr(0, line.size() - 1));
  return {};
}

Status Ledger::begin(const ReleaseBegin& release) {
  release_ = release.id;
  return append(dump({{"event", "begin"},
                      {"release", release.id},
                      {"time", now()},
                      {"commit", release.commit},
                      {"goals", release.goals}}));
}

Status Ledger::end() {
  return append(dump({{"event", "end"}, {"release", release_}, {"time", now()}}));
}

Status Ledger::note(Mark mark, std::string_view label, const actions::StepFacts& facts,
                    std::string_view before, std::string_view error) {
  std::string_view name;
  for (const MarkName& one : kMarks) {
    if (one.mark == mark) name = one.name;
  }
  json line = {{"event", name},          {"release", release_},    {"time", now()},
               {"label", label},         {"step", step_id(facts)}, {"kind", facts.kind},
               {"target", facts.target}, {"digest", facts.digest}};
  if (!before.empty()) line["before"] = before;
  if (!error.empty()) line["error"] = error;
  return append(dump(line));
}

}  // namespace devgraph::exec
