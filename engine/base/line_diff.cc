#include "engine/base/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace devgraph {
namespace {

constexpr std::size_t kAround = 3;             // Lines shown around a change, as diff -u has it.
constexpr std::size_t kMostCells = 4'000'000;  // 16 MB of a table.

/// With their newlines; the last one may have none.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.push_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

struct Edit {
  char mark = ' ';  ///< As in a diff.
  std::string_view line;
};

/// The middles of the two texts, by their longest common subsequence.
void add_middle(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b,
                std::vector<Edit>& edits) {
  const std::size_t width = b.size() + 1;
  std::vector<std::uint32_t> longest;  // Of a from row i and b from column j.
  if (a.size() < kMostCells / width) longest.assign((a.size() + 1) * width, 0);
  for (std::size_t i = longest.empty() ? 0 : a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      longest[i * width + j] =
          a[i] == b[j] ? longest[(i + 1) * width + j + 1] + 1
                       : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (!longest.empty() && i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i]});
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || longest.empty() ||
                                longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
}

std::vector<Edit> edits_of(const std::vector<std::string_view>& a,
                           const std::vector<std::string_view>& b) {
  std::size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head])
    ++head;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  std::vector<Edit> edits;
  edits.reserve(a.size() + b.size());
  for (std::size_t i = 0; i < head; ++i)
    edits.push_back({' ', a[i]});
  const auto middle = [&](const std::vector<std::string_view>& all) {
    return std::vector(all.begin() + static_cast<std::ptrdiff_t>(head),
                       all.end() - static_cast<std::ptrdiff_t>(tail));
  };
  add_middle(middle(a), middle(b), edits);
  for (std::size_t i = a.size() - tail; i < a.size(); ++i)
    edits.push_back({' ', a[i]});
  return edits;
}

/// `3,4`; of no lines the number of the line before.
std::string span_text(std::size_t before, std::size_t count) {
  if (count == 1) return fmt::format("{}", before + 1);
  return fmt::format("{},{}", count == 0 ? before : before + 1, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_name, std::string_view after_name) {
  if (before == after) return {};
  const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::string text = fmt::format("--- {}\n+++ {}\n", before_name, after_name);
  std::size_t old_line = 0, new_line = 0;  // Lines that are behind us.
  for (std::size_t i = 0; i < edits.size();) {
    // A hunk goes on while the next change is near.
    std::size_t first = i;
    while (first < edits.size() && edits[first].mark == ' ')
      ++first;
    if (first == edits.size()) break;
    const std::size_t begin = first - std::min(first - i, kAround);
    std::size_t end = first;  // Behind the last change.
    for (std::size_t at = first; at < edits.size() && at <= end + 2 * kAround; ++at) {
      if (edits[at].mark != ' ') end = at + 1;
    }
    end = std::min(end + kAround, edits.size());
    old_line += begin - i;
    new_line += begin - i;
    std::string lines;
    std::size_t old_count = 0, new_count = 0;
    for (std::size_t at = begin; at < end; ++at) {
      lines += edits[at].mark;
      lines += edits[at].line;
      if (!edits[at].line.ends_with('\n')) lines += "\n\\ No newline at end of file\n";
      old_count += edits[at].mark != '+' ? 1 : 0;
      new_count += edits[at].mark != '-' ? 1 : 0;
    }
    text += fmt::format("@@ -{} +{} @@\n{}", span_text(old_line, old_count),
                        span_text(new_line, new_count), lines);
    old_line += old_count;
    new_line += new_count;
    i = end;
  }
  return text;
}

}  // namespace devgraph
