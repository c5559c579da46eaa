/// Printer: declarations.

#include <utility>

#include <fmt/format.h>

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

namespace {

std::string rule_name(const RuleRef& rule) {
  return rule.module ? fmt::format("{}.{}", rule.module->text, rule.name.text)
                     : std::string(rule.name.text);
}

int end_column(const Lines& lines, int column) {
  return lines.size() == 1 ? column + columns(lines[0]) : columns(lines.back());
}

}  // namespace

void Printer::claims_of(const Decl& decl, std::vector<Range>& out) const {
  const auto add = [&](const Expr* expr) {
    if (expr != nullptr) claims_of(*expr, out);
  };
  const auto add_type = [&](const ast::Type* type) {
    if (type != nullptr) claims_of(*type, out);
  };
  if (const auto* use = std::get_if<Use>(&decl.value)) {
    out.push_back(use->path->range);
    out.push_back(use->braces);
  } else if (const auto* workspace = std::get_if<Workspace>(&decl.value)) {
    out.push_back(workspace->block.range);
  } else if (const auto* param = std::get_if<Param>(&decl.value)) {
    add_type(param->type);
    add(param->value);
    add(param->condition);
  } else if (const auto* axis = std::get_if<Axis>(&decl.value)) {
    add(axis->value);
  } else if (const auto* let = std::get_if<Let>(&decl.value)) {
    add_type(let->type);
    add(let->value);
  } else if (const auto* assertion = std::get_if<Assert>(&decl.value)) {
    add(assertion->condition);
    add(assertion->message);
  } else if (const auto* node = std::get_if<Node>(&decl.value)) {
    if (node->has_brackets) out.push_back(node->brackets);
    add(node->where);
    out.push_back(node->block.range);
  } else if (const auto* fn = std::get_if<Fn>(&decl.value)) {
    out.push_back(fn->parens);
    add_type(fn->result);
    add(fn->value);
  } else if (const auto* type = std::get_if<TypeDef>(&decl.value)) {
    add_type(type->type);
  } else if (const auto* rule = std::get_if<Rule>(&decl.value)) {
    out.push_back(rule->parens);
    add_type(rule->result);
    out.push_back(rule->braces);
  }
}

Item Printer::decl_item(const Decl& decl) {
  return {decl.range.begin, decl.range.end, decl.doc.size(),
          [this, &decl](int indent) { return decl_row(decl, indent); },
          [this, &decl](std::vector<Range>& out) { claims_of(decl, out); }};
}

Row Printer::defined_row(RowKind kind, std::string keyword, std::string name, Lines value) const {
  Row row;
  row.kind = kind;
  row.cells = {std::move(keyword), std::move(name), std::move(value[0])};
  row.rest.assign(std::make_move_iterator(value.begin() + 1), std::make_move_iterator(value.end()));
  return row;
}

Row Printer::decl_row(const Decl& decl, int indent) {
  if (const auto* use = std::get_if<Use>(&decl.value)) return use_row(*use, indent);
  if (const auto* param = std::get_if<Param>(&decl.value)) return param_row(*param, indent);
  if (const auto* node = std::get_if<Node>(&decl.value)) return node_row(*node, indent);
  if (const auto* fn = std::get_if<Fn>(&decl.value)) return fn_row(*fn, indent);
  if (const auto* rule = std::get_if<Rule>(&decl.value)) return rule_row(*rule, indent);
  if (const auto* workspace = std::get_if<Workspace>(&decl.value)) {
    const Flat flat = flat_block(workspace->block);
    const bool fits = flat && indent + 10 + columns(*flat) <= kWidth;
    Lines lines{"workspace "};
    join(lines, fits ? Lines{*flat} : block(workspace->block, indent));
    return row_of(std::move(lines));
  }
  if (const auto* assertion = std::get_if<Assert>(&decl.value)) {
    return assert_row(*assertion, indent);
  }
  if (const auto* type = std::get_if<TypeDef>(&decl.value)) {
    Lines lines{"= "};
    const int column = indent + 8 + columns(type->name.text);
    join(lines, type_lines(*type->type, indent, column));
    return defined_row(RowKind::TypeDef, "type", std::string(type->name.text), std::move(lines));
  }
  std::string keyword = "let";
  std::string name;
  const Expr* written = nullptr;
  if (const auto* axis = std::get_if<Axis>(&decl.value)) {
    keyword = axis->late ? "late axis" : "axis";
    name = axis->name.text;
    written = axis->value;
  } else {
    const auto& let = std::get<Let>(decl.value);
    name = let.name.text;
    written = let.value;
    if (let.type != nullptr) {
      const Lines type = type_lines(*let.type, indent, indent + 6 + columns(name));
      if (type.size() > 1) {
        Lines lines{fmt::format("let {}: ", name)};
        join(lines, type);
        lines.back() += " ";
        join(lines, assigned(*written, indent, columns(lines.back())));
        Row row = row_of(std::move(lines));
        row.ends_in_script = lang::ends_in_script(*written);
        return row;
      }
      name += ": " + type[0];
    }
  }
  const int column = indent + columns(keyword) + 1 + columns(name) + 1;
  Row row = defined_row(RowKind::Define, keyword, name, assigned(*written, indent, column));
  row.ends_in_script = lang::ends_in_script(*written);
  return row;
}

Row Printer::assert_row(const Assert& assertion, int indent) {
  Lines lines{"assert "};
  join(lines, value(*assertion.condition, indent, indent + 7, 1));
  lines.back() += ",";
  const Flat message = flat(*assertion.message);
  if (message && end_column(lines, indent) + 1 + columns(*message) <= kWidth) {
    lines.back() += " " + *message;
  } else {
    Lines text = value(*assertion.message, indent + kIndent, indent + kIndent);
    text[0].insert(0, spaces(indent + kIndent));
    lines.insert(lines.end(), text.begin(), text.end());
  }
  return row_of(std::move(lines));
}

Row Printer::use_row(const Use& use, int indent) {
  const auto text = [](const UseItem& item) {
    return item.as ? fmt::format("{} as {}", item.name.text, item.as->text)
                   : std::string(item.name.text);
  };
  std::string flat = fmt::format("use {} {{", view(use.path->range));
  Lines head{flat};
  std::vector<Item> items;
  for (const UseItem& item : use.items) {
    flat += (items.empty() ? " " : ", ") + text(item);
    const std::uint32_t end = item.as ? item.as->range.end : item.name.range.end;
    items.push_back(
        {item.name.range.begin, end, 0, [text, &item](int) { return row_of({text(item)}); }, {}});
  }
  flat += use.items.empty() ? "}" : " }";
  const bool breaks = has_comment(use.braces) || is_broken(use.braces);
  if (!breaks && indent + columns(flat) <= kWidth) return row_of({flat});
  return row_of(group(head[0], items, use.braces, "}", indent));
}

Row Printer::param_row(const Param& param, int indent) {
  Row row;
  row.kind = RowKind::Param;
  row.cells = {fmt::format("param {}:", param.name.text)};
  Lines type = type_lines(*param.type, indent, indent + columns(row.cells[0]) + 1);
  Lines lines;
  int column = indent + columns(row.cells[0]) + 1 + end_column(type, 0) + 1;
  if (param.value != nullptr) lines = assigned(*param.value, indent, column);
  if (param.condition != nullptr) {
    const Flat flat = this->flat(*param.condition);
    const bool script = param.value != nullptr && lang::ends_in_script(*param.value);
    const int at = lines.empty() ? column : end_column(lines, column) + 1;
    if (!script && flat && at + 6 + columns(*flat) <= kWidth) {
      if (lines.empty()) lines.emplace_back();
      lines.back() += (lines.back().empty() ? "where " : " where ") + *flat;
    } else {
      const int inner = indent + kIndent;
      Lines where{spaces(inner) + "where "};
      join(where, value(*param.condition, inner, inner + 6));
      if (lines.empty()) {
        type.insert(type.end(), where.begin(), where.end());
      } else {
        lines.insert(lines.end(), where.begin(), where.end());
      }
    }
  } else {
    row.ends_in_script = param.value != nullptr && lang::ends_in_script(*param.value);
  }
  if (type.size() > 1) {  // A type of several lines aligns with nothing.
    Lines all{row.cells[0] + " "};
    join(all, std::move(type));
    if (!lines.empty()) {
      all.back() += " ";
      join(all, std::move(lines));
    }
    const bool script = row.ends_in_script;
    row = row_of(std::move(all));
    row.ends_in_script = script;
    return row;
  }
  row.cells.push_back(type[0]);
  if (!lines.empty()) row.cells.push_back(lines[0]);
  if (lines.size() > 1) row.rest.assign(lines.begin() + 1, lines.end());
  return row;
}

Lines Printer::axes(const Node& node, int indent, int column) {
  const auto axis_value = [this](const NodeAxis& axis, int at) {
    Lines lines{std::string(axis.name.text)};
    if (axis.in == nullptr) return lines;
    lines[0] += " in ";
    join(lines, value(*axis.in, at, at + columns(lines[0])));
    return lines;
  };
  std::string flat = "[";
  bool breaks = has_comment(node.brackets) || is_broken(node.brackets);
  std::vector<Item> items;
  for (const NodeAxis& axis : node.axes) {
    if (!items.empty()) flat += ", ";
    flat += axis.name.text;
    if (axis.in != nullptr) {
      const Flat in = this->flat(*axis.in);
      breaks = breaks || !in;
      if (in) flat += " in " + *in;
    }
    const std::uint32_t end = axis.in != nullptr ? axis.in->whole().end : axis.name.range.end;
    items.push_back({axis.name.range.begin, end, 0,
                     [axis_value, &axis](int at) { return row_of(axis_value(axis, at)); },
                     [this, &axis](std::vector<Range>& out) {
                       if (axis.in != nullptr) claims_of(*axis.in, out);
                     }});
  }
  flat += "]";
  if (!breaks && column + columns(flat) + 2 <= kWidth) return {flat};
  return group("[", items, node.brackets, "]", indent);
}

Row Printer::node_row(const Node& node, int indent) {
  const std::string rule = rule_name(node.rule);
  const int start = indent + columns(rule) + 1;
  Lines head{std::string(node.name.text)};
  if (node.has_brackets) join(head, axes(node, indent, start + columns(head[0])));
  if (node.where != nullptr) {
    head.back() += " where ";
    join(head, value(*node.where, indent, end_column(head, start), 2));
  }
  const Flat flat = flat_block(node.block);
  const int column = end_column(head, start) + 1;
  if (head.size() == 1 && flat && column + columns(*flat) <= kWidth) {
    Row row;
    row.kind = RowKind::Node;
    row.cells = {rule, head[0], *flat};
    return row;
  }
  Lines lines{rule + " "};
  join(lines, std::move(head));
  lines.back() += " ";
  const bool fits = flat && column + columns(*flat) <= kWidth;
  join(lines, fits ? Lines{*flat} : block(node.block, indent));
  return row_of(std::move(lines));
}

Row Printer::parameter_row(const Parameter& parameter, int indent) {
  Row row;
  row.kind = RowKind::Parameter;
  row.cells = {std::string(parameter.name.text) + ":"};
  Lines type = type_lines(*parameter.type, indent, indent + columns(row.cells[0]) + 1);
  const int column = indent + columns(row.cells[0]) + 1 + end_column(type, 0) + 1;
  Lines lines;
  if (parameter.value != nullptr) {
    lines = assigned(*parameter.value, indent, column);
    row.ends_in_script = lang::ends_in_script(*parameter.value);
  }
  if (type.size() == 1) {
    row.cells.push_back(type[0]);
    if (!lines.empty()) row.cells.push_back(lines[0]);
    if (lines.size() > 1) row.rest.assign(lines.begin() + 1, lines.end());
    return row;
  }
  row.cells.push_back(type[0]);
  if (!lines.empty()) {
    type.back() += " ";
    join(type, std::move(lines));
  }
  row.rest.assign(type.begin() + 1, type.end());
  return row;
}

Lines Printer::parameters(const std::vector<Parameter>& list, const Range& around, int indent,
                          int column) {
  std::string flat = "(";
  bool breaks = has_comment(around) || is_broken(around);
  std::vector<Item> items;
  for (const Parameter& parameter : list) {
    if (!items.empty()) flat += ", ";
    const Flat type = this->type(*parameter.type);
    breaks = breaks || !type;
    flat += fmt::format("{}: {}", parameter.name.text, type ? *type : "");
    if (parameter.value != nullptr) {
      const Flat value = this->flat(*parameter.value);
      breaks = breaks || !value;
      if (value) flat += " = " + *value;
    }
    items.push_back({parameter.range.begin, parameter.range.end, parameter.doc.size(),
                     [this, &parameter](int at) { return parameter_row(parameter, at); },
                     [this, &parameter](std::vector<Range>& out) {
                       claims_of(*parameter.type, out);
                       if (parameter.value != nullptr) claims_of(*parameter.value, out);
                     }});
  }
  flat += ")";
  if (!breaks && column + columns(flat) <= kWidth) return {flat};
  if (list.empty() && !has_comment(around)) return {"()"};
  return group("(", items, around, ")", indent);
}

Row Printer::fn_row(const Fn& fn, int indent) {
  Lines lines{fmt::format("fn {}", fn.name.text)};
  join(lines, parameters(fn.parameters, fn.parens, indent, indent + columns(lines[0])));
  if (fn.result != nullptr) {
    lines.back() += " -> ";
    join(lines, type_lines(*fn.result, indent, end_column(lines, indent)));
  }
  lines.back() += " ";
  join(lines, assigned(*fn.value, indent, end_column(lines, indent)));
  Row row = row_of(std::move(lines));
  row.ends_in_script = lang::ends_in_script(*fn.value);
  return row;
}

Row Printer::rule_row(const Rule& rule, int indent) {
  const std::string word = fmt::format("{}{}rule {}", rule.is_extern ? "extern " : "",
                                       rule.effect ? "effect " : "", rule.name.text);
  const Flat result = rule.result != nullptr ? type(*rule.result) : Flat("");
  const int behind =
      (result && !result->empty() ? columns(*result) + 4 : 0) + (rule.is_extern ? 0 : 2);
  Lines lines{word};
  join(lines, parameters(rule.parameters, rule.parens, indent, indent + columns(word) + behind));
  if (rule.result != nullptr) {
    lines.back() += " -> ";
    join(lines, type_lines(*rule.result, indent, end_column(lines, indent)));
  }
  if (rule.is_extern) return row_of(std::move(lines));
  lines.back() += " ";
  if (rule.body.empty() && !has_comment(rule.braces)) {
    lines.back() += "{}";
    return row_of(std::move(lines));
  }
  std::vector<Item> items;
  items.reserve(rule.body.size());
  for (const Decl* decl : rule.body)
    items.push_back(decl_item(*decl));
  join(lines, group("{", items, rule.braces, "}", indent));
  return row_of(std::move(lines));
}

}  // namespace devgraph::lang
