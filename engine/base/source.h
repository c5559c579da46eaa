#pragma once
/// Manifest texts and places in them.

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace devgraph {

enum class SourceId : std::uint32_t {};

/// A half-open range of bytes in one source.
struct Range {
  SourceId source{};
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// 1-based line, and column in code points; tabs count as one.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// The texts of one run. Texts never move or change once added, so views into them stay valid as
/// long as the Sources. May be used from several threads.
class Sources {
 public:
  /// `name` is shown in messages: workspace-relative, or `<std>/run.devgraph`, `<command line>`.
  SourceId add(std::string name, std::string text);
  std::string_view name(SourceId id) const;
  std::string_view text(SourceId id) const;
  Position position(SourceId id, std::uint32_t offset) const;
  /// The line that holds the offset, without its line end.
  std::string_view line_at(SourceId id, std::uint32_t offset) const;

 private:
  struct Entry {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };
  const Entry& entry(SourceId id) const;
  std::deque<Entry> entries_;  // A deque: growth moves no entry.
  mutable std::mutex mutex_;   // Guards entries_ while it grows.
};

}  // namespace devgraph
