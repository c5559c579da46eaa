/// Printer: values on one line.

#include <array>

#include <fmt/format.h>

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

namespace {

constexpr std::array<const char*, 13> kSigns{
    "??", "or", "and", "==", "!=", "<=", ">=", "<", ">", "in", "+", "-", "/"};

/// Joins what a function gives for each element; none if it gives none for one.
template <class List, class Fn>
std::optional<std::string> joined(const List& list, const char* separator, Fn fn) {
  std::string out;
  bool first = true;
  for (const auto& item : list) {
    const std::optional<std::string> part = fn(item);
    if (!part) return std::nullopt;
    if (!first) out += separator;
    first = false;
    out += *part;
  }
  return out;
}

std::string word(std::string_view text) {
  return std::string(text);
}

}  // namespace

const char* sign_of(BinaryOp op) {
  return kSigns.at(static_cast<std::size_t>(op));
}

Printer::Flat Printer::verbatim(const Range& range) const {
  const std::string_view text = view(range);
  if (text.find('\n') != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

Printer::Flat Printer::flat(const Expr& expr) const {
  if (has_comment(expr.whole())) return std::nullopt;
  Flat text = flat_value(expr);
  if (text && expr.parens.end > expr.parens.begin) return "(" + *text + ")";
  return text;
}

Printer::Flat Printer::flat_value(const Expr& expr) const {
  if (const auto* list = std::get_if<List>(&expr.value)) {
    return is_broken(expr.range) ? std::nullopt : flat_list(*list);
  }
  if (const auto* record = std::get_if<Record>(&expr.value)) {
    return is_broken(expr.range) ? std::nullopt : flat_fields(record->fields);
  }
  if (const auto* comp = std::get_if<ListComp>(&expr.value)) {
    const Flat clauses = flat_clauses(comp->clauses);
    const Flat value = flat(*comp->value);
    if (!clauses || !value) return std::nullopt;
    return fmt::format("[{}: {}]", *clauses, *value);
  }
  if (const auto* comp = std::get_if<MapComp>(&expr.value)) {
    const Flat clauses = flat_clauses(comp->clauses);
    const Flat key = flat(*comp->key);
    const Flat value = flat(*comp->value);
    if (!clauses || !key || !value) return std::nullopt;
    return fmt::format("{{{}: {} = {}}}", *clauses, *key, *value);
  }
  if (const auto* call = std::get_if<Call>(&expr.value)) {
    const Flat callee = flat(*call->callee);
    const Range around{file_.source, call->callee->whole().end, expr.range.end};
    const Flat args = flat_args(call->args, '(', ')', around);
    return callee && args ? Flat(*callee + *args) : std::nullopt;
  }
  if (const auto* index = std::get_if<Index>(&expr.value)) {
    const Flat base = flat(*index->base);
    const Range around{file_.source, index->base->whole().end, expr.range.end};
    const Flat args = flat_args(index->args, '[', ']', around);
    return base && args ? Flat(*base + *args) : std::nullopt;
  }
  if (const auto* member = std::get_if<Member>(&expr.value)) {
    const Flat base = flat(*member->base);
    if (!base) return std::nullopt;
    return fmt::format("{}{}{}", *base, member->optional ? "?." : ".", member->name.text);
  }
  if (const auto* value = std::get_if<If>(&expr.value)) return flat_if(*value);
  if (const auto* match = std::get_if<Match>(&expr.value)) return flat_match(expr, *match);
  if (const auto* binary = std::get_if<Binary>(&expr.value)) return flat_binary(*binary);
  if (const auto* no = std::get_if<Not>(&expr.value)) {
    const Flat value = flat(*no->value);
    return value ? Flat("not " + *value) : std::nullopt;
  }
  if (const auto* cast = std::get_if<Cast>(&expr.value)) {
    const Flat value = flat(*cast->value);
    const Flat to = type(*cast->type);
    return value && to ? Flat(*value + " as " + *to) : std::nullopt;
  }
  if (const auto* node = std::get_if<NodeLit>(&expr.value)) {
    const Flat block = flat_block(node->block);
    if (!block) return std::nullopt;
    const std::string module = node->rule.module ? word(node->rule.module->text) + "." : "";
    return fmt::format("{}{} {}", module, node->rule.name.text, *block);
  }
  if (std::holds_alternative<Script>(expr.value)) return std::nullopt;
  return verbatim(expr.range);
}

Printer::Flat Printer::flat_list(const List& list) const {
  const Flat items = joined(list.items, ", ", [this](const ListItem& item) -> Flat {
    const Flat value = flat(*item.value);
    return value && item.spread ? Flat("..." + *value) : value;
  });
  return items ? Flat("[" + *items + "]") : std::nullopt;
}

Printer::Flat Printer::flat_field(const Field& field) const {
  const Flat value = flat(*field.value);
  if (!value) return std::nullopt;
  if (field.pun) return verbatim(field.range);
  if (field.spread) return "..." + *value;
  const Flat name = verbatim(field.name.range);
  return name ? Flat(*name + " = " + *value) : std::nullopt;
}

Printer::Flat Printer::flat_fields(const std::vector<Field>& fields) const {
  if (fields.empty()) return "{}";
  const Flat inner = joined(fields, ", ", [this](const Field& field) { return flat_field(field); });
  return inner ? Flat("{ " + *inner + " }") : std::nullopt;
}

Printer::Flat Printer::flat_block(const Block& block) const {
  if (has_comment(block.range) || is_broken(block.range)) return std::nullopt;
  return flat_fields(block.fields);
}

Printer::Flat Printer::flat_arg(const Arg& arg) const {
  Flat value = flat(*arg.value);
  if (!value) return std::nullopt;
  if (arg.spread) return "..." + *value;
  if (arg.name) return word(arg.name->text) + (arg.in ? " in " : " = ") + *value;
  return value;
}

Printer::Flat Printer::flat_args(const std::vector<Arg>& args, char open, char close,
                                 const Range& around) const {
  if (is_broken(around)) return std::nullopt;
  const Flat inner = joined(args, ", ", [this](const Arg& arg) { return flat_arg(arg); });
  return inner ? Flat(open + *inner + close) : std::nullopt;
}

Printer::Flat Printer::flat_clauses(const std::vector<Clause>& clauses) const {
  return joined(clauses, " ", [this](const Clause& clause) -> Flat {
    const Flat in = flat(*clause.in);
    if (!in) return std::nullopt;
    std::string out = "for " + word(clause.first.text);
    if (clause.second) out += ", " + word(clause.second->text);
    out += " in " + *in;
    if (clause.condition == nullptr) return out;
    const Flat condition = flat(*clause.condition);
    return condition ? Flat(out + " if " + *condition) : std::nullopt;
  });
}

Printer::Flat Printer::flat_pattern(const MatchArm& arm) const {
  return joined(arm.patterns, " | ",
                [this](const Expr* pattern) { return verbatim(pattern->range); });
}

Printer::Flat Printer::flat_match(const Expr& expr, const Match& match) const {
  const Flat subject = flat(*match.subject);
  const std::size_t open = text_.find('{', match.subject->whole().end);
  const Range around{file_.source, static_cast<std::uint32_t>(open), expr.range.end};
  if (!subject || is_broken(around)) return std::nullopt;
  const Flat arms = joined(match.arms, ", ", [this](const MatchArm& arm) -> Flat {
    const Flat pattern = flat_pattern(arm);
    const Flat value = flat(*arm.value);
    return pattern && value ? Flat(*pattern + " => " + *value) : std::nullopt;
  });
  if (!arms) return std::nullopt;
  return arms->empty() ? Flat("match " + *subject + " {}")
                       : Flat("match " + *subject + " { " + *arms + " }");
}

Printer::Flat Printer::flat_binary(const Binary& binary) const {
  const Flat left = flat(*binary.left);
  const Flat right = flat(*binary.right);
  if (!left || !right) return std::nullopt;
  return fmt::format("{} {} {}", *left, sign_of(binary.op), *right);
}

Printer::Flat Printer::flat_if(const If& value) const {
  const Flat condition = flat(*value.condition);
  const Flat then = flat(*value.then);
  const Flat otherwise = flat(*value.otherwise);
  if (!condition || !then || !otherwise) return std::nullopt;
  return fmt::format("if {} then {} else {}", *condition, *then, *otherwise);
}

// --- types -------------------------------------------------------------------------------

Printer::Flat Printer::type(const ast::Type& type) const {
  const auto item = [this, &type](std::size_t i) { return this->type(*type.items[i]); };
  switch (type.kind) {
    case TypeKind::Named:
      return type.text;
    case TypeKind::Literal:
      return verbatim(type.range);
    case TypeKind::List:
    case TypeKind::Map: {
      const Flat inner = item(0);
      if (!inner) return std::nullopt;
      return type.kind == TypeKind::List ? "[" + *inner + "]" : "{" + *inner + "}";
    }
    case TypeKind::Optional: {
      const Flat inner = item(0);
      const TypeKind kind = type.items[0]->kind;
      const bool closed = kind != TypeKind::Optional &&
                          (kind != TypeKind::Union || text_[type.range.end - 2] != ')');
      if (!inner) return std::nullopt;
      return closed ? *inner + "?" : "(" + *inner + ")?";
    }
    case TypeKind::Union:
      return joined(type.items, " | ", [this](const ast::Type* part) -> Flat {
        const Flat inner = this->type(*part);
        const bool open = part->kind == TypeKind::Union || part->kind == TypeKind::Optional;
        return inner && open ? Flat("(" + *inner + ")") : inner;
      });
    case TypeKind::Record: {
      if (has_comment(type.range) || is_broken(type.range)) return std::nullopt;
      const Flat inner = joined(type.fields, ", ", [this](const ast::TypeField& field) -> Flat {
        const Flat of = this->type(*field.type);
        return of ? Flat(word(field.name.text) + ": " + *of) : std::nullopt;
      });
      return inner ? Flat("{ " + *inner + " }") : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace devgraph::lang
