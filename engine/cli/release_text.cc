#include "engine/cli/release_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/console.h"
#include "engine/cli/json.h"

namespace devgraph::cli {

std::string short_digest(std::string_view digest) {
  constexpr std::size_t kDigits = 12;
  const std::size_t colon = digest.rfind(':');
  return printable(
      digest.substr(colon == std::string_view::npos ? 0 : colon + 1).substr(0, kDigits));
}

std::string plan_line(std::span<const exec::ReleaseStep> steps) {
  const auto present = static_cast<std::size_t>(std::ranges::count_if(
      steps, [](const auto& one) { return one.state == exec::StepState::Present; }));
  std::string line = fmt::format("{} effect{}: {} to do", steps.size(),
                                 steps.size() == 1 ? "" : "s", steps.size() - present);
  if (present > 0) line += fmt::format(", {} present", present);
  return line;
}

std::string plan_table(std::span<const exec::ReleaseStep> steps) {
  struct Row {
    std::string kind, target, digest, size, state;
  };
  std::vector<Row> rows{{"effect", "target", "digest", "size", "state"}};
  for (const exec::ReleaseStep& one : steps) {
    const actions::StepFacts& facts = one.step->facts();
    std::string state(show(one.state));
    if (one.state == exec::StepState::Moves)
      state = fmt::format("moves from {}", short_digest(one.seen.what));
    if (one.state == exec::StepState::Differs)
      state = fmt::format("differs: {}", short_digest(one.seen.what));
    rows.push_back({facts.kind, printable(facts.target), short_digest(facts.digest),
                    facts.size == 0 ? std::string() : human_size(facts.size), state});
  }
  unsigned kind = 0;
  unsigned target = 0;
  unsigned size = 0;
  for (const Row& row : rows) {
    kind = std::max(kind, text_width(row.kind));
    target = std::max(target, text_width(row.target));
    size = std::max(size, text_width(row.size));
  }
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const auto pad = [](const std::string& word, unsigned width) {
      return word + std::string(width - std::min(width, text_width(word)), ' ');
    };
    text += fmt::format("{:>4}  {}  {}  {:<12}  {}  {}\n", i == 0 ? "step" : fmt::format("{}", i),
                        pad(row.kind, kind), pad(row.target, target), row.digest,
                        pad(row.size, size), row.state);
  }
  return text;
}

std::string plan_json(const Graph& graph, std::span<const exec::ReleaseStep> steps) {
  Json list = Json::array();
  for (const exec::ReleaseStep& one : steps) {
    const actions::StepFacts& facts = one.step->facts();
    Json row = {{"label", json_text(label_of(graph, one.node))},
                {"effect", facts.kind},
                {"target", json_text(facts.target)},
                {"digest", facts.digest},
                {"size", facts.size},
                {"state", show(one.state)}};
    if (!one.seen.what.empty()) row["there"] = json_text(one.seen.what);
    list.push_back(std::move(row));
  }
  return dump({{"steps", std::move(list)}});
}

std::string release_line(const exec::ReleaseSummary& summary, std::string_view done) {
  std::string line = fmt::format("{} effect{}: {} {}", summary.steps, summary.steps == 1 ? "" : "s",
                                 summary.done, done);
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) line += fmt::format(", {} {}", count, what);
  };
  add(summary.present, "present");
  add(summary.failed, "failed");
  add(summary.blocked, "blocked");
  add(summary.not_started, "not started");
  return fmt::format("{}  {}", line, human_duration(summary.time));
}

}  // namespace devgraph::cli
