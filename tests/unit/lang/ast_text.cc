#include "ast_text.h"

#include <array>

#include <fmt/format.h>

namespace devgraph::lang {

using namespace ast;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string pieces_text(const std::vector<Piece>& pieces) {
  std::string out;
  for (const Piece& piece : pieces) {
    out += piece.hole != nullptr ? " {" + to_text(*piece.hole) + "}"
                                 : " \"" + escaped(piece.text) + "\"";
  }
  return out;
}

std::string optional_text(const Expr* expr) {
  return expr == nullptr ? "-" : to_text(*expr);
}

std::string doc_text(const std::vector<std::string>& doc) {
  std::string out;
  for (const std::string& line : doc)
    out += fmt::format(" ##\"{}\"", escaped(line));
  return out;
}

std::string field_text(const Field& field) {
  if (field.spread) return "(..." + to_text(*field.value) + doc_text(field.doc) + ")";
  std::string name =
      field.name_expr != nullptr ? to_text(*field.name_expr) : escaped(field.name.text);
  if (field.quoted_name) name = "'" + name + "'";
  return fmt::format("({}{} {}{})", field.pun ? "pun " : "", name, to_text(*field.value),
                     doc_text(field.doc));
}

std::string fields_text(const std::vector<Field>& fields) {
  std::string out;
  for (const Field& field : fields)
    out += " " + field_text(field);
  return out;
}

std::string args_text(const std::vector<Arg>& args) {
  std::string out;
  for (const Arg& arg : args) {
    out += " ";
    if (arg.spread) out += "...";
    if (arg.name) out += fmt::format("{}{}", arg.name->text, arg.in ? " in " : "=");
    out += to_text(*arg.value);
  }
  return out;
}

std::string clauses_text(const std::vector<Clause>& clauses) {
  std::string out;
  for (const Clause& clause : clauses) {
    out += fmt::format(" (for {}{} {} {})", clause.first.text,
                       clause.second ? "," + std::string(clause.second->text) : "",
                       to_text(*clause.in), optional_text(clause.condition));
  }
  return out;
}

std::string ref_text(const RuleRef& ref) {
  return ref.module ? fmt::format("{}.{}", ref.module->text, ref.name.text)
                    : std::string(ref.name.text);
}

std::string match_text(const Match& match) {
  std::string out = "(match " + to_text(*match.subject);
  for (const MatchArm& arm : match.arms) {
    out += " (";
    for (const Expr* pattern : arm.patterns)
      out += to_text(*pattern) + " ";
    out += "=> " + to_text(*arm.value) + ")";
  }
  return out + ")";
}

std::string script_text(const Script& script) {
  std::string out = "(script";
  for (const CommandLine& line : script.lines) {
    out += fmt::format(" ({}{})", line.continues ? ">" : "$", pieces_text(line.pieces));
  }
  return out + ")";
}

std::string path_text(const PathLit& path) {
  std::string out = fmt::format("(path {}{}{}", path.from_workspace ? "//" : "./",
                                path.is_folder ? " folder" : "", path.has_wildcard ? " glob" : "");
  for (std::size_t i = 0; i < path.pieces.size(); ++i) {
    out += path.quoted[i] ? " q" : "";
    out += pieces_text({path.pieces[i]});
  }
  return out + ")";
}

const char* sign(BinaryOp op) {
  static constexpr std::array<const char*, 13> kSigns{
      "??", "or", "and", "==", "!=", "<=", ">=", "<", ">", "in", "+", "-", "/"};
  return kSigns.at(static_cast<std::size_t>(op));
}

struct ExprText {
  std::string operator()(const NoneLit&) const { return "none"; }
  std::string operator()(const BoolLit& x) const { return x.value ? "true" : "false"; }
  std::string operator()(const IntLit& x) const { return fmt::format("{}{}", x.value, x.unit); }
  std::string operator()(const StringLit& x) const {
    return fmt::format("({}{})", x.raw ? "raw" : "str", pieces_text(x.pieces));
  }
  std::string operator()(const PathLit& x) const { return path_text(x); }
  std::string operator()(const LabelLit& x) const {
    return fmt::format("(label //{}:{})", x.project, x.name.text);
  }
  std::string operator()(const Name& x) const { return std::string(x.text); }
  std::string operator()(const List& x) const {
    std::string out = "[";
    for (const ListItem& item : x.items) {
      if (out.size() > 1) out += " ";
      out += (item.spread ? "..." : "") + to_text(*item.value);
    }
    return out + "]";
  }
  std::string operator()(const Record& x) const { return "(record" + fields_text(x.fields) + ")"; }
  std::string operator()(const ListComp& x) const {
    return fmt::format("[each{} {}]", clauses_text(x.clauses), to_text(*x.value));
  }
  std::string operator()(const MapComp& x) const {
    return fmt::format("(each{} {} {})", clauses_text(x.clauses), to_text(*x.key),
                       to_text(*x.value));
  }
  std::string operator()(const Call& x) const {
    return fmt::format("(call {}{})", to_text(*x.callee), args_text(x.args));
  }
  std::string operator()(const Index& x) const {
    return fmt::format("(index {}{})", to_text(*x.base), args_text(x.args));
  }
  std::string operator()(const Member& x) const {
    return fmt::format("({} {} {})", x.optional ? "?." : ".", to_text(*x.base), x.name.text);
  }
  std::string operator()(const If& x) const {
    return fmt::format("(if {} {} {})", to_text(*x.condition), to_text(*x.then),
                       to_text(*x.otherwise));
  }
  std::string operator()(const Match& x) const { return match_text(x); }
  std::string operator()(const Binary& x) const {
    return fmt::format("({} {} {})", sign(x.op), to_text(*x.left), to_text(*x.right));
  }
  std::string operator()(const Not& x) const { return "(not " + to_text(*x.value) + ")"; }
  std::string operator()(const Cast& x) const {
    return fmt::format("(as {} {})", to_text(*x.value), to_text(*x.type));
  }
  std::string operator()(const NodeLit& x) const {
    return fmt::format("(node {}{})", ref_text(x.rule), fields_text(x.block.fields));
  }
  std::string operator()(const Script& x) const { return script_text(x); }
};

std::string parameters_text(const std::vector<Parameter>& parameters) {
  std::string out;
  for (const Parameter& parameter : parameters) {
    out += fmt::format(" ({}: {} = {}{})", parameter.name.text, to_text(*parameter.type),
                       optional_text(parameter.value), doc_text(parameter.doc));
  }
  return out;
}

std::string type_or_dash(const ast::Type* type) {
  return type == nullptr ? "-" : to_text(*type);
}

struct DeclText {
  std::string operator()(const Use& x) const {
    std::string out = "use " + to_text(*x.path);
    for (const UseItem& item : x.items) {
      out +=
          fmt::format(" {}{}", item.name.text, item.as ? " as " + std::string(item.as->text) : "");
    }
    return out;
  }
  std::string operator()(const Workspace& x) const {
    return "workspace" + fields_text(x.block.fields);
  }
  std::string operator()(const Param& x) const {
    return fmt::format("param {}: {} = {} where {}", x.name.text, to_text(*x.type),
                       optional_text(x.value), optional_text(x.condition));
  }
  std::string operator()(const Axis& x) const {
    return fmt::format("{}axis {} = {}", x.late ? "late " : "", x.name.text, to_text(*x.value));
  }
  std::string operator()(const Let& x) const {
    return fmt::format("let {}: {} = {}", x.name.text, type_or_dash(x.type), to_text(*x.value));
  }
  std::string operator()(const Assert& x) const {
    return fmt::format("assert {}, {}", to_text(*x.condition), to_text(*x.message));
  }
  std::string operator()(const Node& x) const {
    std::string out = fmt::format("node {} {}", ref_text(x.rule), x.name.text);
    if (x.has_brackets) out += "[";
    for (const NodeAxis& axis : x.axes) {
      out += fmt::format(" {} in {}", axis.name.text, optional_text(axis.in));
    }
    if (x.has_brackets) out += "]";
    return fmt::format("{} where {}{}", out, optional_text(x.where), fields_text(x.block.fields));
  }
  std::string operator()(const Fn& x) const {
    return fmt::format("fn {}{} -> {} = {}", x.name.text, parameters_text(x.parameters),
                       type_or_dash(x.result), to_text(*x.value));
  }
  std::string operator()(const TypeDef& x) const {
    return fmt::format("type {} = {}", x.name.text, to_text(*x.type));
  }
  std::string operator()(const Rule& x) const {
    std::string out =
        fmt::format("{}{}rule {}{} -> {}", x.is_extern ? "extern " : "", x.effect ? "effect " : "",
                    x.name.text, parameters_text(x.parameters), type_or_dash(x.result));
    for (const Decl* decl : x.body)
      out += " <" + to_text(*decl) + ">";
    return out;
  }
};

}  // namespace

std::string to_text(const Expr& expr) {
  return std::visit(ExprText{}, expr.value);
}

std::string to_text(const ast::Type& type) {
  switch (type.kind) {
    case TypeKind::Named:
      return type.text;
    case TypeKind::Literal:
      return "\"" + escaped(type.text) + "\"";
    case TypeKind::List:
      return "[" + to_text(*type.items[0]) + "]";
    case TypeKind::Map:
      return "{" + to_text(*type.items[0]) + "}";
    case TypeKind::Optional:
      return "(" + to_text(*type.items[0]) + ")?";
    case TypeKind::Union: {
      std::string out = "(|";
      for (const ast::Type* item : type.items)
        out += " " + to_text(*item);
      return out + ")";
    }
    case TypeKind::Record: {
      std::string out = "{";
      for (const ast::TypeField& field : type.fields) {
        out += fmt::format(" {}: {}", field.name.text, to_text(*field.type));
      }
      return out + " }";
    }
  }
  return "?";
}

std::string to_text(const Decl& decl) {
  return std::visit(DeclText{}, decl.value) + doc_text(decl.doc);
}

std::string to_text(const File& file) {
  std::string out;
  if (file.edition) out += fmt::format("devgraph {}\n", *file.edition);
  for (const Decl* decl : file.decls)
    out += to_text(*decl) + "\n";
  return out;
}

}  // namespace devgraph::lang
