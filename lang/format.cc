#include "lang/format.h"

#include <algorithm>
#include <utility>

#include "lang/format_printer.h"
#include "lang/parse.h"

namespace devgraph::lang {

int columns(std::string_view text) {
  return static_cast<int>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

void join(Lines& lines, Lines more) {
  if (lines.empty()) {
    lines = std::move(more);
    return;
  }
  if (more.empty()) return;
  lines.back() += more.front();
  lines.insert(lines.end(), std::make_move_iterator(more.begin() + 1),
               std::make_move_iterator(more.end()));
}

Row row_of(Lines lines) {
  Row row;
  row.cells.push_back(std::move(lines.front()));
  row.rest.assign(std::make_move_iterator(lines.begin() + 1), std::make_move_iterator(lines.end()));
  return row;
}

namespace {

/// The text without blanks and a carriage return at its end.
std::string trimmed_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r");
  return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

bool is_single(const Row& row) {
  return row.rest.empty();
}

std::string plain(const Row& row) {
  std::string out;
  for (const std::string& cell : row.cells) {
    if (!out.empty() && !cell.empty()) out += ' ';
    out += cell;
  }
  return out;
}

/// First lines of the rows with their cells in columns; a line that gets too wide keeps single
/// blanks.
std::vector<std::string> aligned(const std::vector<Row>& rows, std::size_t begin, std::size_t end,
                                 int indent) {
  std::vector<int> widths;
  for (std::size_t i = begin; i < end; ++i) {
    const std::vector<std::string>& cells = rows[i].cells;
    for (std::size_t c = 0; c + 1 < cells.size(); ++c) {
      if (widths.size() <= c) widths.push_back(0);
      widths[c] = std::max(widths[c], columns(cells[c]));
    }
  }
  std::vector<std::string> out;
  for (std::size_t i = begin; i < end; ++i) {
    const std::vector<std::string>& cells = rows[i].cells;
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      line += cells[c];
      if (c + 1 < cells.size()) line += spaces(widths[c] - columns(cells[c]) + 1);
    }
    const bool fits = indent + columns(line) <= Printer::kWidth;
    out.push_back(fits ? std::move(line) : plain(rows[i]));
  }
  return out;
}

/// The end of the run of rows that share columns. A row of several lines may end a run.
std::size_t run_end(const std::vector<Row>& rows, std::size_t begin) {
  const RowKind kind = rows[begin].kind;
  if (kind == RowKind::Other || kind == RowKind::Comment) return begin + 1;
  std::size_t end = begin;
  while (end < rows.size() && rows[end].kind == kind && (end == begin || !rows[end].blank_before)) {
    ++end;
    if (!is_single(rows[end - 1])) break;
  }
  return end;
}

}  // namespace

Printer::Printer(std::string_view text, const ast::File& file)
    : text_(text), file_(file), printed_(file.comments.size(), false) {}

std::string_view Printer::view(const Range& range) const {
  return text_.substr(range.begin, range.end - range.begin);
}

// --- comments ----------------------------------------------------------------------------

std::size_t Printer::first_comment(std::uint32_t offset) const {
  const auto found = std::ranges::lower_bound(
      file_.comments, offset, {}, [](const ast::Comment& comment) { return comment.range.begin; });
  return static_cast<std::size_t>(found - file_.comments.begin());
}

bool Printer::has_comment(const Range& range) const {
  return has_own_comment(range, {});
}

bool Printer::has_own_comment(const Range& range, const std::vector<Range>& claimed) const {
  for (std::size_t i = first_comment(range.begin);
       i < file_.comments.size() && file_.comments[i].range.begin < range.end; ++i) {
    const std::uint32_t at = file_.comments[i].range.begin;
    if (printed_[i]) continue;
    if (std::ranges::none_of(claimed,
                             [at](const Range& r) { return r.begin <= at && at < r.end; })) {
      return true;
    }
  }
  return false;
}

bool Printer::blank_between(std::uint32_t from, std::uint32_t to) const {
  return std::ranges::count(text_.substr(from, to > from ? to - from : 0), '\n') >= 2;
}

bool Printer::is_broken(const Range& around) const {
  std::uint32_t at = around.begin + 1;
  while (at < around.end && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\r'))
    ++at;
  if (text_[at] != '\n') return false;
  const std::size_t part = text_.find_first_not_of(" \t\r\n", at);
  return part != std::string_view::npos && part + 1 < around.end;
}

void Printer::add_comment(std::vector<Row>& out, std::size_t index, std::uint32_t& last_end,
                          bool hoisted) {
  const ast::Comment& comment = file_.comments[index];
  printed_[index] = true;
  Row row;
  row.kind = RowKind::Comment;
  row.cells.push_back(trimmed_end(view(comment.range)));
  row.blank_before = !out.empty() && !hoisted && blank_between(last_end, comment.range.begin);
  // A `##` that documents nothing must not begin to: a blank line keeps it apart.
  if (!out.empty() && out.back().keep_apart) row.blank_before = true;
  row.keep_apart = row.cells.front().starts_with("##") && (hoisted || !comment.own_line);
  out.push_back(std::move(row));
  if (!hoisted) last_end = comment.range.end;
}

void Printer::add_comments(std::vector<Row>& out, std::uint32_t from, std::uint32_t to,
                           std::size_t keep_last, std::uint32_t& last_end) {
  std::vector<std::size_t> found;
  for (std::size_t i = first_comment(from);
       i < file_.comments.size() && file_.comments[i].range.begin < to; ++i) {
    if (!printed_[i]) found.push_back(i);
  }
  found.resize(found.size() - std::min(keep_last, found.size()));
  for (const std::size_t i : found)
    add_comment(out, i, last_end, false);
}

void Printer::add_hoisted(std::vector<Row>& out, const Item& item) {
  std::vector<Range> claimed;
  if (item.claims) item.claims(claimed);
  std::uint32_t unused = 0;
  for (std::size_t i = first_comment(item.begin);
       i < file_.comments.size() && file_.comments[i].range.begin < item.end; ++i) {
    const std::uint32_t at = file_.comments[i].range.begin;
    const bool is_claimed =
        std::ranges::any_of(claimed, [at](const Range& r) { return r.begin <= at && at < r.end; });
    if (!printed_[i] && !is_claimed) add_comment(out, i, unused, true);
  }
}

// --- rows --------------------------------------------------------------------------------

std::vector<Row> Printer::rows(const std::vector<Item>& items, std::uint32_t begin,
                               std::uint32_t end, int indent) {
  std::vector<Row> out;
  std::uint32_t last_end = begin;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    add_comments(out, last_end, item.begin, item.doc_lines, last_end);
    add_hoisted(out, item);
    add_comments(out, last_end, item.begin, 0, last_end);
    const bool blank =
        !out.empty() && (out.back().keep_apart || blank_between(last_end, item.begin));
    Row row = item.print(indent);
    row.blank_before = blank;
    last_end = item.end;
    const std::uint32_t next = i + 1 < items.size() ? items[i + 1].begin : end;
    const std::size_t c = first_comment(item.end);
    if (c < file_.comments.size() && !row.ends_in_script) {
      const ast::Comment& comment = file_.comments[c];
      const std::string_view gap = text_.substr(item.end, comment.range.begin - item.end);
      if (comment.range.begin < next && gap.find('\n') == std::string_view::npos) {
        row.comment = trimmed_end(view(comment.range));
        printed_[c] = true;
        last_end = comment.range.end;
      }
    }
    out.push_back(std::move(row));
  }
  add_comments(out, last_end, end, 0, last_end);
  return out;
}

Lines Printer::finish(std::vector<Row> rows, int indent) const {
  Lines out;
  const std::string margin = spaces(indent);
  std::vector<std::size_t> commented;  // Lines of `out` that wait for their comment.
  std::vector<std::string> comments;
  const auto flush = [&] {
    int width = 0;
    for (const std::size_t line : commented)
      width = std::max(width, columns(out[line]));
    for (std::size_t i = 0; i < commented.size(); ++i) {
      std::string& line = out[commented[i]];
      const int padding = width - columns(line);
      const bool fits = columns(line) + padding + 2 + columns(comments[i]) <= kWidth;
      line += spaces(fits ? padding + 2 : 2) + comments[i];
    }
    commented.clear();
    comments.clear();
  };
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::size_t end = run_end(rows, begin);
    const std::vector<std::string> firsts = aligned(rows, begin, end, indent);
    for (std::size_t i = begin; i < end; ++i) {
      Row& row = rows[i];
      if (row.blank_before) {
        flush();
        out.emplace_back();
      }
      out.push_back(firsts[i - begin].empty() ? std::string() : margin + firsts[i - begin]);
      out.insert(out.end(), row.rest.begin(), row.rest.end());
      if (row.comment.empty()) {
        flush();
        continue;
      }
      commented.push_back(out.size() - 1);
      comments.push_back(std::move(row.comment));
    }
    begin = end;
  }
  flush();
  return out;
}

Lines Printer::group(std::string_view open, const std::vector<Item>& items, const Range& around,
                     std::string_view close, int indent) {
  Lines out{std::string(open)};
  for (std::string& line :
       finish(rows(items, around.begin + 1, around.end - 1, indent + kIndent), indent + kIndent)) {
    out.push_back(std::move(line));
  }
  out.push_back(spaces(indent) + std::string(close));
  return out;
}

std::string Printer::print() {
  std::vector<Item> items;
  if (file_.edition) {
    const Range at = file_.edition_range;
    const std::size_t word = text_.rfind("devgraph", at.begin);
    items.push_back({static_cast<std::uint32_t>(word),
                     at.end,
                     0,
                     [this, at](int) { return row_of({"devgraph " + std::string(view(at))}); },
                     {}});
  }
  for (const ast::Decl* decl : file_.decls)
    items.push_back(decl_item(*decl));
  std::string out;
  for (const std::string& line :
       finish(rows(items, 0, static_cast<std::uint32_t>(text_.size()), 0), 0)) {
    out += line;
    out += '\n';
  }
  return out;
}

std::optional<std::string> format(const Sources& sources, SourceId source, Diagnostics& found) {
  Diagnostics faults;
  const ast::File file = parse(sources, source, faults);
  const bool bad = faults.has_errors();
  found.take(std::move(faults));
  if (bad) return std::nullopt;
  return Printer(sources.text(source), file).print();
}

}  // namespace devgraph::lang
