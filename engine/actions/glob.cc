#include "engine/actions/glob.h"

#include <cstddef>
#include <vector>

#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// Goes back to the last `*` only, so it is never more than quadratic.
bool component_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  const std::vector<std::string_view> want = split(pattern, '/');
  const std::vector<std::string_view> have = split(path, '/');
  // row[i]: the first i components of the path match the patterns so far.
  std::vector<bool> row(have.size() + 1, false);
  row[0] = true;
  for (const std::string_view part : want) {
    std::vector<bool> next(have.size() + 1, false);
    if (part == "**") {
      bool reached = false;
      for (std::size_t i = 0; i <= have.size(); ++i) {
        reached = reached || row[i];
        next[i] = reached;
      }
    } else {
      for (std::size_t i = 0; i < have.size(); ++i) {
        next[i + 1] = row[i] && component_matches(part, have[i]);
      }
    }
    row = std::move(next);
  }
  return row[have.size()];
}

}  // namespace devgraph::actions
