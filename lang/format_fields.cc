/// Printer: fields, blocks and scripts on several lines.

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

Lines Printer::assigned(const Expr& expr, int indent, int column) {
  const int inner = indent + kIndent;
  if (is_script(expr)) {
    Lines out = script(expr, inner);
    out[0].insert(0, spaces(inner));
    out.insert(out.begin(), "=");
    return out;
  }
  const Flat text = flat(expr);
  if (text && column + 2 + columns(*text) <= kWidth) return {"= " + *text};
  if (text && !opens_brackets(expr) && inner + columns(*text) <= kWidth) {
    return {"=", spaces(inner) + *text};
  }
  Lines out{"= "};
  join(out, value(expr, indent, column + 2));
  return out;
}

Row Printer::field_row(const Field& field, int indent) {
  Row row;
  row.ends_in_script = lang::ends_in_script(*field.value);
  if (field.pun) {
    row.cells.emplace_back(view(field.range));
  } else if (field.spread) {
    Lines lines{"..."};
    join(lines, value(*field.value, indent, indent + 3));
    row = row_of(std::move(lines));
    row.ends_in_script = lang::ends_in_script(*field.value);
  } else if (is_script(*field.value) && field.name.range.begin == field.value->range.begin) {
    row = row_of(script(*field.value, indent));
    row.ends_in_script = true;
  } else {
    row.kind = RowKind::Field;
    Lines name = verbatim_lines(field.name.range);
    const int column = indent + columns(name.back()) + 1;
    Lines lines = assigned(*field.value, indent, column);
    if (name.size() > 1) {  // A text of several lines as a name.
      name.back() += " ";
      join(name, std::move(lines));
      row.kind = RowKind::Other;
      row.cells.push_back(name[0]);
      row.rest.assign(name.begin() + 1, name.end());
      return row;
    }
    row.cells = {name[0], lines[0]};
    row.rest.assign(lines.begin() + 1, lines.end());
  }
  return row;
}

std::vector<Item> Printer::field_items(const std::vector<Field>& fields) {
  std::vector<Item> items;
  items.reserve(fields.size());
  for (const Field& field : fields) {
    items.push_back({field.range.begin, field.range.end, field.doc.size(),
                     [this, &field](int at) { return field_row(field, at); },
                     [this, &field](std::vector<Range>& out) {
                       if (field.name_expr != nullptr) claims_of(*field.name_expr, out);
                       claims_of(*field.value, out);
                     }});
  }
  return items;
}

Lines Printer::block(const Block& block, int indent) {
  if (block.fields.empty() && !has_comment(block.range)) return {"{}"};
  return group("{", field_items(block.fields), block.range, "}", indent);
}

Lines Printer::script(const Expr& expr, int indent) {
  const std::string margin = spaces(indent);
  Lines out;
  std::uint32_t last_end = expr.range.begin;
  const auto add = [&](std::string_view text, std::uint32_t begin, std::uint32_t end) {
    if (!out.empty() && blank_between(last_end, begin)) out.emplace_back();
    out.push_back((out.empty() ? "" : margin) + std::string(text));
    last_end = end;
  };
  for (const CommandLine& line : std::get<Script>(expr.value).lines) {
    for (std::size_t i = first_comment(last_end);
         i < file_.comments.size() && file_.comments[i].range.begin < line.range.begin; ++i) {
      const Range& at = file_.comments[i].range;
      std::string_view words = view(at);
      while (words.ends_with(' ') || words.ends_with('\t') || words.ends_with('\r')) {
        words.remove_suffix(1);
      }
      printed_[i] = true;
      add(words, at.begin, at.end);
    }
    add(view(line.range), line.range.begin, line.range.end);
  }
  return out;
}

}  // namespace devgraph::lang
