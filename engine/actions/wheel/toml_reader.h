#pragma once
/// Reads a TOML table key by key; what is wrong becomes a problem with its place. For .cc files of
/// this folder only: toml++ is a large header.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "engine/base/result.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  std::string place(const toml::node& node) const { return place(node.source().begin); }
  std::string place(const toml::source_position& at) const {
    if (at.line == 0) return file_;
    return fmt::format("{}:{}:{}", file_, at.line, at.column);
  }
  void add(const toml::node& node, std::string_view what) { add(node.source().begin, what); }
  void add(const toml::source_position& at, std::string_view what) {
    found_.push_back({at, fmt::format("{}: {}", place(at), what)});
  }
  bool any() const { return !found_.empty(); }
  /// All of them, one a line, in the order of the file.
  Error error() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Found& a, const Found& b) { return a.at < b.at; });
    std::string text;
    for (const Found& one : found_)
      text += (text.empty() ? "" : "\n") + one.text;
    return Error{std::move(text)};
  }

 private:
  struct Found {
    toml::source_position at;
    std::string text;
  };
  std::string file_;
  std::vector<Found> found_;
};

/// What a TOML value is called in a message.
inline std::string_view kind_of(const toml::node& node) {
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  if (node.is_string()) return "a text";
  if (node.is_boolean()) return "true or false";
  return node.is_integer() || node.is_floating_point() ? "a number" : "a date";
}

/// The text of a node, or a problem.
inline std::optional<std::string> text_of(const toml::node& node, std::string_view what,
                                          Problems& problems) {
  if (const auto* text = node.as_string()) return text->get();
  problems.add(node, fmt::format("{} is {}; write a text in quotes", what, kind_of(node)));
  return std::nullopt;
}

inline const toml::array* list_of(const toml::node& node, std::string_view what,
                                  Problems& problems) {
  if (const toml::array* list = node.as_array()) return list;
  problems.add(node, fmt::format("{} is {}; write a list: [ \"…\" ]", what, kind_of(node)));
  return nullptr;
}

inline const toml::table* table_of(const toml::node& node, std::string_view what,
                                   Problems& problems) {
  if (const toml::table* table = node.as_table()) return table;
  problems.add(node,
               fmt::format("{} is {}; write a table: {{ name = \"…\" }}", what, kind_of(node)));
  return nullptr;
}

}  // namespace devgraph::wheel
