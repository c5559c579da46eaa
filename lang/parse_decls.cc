/// Builder: declarations.

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "lang/parse_builder.h"

namespace devgraph::lang {

using namespace ast;

void Builder::edition(Span at) {
  std::int64_t number = 0;
  const std::string_view digits = view(at);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  file_.edition = number;
  file_.edition_range = range(at);
  if (read.ec == std::errc{} && number == 1) return;
  found_
      .error("E015", range(at), fmt::format("edition {} is not known", digits),
             "this devgraph reads edition 1")
      .helps.emplace_back("write  devgraph 1  or use a newer devgraph");
}

void Builder::decl_begin(Span at) {
  open(Bracket::Declaration, at);
}
void Builder::given_value() {
  frames_.back().value = take();
}
void Builder::condition() {
  frames_.back().condition = take();
}

void Builder::result() {
  if (types_.size() > frames_.back().heights.types) frames_.back().result = take_type();
}

void Builder::end_brackets(Span at) {
  const Frame frame = pop_frame();
  const Range around{source_, frame.at.begin, at.end};
  (frame.kind == Bracket::Body ? frames_.back().body : frames_.back().brackets) = around;
}

void Builder::add_decl(const Frame& frame, Span at, decltype(Decl::value) value) {
  decls_.push_back(
      &arena_.decls.emplace_back(Decl{range(at), docs_before(frame.at.begin), std::move(value)}));
}

void Builder::top_decl() {
  file_.decls.push_back(decls_.back());
  decls_.pop_back();
}

void Builder::use_item_name(Span at) {
  uses_.push_back({word_at(at), std::nullopt});
}
void Builder::use_item_as(Span at) {
  uses_.back().as = word_at(at);
}

void Builder::use_decl(Span at) {
  Use use;
  use.path = take();
  const Frame frame = pop_frame();
  const auto* path = std::get_if<PathLit>(&use.path->value);
  bool plain = path != nullptr && !path->has_wildcard && !path->is_folder;
  if (plain) {
    for (const Piece& piece : path->pieces)
      plain = plain && piece.hole == nullptr;
  }
  if (!plain) {
    fault({"E009", nullptr, "write  use //folder/file { name }  for folder/file.devgraph"},
          {use.path->range.begin, use.path->range.end},
          "`use` needs the plain path of one library");
  }
  use.braces = frame.brackets;
  use.items = take_all(uses_, frame.heights.uses);
  add_decl(frame, at, std::move(use));
}

void Builder::ws_decl(Span at) {
  const Frame frame = pop_frame();
  add_decl(frame, at, Workspace{take_block()});
}

void Builder::param_decl(Span at) {
  const Frame frame = pop_frame();
  const ast::Type* type = take_type();
  add_decl(frame, at, Param{take_word(), type, frame.value, frame.condition});
}

void Builder::axis_decl(Span at) {
  Axis axis;
  axis.value = take();
  const Frame frame = pop_frame();
  axis.name = take_word();
  axis.late = text_[frame.at.begin] == 'l';
  add_decl(frame, at, axis);
}

void Builder::let_decl(Span at) {
  Let let;
  let.value = take();
  const Frame frame = pop_frame();
  if (types_.size() > frame.heights.types) let.type = take_type();
  let.name = take_word();
  add_decl(frame, at, let);
}

void Builder::assert_decl(Span at) {
  Assert assertion;
  assertion.message = take();
  assertion.condition = take();
  add_decl(pop_frame(), at, assertion);
}

void Builder::node_begin(Span at) {
  decl_begin(at);
  rule_refs_.push_back(read_rule_ref(at));
}

void Builder::node_axis() {
  NodeAxis axis;
  if (exprs_.size() > frames_.back().heights.exprs) axis.in = take();
  axis.name = take_word();
  axes_.push_back(axis);
}

void Builder::node_axes(Span at) {
  const Frame frame = pop_frame();
  frames_.back().brackets = {source_, frame.at.begin, at.end};
}

void Builder::node_decl(Span at) {
  const Frame frame = pop_frame();
  Node node{.rule = take_rule_ref(), .name = take_word()};
  node.has_brackets = frame.brackets.end > 0;
  node.brackets = frame.brackets;
  node.axes = take_all(axes_, frame.heights.axes);
  node.where = frame.condition;
  node.block = take_block();
  add_decl(frame, at, std::move(node));
}

void Builder::parameter_begin(Span at) {
  open(Bracket::Part, at);
  word(at);
}

void Builder::parameter(Span at) {
  const Frame frame = pop_frame();
  const ast::Type* type = take_type();
  parameters_.push_back({take_word(), type, frame.value, docs_before(frame.at.begin), range(at)});
}

void Builder::fn_decl(Span at) {
  Fn fn;
  fn.value = take();
  const Frame frame = pop_frame();
  fn.parameters = take_all(parameters_, frame.heights.parameters);
  fn.parens = frame.brackets;
  fn.result = frame.result;
  fn.name = take_word();
  add_decl(frame, at, std::move(fn));
}

void Builder::type_decl(Span at) {
  const Frame frame = pop_frame();
  const ast::Type* type = take_type();
  add_decl(frame, at, TypeDef{take_word(), type});
}

void Builder::rule_decl(Span at) {
  const Frame frame = pop_frame();
  Rule rule;
  const std::string_view head = view(frame.at);
  rule.is_extern = head.starts_with("extern");
  rule.effect = head.find("effect") != std::string_view::npos;
  rule.parameters = take_all(parameters_, frame.heights.parameters);
  rule.parens = frame.brackets;
  rule.braces = frame.body;
  rule.result = frame.result;
  rule.body = take_all(decls_, frame.heights.decls);
  rule.name = take_word();
  add_decl(frame, at, std::move(rule));
}

}  // namespace devgraph::lang
