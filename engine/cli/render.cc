#include "engine/cli/render.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/console.h"
#include "engine/exec/tally.h"

namespace devgraph::cli {
namespace {

std::string plural(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string tail_text(const exec::Failure& failure, const RenderStyle& style) {
  if (failure.tail.empty()) return {};
  std::string text;
  const bool guarded = !style.github_token.empty();
  if (guarded) text += fmt::format("::stop-commands::{}\n", style.github_token);
  const std::string bar = painted(style.color, Paint::Dim, "|");
  for (const std::string& line : failure.tail)
    text += fmt::format("  {} {}\n", bar, clean_line(line, style.color));
  if (guarded) text += fmt::format("::{}::\n", style.github_token);
  return text;
}

/// `//:a, //:b` as a column: padded to the longest, within reason.
std::size_t label_column(const std::vector<std::string>& labels) {
  constexpr std::size_t kWidest = 60;
  std::size_t width = 0;
  for (const std::string& label : labels)
    width = std::max<std::size_t>(width, text_width(label));
  return std::min(width, kWidest);
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t have = text_width(text);
  return have < width ? text + std::string(width - have, ' ') : text;
}

/// What failed, where a node tolerates less of it, and what can be done.
std::string too_many_text(const Graph& graph, const Node& node, const exec::TooMany& refused,
                          const RenderStyle& style) {
  std::string text;
  constexpr std::size_t kMost = 5;
  const std::size_t count = refused.failed.size();
  for (std::size_t i = 0; i < std::min(kMost, count); ++i)
    text += fmt::format("    {}\n", shown_label(graph, refused.failed[i]));
  if (count > kMost) text += fmt::format("    and {} more\n", count - kMost);
  text += fmt::format("    {} {}:{}: ", painted(style.color, Paint::Blue, "-->"),
                      printable(graph.str(node.manifest)), node.line);
  if (!refused.unlisted)
    return text + fmt::format("mend them, or do without: allow_failed = {}\n", count);
  return text + fmt::format("`allow_failed` leaves out parts of lists; {} stands in none\n",
                            shown_label(graph, *refused.unlisted));
}

}  // namespace

std::string shown_label(const Graph& graph, NodeId node) {
  return printable(label_of(graph, node));
}

std::string blocked_by(const Graph& graph, const exec::Finished& end) {
  if (end.too_many && !end.too_many->unlisted) {
    const std::size_t percent = graph.traits_of(end.node).allow_failed_percent;
    const std::string share = percent == 0 ? "" : fmt::format(" ({}%)", percent);
    return fmt::format("by {} of {}, `allow_failed` permits {}{}",
                       plural(end.too_many->failed.size(), "failure"), end.too_many->listed,
                       end.too_many->allowed, share);
  }
  return end.blocked_by ? fmt::format("by {}", shown_label(graph, *end.blocked_by)) : "";
}

std::string failure_block(const Graph& graph, const exec::Finished& end, const RenderStyle& style) {
  std::string text = fmt::format("{} {}", painted(style.color, Paint::Red, "failed"),
                                 painted(style.color, Paint::Bold, shown_label(graph, end.node)));
  if (!end.failure) return text + "\n";
  const exec::Failure& failure = *end.failure;
  text += fmt::format(": {}", printable(failure.what));
  if (failure.attempts > 1) text += fmt::format(", {} attempts", failure.attempts);
  text += fmt::format("  {}\n", human_duration(end.time));
  if (!failure.manifest.empty()) {
    text += fmt::format("  {} {}:{}\n", painted(style.color, Paint::Blue, "-->"),
                        printable(failure.manifest), failure.line);
  }
  if (!failure.command.empty()) {
    std::string command = printable(failure.command);
    if (!command.starts_with("$") && !command.starts_with(">")) command = "$ " + command;
    text += fmt::format("  {}\n", painted(style.color, Paint::Bold, command));
  }
  text += tail_text(failure, style);
  const auto note = [&](std::string_view name, std::string_view words) {
    text += fmt::format("  {} {}: {}\n", painted(style.color, Paint::Blue, "="), name,
                        printable(words));
  };
  if (!failure.log.empty()) note("log", failure.log);
  for (const std::string& hint : failure.hints)
    note("hint", hint);
  return text;
}

std::string stopping_line(int signal, std::size_t running) {
  if (running == 0) return {};
  return fmt::format("{}: {} told to end; the signal once more kills {}\n",
                     exec::signal_name(signal),
                     running == 1 ? "1 command is" : fmt::format("{} commands are", running),
                     running == 1 ? "it" : "them");
}

std::string stopped_line(const exec::Summary& summary) {
  if (summary.signal == 0) return {};
  return fmt::format("stopped by {}\n", exec::signal_name(summary.signal));
}

std::string summary_line(const exec::Summary& summary, bool dry_run) {
  std::string text = fmt::format("{}: {} {}, {} fresh", plural(summary.nodes, "node"), summary.run,
                                 dry_run ? "would run" : "run", summary.fresh);
  if (summary.failed > 0) text += fmt::format(", {} failed", summary.failed);
  if (summary.blocked > 0) text += fmt::format(", {} blocked", summary.blocked);
  if (summary.not_started > 0) text += fmt::format(", {} not started", summary.not_started);
  return text + fmt::format("  {}", human_duration(summary.time));
}

std::string summary_lists(const Graph& graph, const exec::Summary& summary,
                          const RenderStyle& style) {
  std::vector<std::string> labels;
  labels.reserve(summary.bad.size());
  for (const exec::Finished& end : summary.bad)
    labels.push_back(shown_label(graph, end.node));
  const std::size_t width = label_column(labels);
  std::string failed;
  std::string blocked;
  for (std::size_t i = 0; i < summary.bad.size(); ++i) {
    const exec::Finished& end = summary.bad[i];
    if (end.outcome == exec::Outcome::Blocked) {
      blocked += fmt::format("  {}  {}  {}\n", painted(style.color, Paint::Yellow, "blocked"),
                             padded(labels[i], width), blocked_by(graph, end));
      if (end.too_many) {
        blocked += too_many_text(graph, graph.node(end.node), *end.too_many, style);
      }
    } else {
      failed +=
          fmt::format("  {}   {}  {}\n", painted(style.color, Paint::Red, "failed"),
                      padded(labels[i], width), end.failure ? printable(end.failure->what) : "");
    }
  }
  std::string text = failed + blocked;
  if (!summary.quarantined.empty()) {
    text +=
        fmt::format("{} left out (allow_failed):\n", plural(summary.quarantined.size(), "node"));
    for (const std::string& label : summary.quarantined)
      text += fmt::format("  {}\n", printable(label));
  }
  if (!summary.not_equal.empty()) {
    text += "not equal when run twice:\n";
    for (const std::string& what : summary.not_equal)
      text += fmt::format("  {}\n", printable(what));
  }
  return text;
}

int exit_status(const exec::Summary& summary) {
  constexpr int kSignalBase = 128;
  if (summary.signal != 0) return kSignalBase + summary.signal;
  if (summary.failed + summary.blocked > 0 && !summary.excused) return 1;
  return summary.not_equal.empty() ? 0 : 1;
}

}  // namespace devgraph::cli
