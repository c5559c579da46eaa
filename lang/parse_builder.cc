#include "lang/parse_builder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lang/grammar_abandoned.h"
#include "lang/words.h"

namespace devgraph::lang {

using namespace ast;

namespace {

constexpr std::size_t kBlock = 512;  // Expressions a block; one block is some 70 KB.

constexpr Fault kTooDeep{"E011", "less nesting", nullptr};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

Expr* File::Arena::add(Expr expr) {
  if (exprs.empty() || exprs.back().size() == kBlock) exprs.emplace_back().reserve(kBlock);
  return &exprs.back().emplace_back(std::move(expr));
}

Builder::Builder(SourceId source, std::string_view text, Diagnostics& found)
    : source_(source),
      text_(text),
      found_(found),
      arena_(*(file_.arena = std::make_shared<File::Arena>())) {
  file_.source = source;
}

Builder::Span Builder::span(const char* begin, const char* end) const {
  return {static_cast<std::uint32_t>(begin - text_.data()),
          static_cast<std::uint32_t>(end - text_.data())};
}

// --- faults and recovery -----------------------------------------------------------------

std::vector<OpenBracket> Builder::open_brackets() const {
  std::vector<OpenBracket> open;
  open.reserve(frames_.size());
  for (const Frame& frame : frames_)
    open.push_back({frame.kind, range(frame.at)});
  return open;
}

std::uint32_t Builder::token_end_before(std::uint32_t offset) const {
  auto comment = file_.comments.rbegin();
  while (offset > 0) {
    const std::string_view blanks = " \t\r\n";
    if (blanks.contains(text_[offset - 1])) {
      --offset;
      continue;
    }
    while (comment != file_.comments.rend() && comment->range.end > offset)
      ++comment;
    if (comment == file_.comments.rend() || comment->range.end != offset) break;
    offset = comment->range.begin;
  }
  return offset;
}

void Builder::fault(const Fault& fault, const char* at) {
  if (speculating()) throw grammar::Abandoned{};
  FaultPlace place;
  place.source = source_;
  place.text = text_;
  place.at = span(at, at).begin;
  place.token_end = token_end_before(place.at);
  place.open = open_brackets();
  if (!frames_.empty()) place.decl_begin = frames_.front().at.begin;
  fault_at_ = place.at;
  // What stands behind a declaration may have been meant as a part of it: its value is not known.
  const bool is_behind = frames_.empty() && std::string_view(fault.code) == "E007";
  if (is_behind && !file_.decls.empty()) file_.decls.pop_back();
  Diagnostic diagnostic = explain(fault, place);
  // An unclosed quote is reported where it was opened; the lines behind it may be sound.
  if (diagnostic.where && diagnostic.where->range.begin < fault_at_ && diagnostic.code == "E003") {
    fault_at_ = diagnostic.where->range.begin;
  }
  found_.add(std::move(diagnostic));
  throw grammar::Abandoned{};
}

void Builder::fault(const Fault& fault, Span at, std::string message, std::string label) {
  if (speculating()) throw grammar::Abandoned{};
  fault_at_ = at.begin;
  Diagnostic& diagnostic =
      found_.error(fault.code, range(at), std::move(message), std::move(label));
  if (fault.help != nullptr) diagnostic.helps.emplace_back(fault.help);
  throw grammar::Abandoned{};
}

std::uint32_t Builder::line_start(std::uint32_t offset) const {
  if (offset == 0) return 0;
  const std::size_t newline = text_.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : static_cast<std::uint32_t>(newline + 1);
}

std::uint32_t Builder::recover(std::uint32_t decl_begin) {
  const bool in_bracket = std::ranges::any_of(frames_, [](const Frame& frame) {
    return frame.kind != Bracket::Declaration && frame.kind != Bracket::Part;
  });
  frames_.clear();
  drop_to({});
  lines_.clear();
  optional_ = false;
  label_name_.reset();
  op_base_ = 0;
  depth_ = 0;
  // The line of the fault itself counts, unless the declaration began on it.
  std::size_t at = line_start(std::max(fault_at_, decl_begin));
  if (at <= decl_begin) at = text_.find('\n', decl_begin);
  while (at < text_.size()) {
    if (text_[at] == '\n') {
      ++at;
      continue;
    }
    const std::string_view line = text_.substr(at, line_length(text_.substr(at)));
    // Within brackets a line in column 1 may be a badly indented part; a declaration is no such
    // line.
    if (is_letter(line.empty() ? ' ' : line[0]) && (!in_bracket || looks_like_declaration(line))) {
      return static_cast<std::uint32_t>(at);
    }
    at = text_.find('\n', at);
  }
  return static_cast<std::uint32_t>(text_.size());
}

File Builder::finish() {
  return std::move(file_);
}

Builder::Level::Level(Builder& builder, const char* at) : builder_(builder) {
  if (builder_.depth_ >= kMaxDepth) {
    const Span here = builder_.span(at, at);
    builder_.fault(kTooDeep, {here.begin, token_end(builder_.text_, here.begin)},
                   fmt::format("this is nested more than {} levels deep", kMaxDepth));
  }
  ++builder_.depth_;
}

Builder::Heights Builder::heights() const {
  return {exprs_.size(),      pieces_.size(), words_.size(), items_.size(), fields_.size(),
          clauses_.size(),    args_.size(),   arms_.size(),  types_.size(), type_fields_.size(),
          parameters_.size(), decls_.size(),  uses_.size(),  axes_.size(),  blocks_.size(),
          rule_refs_.size(),  ops_.size()};
}

void Builder::drop_to(const Heights& at) {
  const auto cut = [](auto& stack, std::size_t size) {
    stack.erase(stack.begin() + static_cast<std::ptrdiff_t>(size), stack.end());
  };
  cut(exprs_, at.exprs);
  cut(pieces_, at.pieces);
  cut(words_, at.words);
  cut(items_, at.items);
  cut(fields_, at.fields);
  cut(clauses_, at.clauses);
  cut(args_, at.args);
  cut(arms_, at.arms);
  cut(types_, at.types);
  cut(type_fields_, at.type_fields);
  cut(parameters_, at.parameters);
  cut(decls_, at.decls);
  cut(uses_, at.uses);
  cut(axes_, at.axes);
  cut(blocks_, at.blocks);
  cut(rule_refs_, at.rule_refs);
  cut(ops_, at.ops);
}

Builder::Checkpoint Builder::begin_hole() {
  ++speculating_;
  return {heights(), frames_.size(), op_base_, depth_};
}

void Builder::end_hole(const Checkpoint& at, bool matched) {
  --speculating_;
  if (matched) return;
  drop_to(at.heights);
  frames_.resize(at.frames);
  op_base_ = at.op_base;
  depth_ = at.depth;
  optional_ = false;
  label_name_.reset();
}

// --- stacks ------------------------------------------------------------------------------

void Builder::open(Bracket kind, Span at) {
  frames_.push_back({.kind = kind, .at = at, .heights = heights()});
}

void Builder::close() {
  pop_frame();
}

Builder::Frame Builder::pop_frame() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  return frame;
}

void Builder::push(Span at, decltype(Expr::value) value, std::uint32_t depth) {
  push(range(at), std::move(value), depth);
}

void Builder::push(Range at, decltype(Expr::value) value, std::uint32_t depth) {
  if (depth > kMaxDepth) {
    fault(kTooDeep, {at.begin, token_end(text_, at.begin)},
          fmt::format("this expression is more than {} levels deep", kMaxDepth));
  }
  exprs_.push_back({arena_.add({at, std::move(value)}), depth});
}

Builder::Slot Builder::take_slot() {
  const Slot slot = exprs_.back();
  exprs_.pop_back();
  return slot;
}

const Expr* Builder::take() {
  const Slot slot = take_slot();
  if (!frames_.empty()) frames_.back().depth = std::max(frames_.back().depth, slot.depth);
  return slot.expr;
}

Word Builder::take_word() {
  const Word word = words_.back();
  words_.pop_back();
  return word;
}

const ast::Type* Builder::take_type() {
  const ast::Type* type = types_.back();
  types_.pop_back();
  return type;
}

void Builder::word(Span at) {
  words_.push_back(word_at(at));
}

// --- comments ----------------------------------------------------------------------------

void Builder::comment(Span at) {
  // Blanks are read again when the grammar looks ahead; a comment is kept once.
  if (!file_.comments.empty() && file_.comments.back().range.begin >= at.begin) return;
  const std::uint32_t start = line_start(at.begin);
  const bool own_line =
      text_.substr(start, at.begin - start).find_first_not_of(" \t") == std::string_view::npos;
  file_.comments.push_back({range(at), own_line});
}

std::vector<std::string> Builder::docs_before(std::uint32_t offset) const {
  std::vector<std::string> docs;
  std::uint32_t below = line_start(offset);
  const std::string_view before = text_.substr(below, offset - below);
  if (before.find_first_not_of(" \t") != std::string_view::npos) return docs;
  for (auto comment = file_.comments.rbegin(); comment != file_.comments.rend(); ++comment) {
    if (comment->range.begin >= offset) continue;
    const std::string_view words =
        text_.substr(comment->range.begin, comment->range.end - comment->range.begin);
    if (!comment->own_line || !words.starts_with("##")) break;
    // Nothing but the line end may lie between a line of the doc and what stands below it.
    const std::size_t newline = text_.find('\n', comment->range.end);
    if (newline == std::string_view::npos || newline + 1 != below) break;
    std::string_view doc = words.substr(words.starts_with("## ") ? 3 : 2);
    doc = doc.substr(0, doc.find_last_not_of(" \t\r") + 1);
    docs.emplace_back(doc);
    below = line_start(comment->range.begin);
  }
  std::ranges::reverse(docs);
  return docs;
}

}  // namespace devgraph::lang
