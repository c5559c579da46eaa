#include "tests/unit/lang/round_trip.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "lang/format.h"
#include "lang/parse.h"
#include "tests/unit/lang/ast_text.h"

namespace devgraph::lang {
namespace {

/// The tree of a text, and its comments in any order (fmt may move one out of an expression).
struct Content {
  std::string tree;
  std::vector<std::string> comments;
  std::string errors;
};

Content content(const std::string& text) {
  Sources sources;
  Diagnostics found;
  const SourceId id = sources.add("build.devgraph", text);
  const ast::File file = parse(sources, id, found);
  Content out{to_text(file), {}, render_text(found, sources, false, 1)};
  for (const ast::Comment& comment : file.comments) {
    std::string words(
        sources.text(id).substr(comment.range.begin, comment.range.end - comment.range.begin));
    while (words.ends_with(' ') || words.ends_with('\t') || words.ends_with('\r'))
      words.pop_back();
    out.comments.push_back(std::move(words));
  }
  std::ranges::sort(out.comments);
  return out;
}

}  // namespace

std::string formatted(const std::string& text) {
  Sources sources;
  Diagnostics found;
  const std::optional<std::string> out =
      format(sources, sources.add("build.devgraph", text), found);
  return out ? *out : render_text(found, sources, false);
}

std::string parse_errors(const std::string& text) {
  return content(text).errors;
}

std::string round_trip_fault(const std::string& text) {
  const Content before = content(text);
  if (!before.errors.empty()) return {};
  const std::string once = formatted(text);
  const Content after = content(once);
  const std::string again = formatted(once);
  std::string wrong;
  if (!after.errors.empty()) {
    wrong = "what fmt wrote does not parse: " + after.errors;
  } else if (after.tree != before.tree) {
    wrong = fmt::format("another tree\nbefore:\n{}after:\n{}", before.tree, after.tree);
  } else if (after.comments != before.comments) {
    wrong = "other comments";
  } else if (again != once) {
    wrong = fmt::format("not stable; again:\n{}", again);
  } else {
    return {};
  }
  return fmt::format("{}\nfrom:\n{}\nto:\n{}", wrong, text, once);
}

}  // namespace devgraph::lang
