/// Builder: expressions.

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/parse_builder.h"
#include "lang/words.h"

namespace devgraph::lang {

using namespace ast;

namespace {

constexpr Fault kBadNumber{"E010", "a number", nullptr};

struct ForeignUnit {
  std::string_view unit;
  std::string_view ours;
};
constexpr std::array<ForeignUnit, 18> kForeignUnits{{
    {"sec", "s"},
    {"secs", "s"},
    {"seconds", "s"},
    {"min", "m"},
    {"mins", "m"},
    {"minutes", "m"},
    {"hr", "h"},
    {"hour", "h"},
    {"hours", "h"},
    {"day", "d"},
    {"days", "d"},
    {"k", "kB"},
    {"K", "KiB"},
    {"KB", "kB"},
    {"M", "MiB"},
    {"mb", "MB"},
    {"G", "GiB"},
    {"gb", "GB"},
}};

std::uint32_t deepest(std::uint32_t a, std::uint32_t b) {
  return std::max(a, b);
}

}  // namespace

// --- literals and names ------------------------------------------------------------------

void Builder::none(Span at) {
  push(at, NoneLit{}, 1);
}
void Builder::boolean(Span at, bool value) {
  push(at, BoolLit{value}, 1);
}
void Builder::name(Span at) {
  push(at, Name{view(at)}, 1);
}

void Builder::number(Span at) {
  const std::string_view whole = view(at);
  const std::size_t digits = std::min(whole.find_first_not_of("-0123456789"), whole.size());
  IntLit literal{.value = 0, .unit = whole.substr(digits)};
  const auto read = std::from_chars(whole.data(), whole.data() + digits, literal.value);
  if (read.ec != std::errc{}) {
    fault(kBadNumber, at, "this number does not fit into 64 bits");
  }
  if (!literal.unit.empty() && !is_unit(literal.unit)) {
    const std::vector<std::string> known(units().begin(), units().end());
    std::optional<std::string> near = nearest(literal.unit, known);
    const auto foreign = std::ranges::find(kForeignUnits, literal.unit, &ForeignUnit::unit);
    if (foreign != kForeignUnits.end()) near = foreign->ours;
    const std::string help =
        near ? fmt::format("did you mean `{}{}`? ", whole.substr(0, digits), *near) : "";
    const std::string all = "durations are in ms s m h d, sizes in B kB MB GB TB KiB MiB GiB TiB";
    const std::string text = help + all;
    fault({"E010", nullptr, text.c_str()}, at, fmt::format("unknown unit `{}`", literal.unit));
  }
  push(at, literal, 1);
}

// --- lists, records, blocks --------------------------------------------------------------

void Builder::list_item(Span at, bool spread) {
  items_.push_back({spread, take(), range(at)});
}

void Builder::paren(Span at) {
  const Frame frame = pop_frame();
  exprs_.back().expr->parens = {source_, frame.at.begin, at.end};
}

void Builder::list(Span at) {
  const Frame frame = pop_frame();
  push(Span{frame.at.begin, at.end}, List{take_all(items_, frame.heights.items)}, frame.depth + 1);
}

void Builder::clause_begin(Span at) {
  open(Bracket::Part, at);
}

void Builder::clause_condition() {
  frames_.back().condition = take();
}

void Builder::clause() {
  Clause clause;
  clause.condition = frames_.back().condition;
  clause.in = take();
  const Frame frame = pop_frame();
  if (words_.size() - frame.heights.words == 2) clause.second = take_word();
  clause.first = take_word();
  if (!frames_.empty()) frames_.back().depth = deepest(frames_.back().depth, frame.depth);
  clauses_.push_back(clause);
}

void Builder::list_comp(Span at) {
  const Expr* value = take();
  const Frame frame = pop_frame();
  push(Span{frame.at.begin, at.end}, ListComp{take_all(clauses_, frame.heights.clauses), value},
       frame.depth + 1);
}

void Builder::map_comp(Span at) {
  const Expr* value = take();
  const Expr* key = take();
  const Frame frame = pop_frame();
  push(Span{frame.at.begin, at.end}, MapComp{take_all(clauses_, frame.heights.clauses), key, value},
       frame.depth + 1);
}

void Builder::field_spread(Span at) {
  Field field{.spread = true};
  field.value = take();
  field.doc = docs_before(at.begin);
  field.range = range(at);
  fields_.push_back(std::move(field));
}

void Builder::field_string(Span at) {
  Field field{.quoted_name = true};
  field.value = take();
  const Expr* written = take();
  const auto& literal = std::get<StringLit>(written->value);
  field.name.range = written->range;
  if (literal.pieces.size() == 1 && literal.pieces[0].hole == nullptr) {
    field.name.text = arena_.texts.emplace_back(literal.pieces[0].text);
  } else if (!literal.pieces.empty()) {
    field.name_expr = written;
  }
  field.doc = docs_before(at.begin);
  field.range = range(at);
  fields_.push_back(std::move(field));
}

void Builder::field_named(Span at) {
  Field field;
  field.value = take();
  field.name = take_word();
  field.doc = docs_before(at.begin);
  field.range = range(at);
  fields_.push_back(std::move(field));
}

void Builder::field_script(Span at) {
  Field field;
  field.value = take();
  field.name = {"script", {source_, at.begin, at.begin + 1}};
  field.doc = docs_before(at.begin);
  field.range = range(at);
  fields_.push_back(std::move(field));
}

void Builder::pun(Span at) {
  Field field{.pun = true};
  std::string_view rest = view(at);
  std::uint32_t begin = at.begin;
  std::uint32_t depth = 0;
  const Expr* value = nullptr;
  while (true) {
    const std::size_t size = std::min(rest.find('.'), rest.size());
    const Span part{begin, begin + static_cast<std::uint32_t>(size)};
    field.name = word_at(part);
    ++depth;
    if (value == nullptr) {
      push(part, Name{view(part)}, depth);
    } else {
      push(Span{at.begin, part.end}, Member{value, field.name}, depth);
    }
    value = take();
    if (size == rest.size()) break;
    rest.remove_prefix(size + 1);
    begin = part.end + 1;
  }
  field.value = value;
  field.doc = docs_before(at.begin);
  field.range = range(at);
  fields_.push_back(std::move(field));
}

void Builder::record(Span at) {
  const Frame frame = pop_frame();
  push(Span{frame.at.begin, at.end}, Record{take_all(fields_, frame.heights.fields)},
       frame.depth + 1);
}

void Builder::block(Span at) {
  const Frame frame = pop_frame();
  blocks_.push_back({{take_all(fields_, frame.heights.fields), range(at)}, frame.depth});
}

Block Builder::take_block() {
  Block block = std::move(blocks_.back().block);
  blocks_.pop_back();
  return block;
}

// --- calls, members ----------------------------------------------------------------------

void Builder::arg(Span at, bool spread, bool named, bool in) {
  Arg arg{.spread = spread, .in = in, .name = {}, .value = take(), .range = range(at)};
  if (named || in) arg.name = take_word();
  args_.push_back(arg);
}

void Builder::call(Span at) {
  const Frame frame = pop_frame();
  const Slot callee = take_slot();
  push(Range{source_, callee.expr->whole().begin, at.end},
       Call{callee.expr, take_all(args_, frame.heights.args)},
       deepest(frame.depth, callee.depth) + 1);
}

void Builder::index(Span at) {
  const Frame frame = pop_frame();
  const Slot base = take_slot();
  push(Range{source_, base.expr->whole().begin, at.end},
       Index{base.expr, take_all(args_, frame.heights.args)}, deepest(frame.depth, base.depth) + 1);
}

void Builder::member(Span at) {
  const bool optional = text_[at.begin] == '?';
  const Span name{at.begin + (optional ? 2U : 1U), at.end};
  const Slot base = take_slot();
  push(Range{source_, base.expr->whole().begin, at.end}, Member{base.expr, word_at(name), optional},
       base.depth + 1);
}

// --- if, match, nodes --------------------------------------------------------------------

void Builder::if_expr(Span at) {
  const Slot otherwise = take_slot();
  const Slot then = take_slot();
  const Slot condition = take_slot();
  push(Range{source_, at.begin, otherwise.expr->whole().end},
       If{condition.expr, then.expr, otherwise.expr},
       std::max({condition.depth, then.depth, otherwise.depth}) + 1);
}

void Builder::match_arm() {
  MatchArm arm;
  arm.value = take();
  while (exprs_.size() > frames_.back().heights.exprs)
    arm.patterns.push_back(take());
  std::ranges::reverse(arm.patterns);
  for (const Expr* pattern : arm.patterns) {
    const auto* name = std::get_if<Name>(&pattern->value);
    if (name != nullptr && name->text != "_") {
      fault({"E001", nullptr, "write it in quotes, or compare with `if`"},
            {pattern->range.begin, pattern->range.end},
            fmt::format("a pattern is a literal or `_`, this is the name `{}`", name->text));
    }
    const auto* text = std::get_if<StringLit>(&pattern->value);
    if (text != nullptr &&
        std::ranges::any_of(text->pieces, [](const Piece& p) { return p.hole; })) {
      fault({"E001", nullptr, "compare with `if` instead"},
            {pattern->range.begin, pattern->range.end}, "a pattern cannot have holes");
    }
  }
  arms_.push_back(std::move(arm));
}

void Builder::match_expr(Span at) {
  const Frame frame = pop_frame();
  const Slot subject = take_slot();
  push(at, Match{subject.expr, take_all(arms_, frame.heights.arms)},
       deepest(frame.depth, subject.depth) + 1);
}

RuleRef Builder::read_rule_ref(Span at) const {
  const std::size_t dot = view(at).find('.');
  if (dot == std::string_view::npos) return {std::nullopt, word_at(at)};
  const std::uint32_t middle = at.begin + static_cast<std::uint32_t>(dot);
  return {word_at({at.begin, middle}), word_at({middle + 1, at.end})};
}

void Builder::rule_ref(Span at) {
  rule_refs_.push_back(read_rule_ref(at));
}

RuleRef Builder::take_rule_ref() {
  const RuleRef ref = rule_refs_.back();
  rule_refs_.pop_back();
  return ref;
}

void Builder::node_lit(Span at) {
  const std::uint32_t depth = blocks_.back().depth + 1;
  push(at, NodeLit{take_rule_ref(), take_block()}, depth);
}

}  // namespace devgraph::lang
