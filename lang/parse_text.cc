/// Builder: strings, paths, labels and scripts.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lang/parse_builder.h"
#include "lang/words.h"

namespace devgraph::lang {

using namespace ast;

namespace {

constexpr Fault kBadPath{"E009", "a path", nullptr};
constexpr Fault kTooLong{"E013", "a shorter string",
                         "put the text into a file and name it: ./text.txt"};
constexpr Fault kScriptLine{"E008", "a script line", nullptr};
constexpr Fault kBadEscape{"E004", "a character", nullptr};

/// Appends a code point as UTF-8; false if there is none of that number.
bool append_utf8(std::string& out, std::uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return false;
  const auto tail = [&out, c](int shift) {
    out += static_cast<char>(0x80 | ((c >> shift) & 0x3F));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return true;
}

/// CR LF to LF, so that a checkout with CR LF means the same.
std::string unix_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

}  // namespace

// --- pieces ------------------------------------------------------------------------------

void Builder::append(Span at) {
  append_text(at, view(at));
}
void Builder::append_lines(Span at) {
  append_text(at, unix_lines(view(at)));
}

void Builder::append_text(Span at, std::string_view text) {
  const std::size_t first = frames_.back().heights.pieces;
  if (pieces_.size() > first && pieces_.back().piece.hole == nullptr && !pieces_.back().quoted) {
    pieces_.back().piece.text += text;
    pieces_.back().piece.range.end = at.end;
    return;
  }
  pieces_.push_back({{std::string(text), nullptr, range(at)}, false});
}

void Builder::escape(Span at) {
  const std::string_view body = view(at).substr(1);
  switch (body[0]) {
    case 'n':
      return append_text(at, "\n");
    case 't':
      return append_text(at, "\t");
    case 'r':
      return append_text(at, "\r");
    case 'x':
    case 'u': {
      const std::string digits(body[0] == 'x' ? body.substr(1) : body.substr(2, body.size() - 3));
      const auto number = static_cast<std::uint32_t>(std::stoul(digits, nullptr, 16));
      std::string out;
      if (number == 0) {
        fault(kBadEscape, at, "NUL cannot be in a string", "no file name or argument can hold it");
      }
      if (body[0] == 'x') {
        out += static_cast<char>(number);
      } else if (!append_utf8(out, number)) {
        fault(kBadEscape, at, fmt::format("there is no character U+{:X}", number));
      }
      return append_text(at, out);
    }
    default:
      return append_text(at, body);
  }
}

void Builder::interp(Span at) {
  pieces_.push_back({{{}, take(), range(at)}, false});
}

void Builder::string(Span at, bool raw, bool block) {
  const Frame frame = pop_frame();
  const std::uint32_t quotes = block ? 3 : 1;
  if (at.end - at.begin - 2 * quotes > kMaxString) {
    fault(kTooLong, {at.begin, at.begin + quotes}, "this string is longer than 1 MiB");
  }
  StringLit literal{.pieces = {}, .raw = raw};
  for (Pending& pending : take_all(pieces_, frame.heights.pieces)) {
    literal.pieces.push_back(std::move(pending.piece));
  }
  // The newline right behind the opening quotes only makes room.
  const std::string_view inside = view(at).substr(quotes);
  if (block && !raw && (inside.starts_with("\n") || inside.starts_with("\r\n"))) {
    literal.pieces.front().text.erase(0, 1);
    if (literal.pieces.front().text.empty()) literal.pieces.erase(literal.pieces.begin());
  }
  push(at, std::move(literal), frame.depth + 1);
}

// --- paths and labels --------------------------------------------------------------------

void Builder::path_quoted(Span at) {
  const Slot slot = take_slot();
  frames_.back().depth = std::max(frames_.back().depth, slot.depth);
  const auto& literal = std::get<StringLit>(slot.expr->value);
  if (literal.pieces.empty())
    fault(kBadPath, at, "an empty name in a path", "nothing in the quotes");
  for (const Piece& piece : literal.pieces)
    pieces_.push_back({piece, true});
}

void Builder::check_path(Span at, const std::vector<Pending>& pieces) {
  // Holes count as names: what they insert is checked when it is known.
  std::string shape;
  for (const Pending& pending : pieces) {
    shape += pending.piece.hole != nullptr ? "\x01" : pending.piece.text;
  }
  std::size_t begin = 0;
  while (begin <= shape.size()) {
    const std::size_t slash = std::min(shape.find('/', begin), shape.size());
    const std::string_view part = std::string_view(shape).substr(begin, slash - begin);
    if (part == "..") {
      fault({"E009", nullptr, "start at the workspace instead: //folder/file"}, at,
            "a path cannot go up with `..`");
    }
    if (part == ".") {
      fault({"E009", nullptr, "leave it out: ./a/b"}, at, "a path cannot hold `.` as a folder");
    }
    if (part.empty() && slash < shape.size()) {
      fault({"E009", nullptr, "write one `/`"}, at, "an empty name between two `/` in a path");
    }
    begin = slash + 1;
  }
}

void Builder::path(Span at) {
  const Frame frame = pop_frame();
  std::vector<Pending> pieces = take_all(pieces_, frame.heights.pieces);
  check_path(at, pieces);
  PathLit literal{.from_workspace = text_[at.begin] == '/'};
  for (Pending& pending : pieces) {
    if (pending.piece.hole == nullptr && !pending.quoted) {
      literal.has_wildcard |= pending.piece.text.find_first_of("*?") != std::string::npos;
    }
    literal.quoted.push_back(pending.quoted);
    literal.pieces.push_back(std::move(pending.piece));
  }
  literal.is_folder = literal.pieces.empty() || (literal.pieces.back().hole == nullptr &&
                                                 literal.pieces.back().text.ends_with('/'));
  push(at, std::move(literal), frame.depth + 1);
}

void Builder::root_path(Span at) {
  const std::optional<Span> name = std::exchange(label_name_, std::nullopt);
  path({at.begin, name ? name->begin - 1 : at.end});
  if (name) label(at, *name);
}

void Builder::label(Span at, Span name) {
  const Slot slot = take_slot();
  const auto& folder = std::get<PathLit>(slot.expr->value);
  const bool quoted = std::ranges::find(folder.quoted, true) != folder.quoted.end();
  const bool holes = std::ranges::any_of(folder.pieces, [](const Piece& p) { return p.hole; });
  if (folder.has_wildcard || quoted || holes) {
    fault({"E009", nullptr, "name one project: //folder:name"}, at,
          "a label names its project plainly", "no holes, quotes or wildcards");
  }
  std::string_view project = view({at.begin + 2, name.begin - 1});
  if (project.ends_with('/')) project.remove_suffix(1);
  push(at, LabelLit{.project = project, .name = word_at(name)}, 1);
}

// --- scripts -----------------------------------------------------------------------------

void Builder::command_begin(Span at, bool continues) {
  const std::uint32_t start = line_start(at.begin);
  const std::string_view before = text_.substr(start, at.begin - start);
  if (before.find_first_not_of(" \t") != std::string_view::npos) {
    fault({"E008", nullptr, "put it on a line of its own, and the closing brace on the next"}, at,
          "`$` must be the first thing on its line");
  }
  if (speculating()) fault(kScriptLine, at, "a script cannot stand in a hole");
  if (frames_.size() > 1 && std::ranges::any_of(frames_, [](const Frame& frame) {
        return frame.kind == Bracket::Command || frame.kind == Bracket::Hole;
      })) {
    fault(kScriptLine, at, "a script cannot stand in a hole");
  }
  if (lines_.empty()) script_depth_ = 0;
  lines_.push_back({.continues = continues, .range = range(at), .pieces = {}});
  open(Bracket::Command, at);
}

void Builder::shell_escape(Span at) {
  const char escaped = text_[at.begin + 1];
  append_text(at, escaped == '{' || escaped == '}' ? view(at).substr(1) : view(at));
}

void Builder::command_end(Span at) {
  const Frame frame = pop_frame();
  CommandLine& line = lines_.back();
  line.range.end = std::max(at.end, frame.at.end);
  script_depth_ = std::max(script_depth_, frame.depth);
  for (Pending& pending : take_all(pieces_, frame.heights.pieces)) {
    line.pieces.push_back(std::move(pending.piece));
  }
}

void Builder::script(Span at) {
  // Lines are gathered across one run only: scripts do not nest.
  Script script{.lines = std::move(lines_)};
  lines_.clear();
  const std::uint32_t end = script.lines.back().range.end;
  push(Span{at.begin, end}, std::move(script), script_depth_ + 1);
}

bool Builder::hole(Span at) {
  if (view(at).find('\n') != std::string_view::npos) return false;
  // The name and what is applied to it lie on the stack; the frame of `{` is still open.
  const Frame frame = pop_frame();
  const Slot slot = take_slot();
  frames_.back().depth = std::max({frames_.back().depth, slot.depth, frame.depth});
  pieces_.push_back({{{}, slot.expr, range(at)}, false});
  return true;
}

}  // namespace devgraph::lang
