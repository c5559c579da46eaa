/// Builder: types.

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "lang/parse_builder.h"
#include "lang/words.h"

namespace devgraph::lang {

using namespace ast;

void Builder::push_type(ast::Type type) {
  types_.push_back(&arena_.types.emplace_back(std::move(type)));
}

void Builder::type_name(Span at) {
  if (is_reserved(view(at)) && view(at) != "none") {
    fault({"E005", nullptr, "types are string int bool duration size version path file tree …"}, at,
          fmt::format("`{}` is a word of the language, a type is needed here", view(at)));
  }
  push_type({.kind = TypeKind::Named, .range = range(at), .text = std::string(view(at))});
}

void Builder::type_literal(Span at) {
  const Slot slot = take_slot();
  const auto& literal = std::get<StringLit>(slot.expr->value);
  if (literal.pieces.size() > 1 || (!literal.pieces.empty() && literal.pieces[0].hole != nullptr)) {
    fault({"E001", nullptr, "write the whole text"}, at, "a type cannot have holes");
  }
  push_type({.kind = TypeKind::Literal,
             .range = range(at),
             .text = literal.pieces.empty() ? std::string() : literal.pieces[0].text});
}

void Builder::type_wrap(TypeKind kind, Span at) {
  const Frame frame = pop_frame();
  const ast::Type* item = take_type();
  push_type(
      {.kind = kind, .range = {source_, frame.at.begin, at.end}, .text = {}, .items = {item}});
}

void Builder::type_field(Span at) {
  const ast::Type* type = take_type();
  type_fields_.push_back({take_word(), type, range(at)});
}

void Builder::type_record(Span at) {
  const Frame frame = pop_frame();
  push_type({.kind = TypeKind::Record,
             .range = {source_, frame.at.begin, at.end},
             .text = {},
             .items = {},
             .fields = take_all(type_fields_, frame.heights.type_fields)});
}

void Builder::end_type(std::size_t first, Span at) {
  const bool optional = std::exchange(optional_, false);
  if (types_.size() - first > 1) {
    ast::Type both{.kind = TypeKind::Union, .range = range(at)};
    if (optional) --both.range.end;
    both.items = take_all(types_, first);
    push_type(std::move(both));
  }
  if (optional) {
    const ast::Type* item = take_type();
    push_type({.kind = TypeKind::Optional, .range = range(at), .text = {}, .items = {item}});
  }
}

}  // namespace devgraph::lang
