#include "engine/base/diagnostic.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace devgraph {
namespace {

struct Style {
  std::string_view red, yellow, blue, bold, reset;
};
constexpr Style kPlain{};
constexpr Style kColored{"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"};

/// The width of a text on a terminal, as far as code points tell: combining marks are rare in
/// manifests.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;
    // Texts of East Asia and emoji take two columns; what else begins with these bytes is rare.
    const bool wide = (byte >= 0xE3 && byte <= 0xED) || byte == 0xF0;
    count += wide ? 2 : 1;
  }
  return count;
}

/// A line of a file that a program wrote may be endless; a message is not.
constexpr std::size_t kLongLine = 160;
constexpr std::size_t kBesideMark = 60;
constexpr std::size_t kLongText = 600;

std::size_t back_to_character(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
    --at;
  return at;
}

std::string shortened(const std::string& text) {
  if (text.size() <= kLongText) return text;
  return text.substr(0, back_to_character(text, kLongText)) + "…";
}

/// A source line with tabs as one blank, so that carets stand under what they mean.
std::string shown_line(std::string_view line) {
  std::string text(line);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return printable(text);
}

void append_excerpt(std::string& out, const Pointer& pointer, const Sources& sources,
                    const Style& style) {
  const Range& range = pointer.range;
  const Position place = sources.position(range.source, range.begin);
  const std::string_view line = sources.line_at(range.source, range.begin);
  const auto line_begin = static_cast<std::size_t>(line.data() - sources.text(range.source).data());
  const std::size_t before = std::min(range.begin - line_begin, line.size());
  const std::size_t marked =
      std::min<std::size_t>(std::max(range.end, range.begin) - range.begin, line.size() - before);
  std::size_t from = 0;
  std::size_t to = line.size();
  if (line.size() > kLongLine) {
    if (before > kBesideMark) from = back_to_character(line, before - kBesideMark);
    to = back_to_character(line, std::min(line.size(), from + kLongLine));
  }
  const std::string head = (from > 0 ? "…" : "") + shown_line(line.substr(from, before - from));
  const std::string mark = shown_line(line.substr(before, std::min(marked, to - before)));
  const std::string tail = shown_line(line.substr(before, to - before)).substr(mark.size());
  const std::string number = fmt::format("{:>2}", place.line);
  const std::string pad(columns(head), ' ');
  const std::string carets(std::max<std::size_t>(columns(mark), 1), '^');
  out += fmt::format("{}{} |{} {}{}{}{}\n", style.blue, number, style.reset, head, mark, tail,
                     to < line.size() ? "…" : "");
  out += fmt::format("{}{} |{} {}{}{}{}{}{}\n", style.blue, std::string(number.size(), ' '),
                     style.reset, pad, style.red, carets, pointer.label.empty() ? "" : " ",
                     shortened(pointer.label), style.reset);
}

std::string place_text(const Range& range, const Sources& sources) {
  const Position place = sources.position(range.source, range.begin);
  return fmt::format("{}:{}:{}", printable(sources.name(range.source)), place.line, place.column);
}

void append_one(std::string& out, const Diagnostic& item, const Sources& sources,
                const Style& style) {
  const bool is_error = item.severity == Severity::Error;
  out += fmt::format("{}{}[{}]{}{}: {}{}\n", is_error ? style.red : style.yellow,
                     is_error ? "error" : "warning", item.code, style.reset, style.bold,
                     shortened(item.message), style.reset);
  if (item.where) {
    out += fmt::format("  {}-->{} {}\n", style.blue, style.reset,
                       place_text(item.where->range, sources));
    append_excerpt(out, *item.where, sources, style);
  }
  for (const Pointer& pointer : item.also) {
    const bool same_file = item.where && item.where->range.source == pointer.range.source;
    if (!same_file) {
      out += fmt::format("  {}-->{} {}\n", style.blue, style.reset,
                         place_text(pointer.range, sources));
    }
    append_excerpt(out, pointer, sources, style);
  }
  for (const std::string& help : item.helps) {
    out += fmt::format("   {}={} {}\n", style.blue, style.reset, shortened(help));
  }
}

nlohmann::ordered_json json_place(const Pointer& pointer, const Sources& sources) {
  const Range& range = pointer.range;
  const Position begin = sources.position(range.source, range.begin);
  const Position end = sources.position(range.source, range.end);
  return {{"file", printable(sources.name(range.source))},
          {"line", begin.line},
          {"column", begin.column},
          {"end_line", end.line},
          {"end_column", end.column},
          {"label", pointer.label}};
}

}  // namespace

Diagnostic& Diagnostics::error(std::string code, Range range, std::string message,
                               std::string label) {
  add({.severity = Severity::Error,
       .code = std::move(code),
       .message = std::move(message),
       .where = Pointer{range, std::move(label)},
       .also = {},
       .helps = {}});
  return items_.back();
}

Diagnostic& Diagnostics::warning(std::string code, Range range, std::string message,
                                 std::string label) {
  add({.severity = Severity::Warning,
       .code = std::move(code),
       .message = std::move(message),
       .where = Pointer{range, std::move(label)},
       .also = {},
       .helps = {}});
  return items_.back();
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::Error) ++errors_;
  items_.push_back(std::move(diagnostic));
}

void Diagnostics::take(Diagnostics&& other) {
  for (Diagnostic& item : other.items_)
    add(std::move(item));
  other.items_.clear();
  other.errors_ = 0;
}

void Diagnostics::sort(const Sources& sources) {
  const auto key = [&](const Diagnostic& item) {
    const bool placed = item.where.has_value();
    return std::tuple(placed, placed ? sources.name(item.where->range.source) : std::string_view(),
                      placed ? item.where->range.begin : 0, std::string_view(item.code),
                      std::string_view(item.message));
  };
  std::stable_sort(items_.begin(), items_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  const auto end =
      std::unique(items_.begin(), items_.end(),
                  [&](const Diagnostic& a, const Diagnostic& b) { return key(a) == key(b); });
  items_.erase(end, items_.end());
  errors_ = static_cast<std::size_t>(
      std::count_if(items_.begin(), items_.end(),
                    [](const Diagnostic& item) { return item.severity == Severity::Error; }));
}

std::string render_text(const Diagnostics& found, const Sources& sources, bool color,
                        std::size_t limit) {
  const Style& style = color ? kColored : kPlain;
  std::string out;
  std::size_t shown = 0;
  for (const Diagnostic& item : found.all()) {
    if (shown == limit) break;
    if (shown > 0) out += '\n';
    append_one(out, item, sources, style);
    ++shown;
  }
  const std::size_t more = found.all().size() - shown;
  if (more > 0) out += fmt::format("\n{} more not shown\n", more);
  return out;
}

std::string render_json(const Diagnostics& found, const Sources& sources) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Diagnostic& item : found.all()) {
    nlohmann::ordered_json row = {
        {"severity", item.severity == Severity::Error ? "error" : "warning"},
        {"code", item.code},
        {"message", item.message}};
    if (item.where) row.update(json_place(*item.where, sources));
    row["also"] = nlohmann::ordered_json::array();
    for (const Pointer& pointer : item.also)
      row["also"].push_back(json_place(pointer, sources));
    row["helps"] = item.helps;
    list.push_back(std::move(row));
  }
  return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace devgraph
