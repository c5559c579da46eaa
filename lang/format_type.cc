/// Printer: types on several lines.

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

Lines Printer::record_type(const ast::Type& type, int indent) {
  std::vector<Item> items;
  items.reserve(type.fields.size());
  for (const ast::TypeField& field : type.fields) {
    items.push_back({field.name.range.begin, field.range.end, 0,
                     [this, &field](int at) {
                       Lines lines{std::string(field.name.text) + ": "};
                       join(lines, type_lines(*field.type, at, at + columns(lines[0])));
                       Row row;
                       row.kind = RowKind::Parameter;
                       row.cells = {std::string(field.name.text) + ":",
                                    lines[0].substr(field.name.text.size() + 2)};
                       row.rest.assign(lines.begin() + 1, lines.end());
                       return row;
                     },
                     [this, &field](std::vector<Range>& out) { claims_of(*field.type, out); }});
  }
  return group("{", items, type.range, "}", indent);
}

Lines Printer::type_lines(const ast::Type& type, int indent, int column) {
  const Flat text = this->type(type);
  if (text && (column + columns(*text) <= kWidth || type.kind == TypeKind::Named)) return {*text};
  const auto wrapped = [&](const char* open, const ast::Type& inner, const char* close) {
    Lines out{open};
    join(out, type_lines(inner, indent, column + columns(open)));
    out.back() += close;
    return out;
  };
  switch (type.kind) {
    case TypeKind::List:
      return wrapped("[", *type.items[0], "]");
    case TypeKind::Map:
      return wrapped("{", *type.items[0], "}");
    case TypeKind::Optional: {
      const TypeKind kind = type.items[0]->kind;
      const bool closed = kind != TypeKind::Optional &&
                          (kind != TypeKind::Union || text_[type.range.end - 2] != ')');
      return closed ? wrapped("", *type.items[0], "?") : wrapped("(", *type.items[0], ")?");
    }
    case TypeKind::Union: {
      Lines out;
      for (const ast::Type* part : type.items) {
        const bool open = part->kind == TypeKind::Union || part->kind == TypeKind::Optional;
        if (!out.empty()) out.back() += " |";
        Lines next = open ? wrapped("(", *part, ")") : type_lines(*part, indent, indent + kIndent);
        if (!out.empty()) {
          const bool fits = columns(out.back()) + 1 + columns(next[0]) + column <= kWidth;
          if (fits) {
            next[0].insert(0, " ");
            join(out, std::move(next));
          } else {
            next[0].insert(0, spaces(indent + kIndent));
            out.insert(out.end(), next.begin(), next.end());
          }
        } else {
          out = std::move(next);
        }
      }
      return out;
    }
    case TypeKind::Record:
      return record_type(type, indent);
    default:
      return text ? Lines{*text} : verbatim_lines(type.range);
  }
}

}  // namespace devgraph::lang
