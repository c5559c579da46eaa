#include "lang/walk.h"

namespace devgraph::lang {
namespace {

using Visit = std::function<void(const ast::Expr&)>;

void each(const ast::Expr* expr, const Visit& visit) {
  if (expr) visit(*expr);
}

void pieces(const std::vector<ast::Piece>& all, const Visit& visit) {
  for (const ast::Piece& piece : all)
    each(piece.hole, visit);
}

void fields(const std::vector<ast::Field>& all, const Visit& visit) {
  for (const ast::Field& field : all) {
    each(field.name_expr, visit);
    each(field.value, visit);
  }
}

void args(const std::vector<ast::Arg>& all, const Visit& visit) {
  for (const ast::Arg& arg : all)
    each(arg.value, visit);
}

void clauses(const std::vector<ast::Clause>& all, const Visit& visit) {
  for (const ast::Clause& clause : all) {
    each(clause.in, visit);
    each(clause.condition, visit);
  }
}

void parameters(const std::vector<ast::Parameter>& all, const Visit& visit) {
  for (const ast::Parameter& one : all)
    each(one.value, visit);
}

struct Children {
  const Visit& visit;

  void operator()(const ast::NoneLit&) const {}
  void operator()(const ast::BoolLit&) const {}
  void operator()(const ast::IntLit&) const {}
  void operator()(const ast::LabelLit&) const {}
  void operator()(const ast::Name&) const {}
  void operator()(const ast::StringLit& it) const { pieces(it.pieces, visit); }
  void operator()(const ast::PathLit& it) const { pieces(it.pieces, visit); }
  void operator()(const ast::List& it) const {
    for (const ast::ListItem& item : it.items)
      each(item.value, visit);
  }
  void operator()(const ast::Record& it) const { fields(it.fields, visit); }
  void operator()(const ast::ListComp& it) const {
    clauses(it.clauses, visit);
    each(it.value, visit);
  }
  void operator()(const ast::MapComp& it) const {
    clauses(it.clauses, visit);
    each(it.key, visit);
    each(it.value, visit);
  }
  void operator()(const ast::Call& it) const {
    each(it.callee, visit);
    args(it.args, visit);
  }
  void operator()(const ast::Index& it) const {
    each(it.base, visit);
    args(it.args, visit);
  }
  void operator()(const ast::Member& it) const { each(it.base, visit); }
  void operator()(const ast::If& it) const {
    each(it.condition, visit);
    each(it.then, visit);
    each(it.otherwise, visit);
  }
  void operator()(const ast::Match& it) const {
    each(it.subject, visit);
    for (const ast::MatchArm& arm : it.arms)
      each(arm.value, visit);
  }
  void operator()(const ast::Binary& it) const {
    each(it.left, visit);
    each(it.right, visit);
  }
  void operator()(const ast::Not& it) const { each(it.value, visit); }
  void operator()(const ast::Cast& it) const { each(it.value, visit); }
  void operator()(const ast::NodeLit& it) const { fields(it.block.fields, visit); }
  void operator()(const ast::Script& it) const {
    for (const ast::CommandLine& line : it.lines)
      pieces(line.pieces, visit);
  }
};

struct Expressions {
  const Visit& visit;

  void operator()(const ast::Use&) const {}
  void operator()(const ast::TypeDef&) const {}
  void operator()(const ast::Workspace& it) const { fields(it.block.fields, visit); }
  void operator()(const ast::Param& it) const {
    each(it.value, visit);
    each(it.condition, visit);
  }
  void operator()(const ast::Axis& it) const { each(it.value, visit); }
  void operator()(const ast::Let& it) const { each(it.value, visit); }
  void operator()(const ast::Assert& it) const {
    each(it.condition, visit);
    each(it.message, visit);
  }
  void operator()(const ast::Node& it) const {
    for (const ast::NodeAxis& axis : it.axes)
      each(axis.in, visit);
    each(it.where, visit);
    fields(it.block.fields, visit);
  }
  void operator()(const ast::Fn& it) const {
    parameters(it.parameters, visit);
    each(it.value, visit);
  }
  void operator()(const ast::Rule& it) const {
    parameters(it.parameters, visit);
    for (const ast::Decl* child : it.body)
      for_each_expr(*child, visit);
  }
};

struct NameOf {
  const ast::Word* operator()(const ast::Use&) const { return nullptr; }
  const ast::Word* operator()(const ast::Workspace&) const { return nullptr; }
  const ast::Word* operator()(const ast::Assert&) const { return nullptr; }
  template <class T>
  const ast::Word* operator()(const T& it) const {
    return &it.name;
  }
};

struct KindOf {
  const char* operator()(const ast::Use&) const { return "use"; }
  const char* operator()(const ast::Workspace&) const { return "workspace"; }
  const char* operator()(const ast::Param&) const { return "param"; }
  const char* operator()(const ast::Axis& it) const { return it.late ? "late axis" : "axis"; }
  const char* operator()(const ast::Let&) const { return "let"; }
  const char* operator()(const ast::Assert&) const { return "assert"; }
  const char* operator()(const ast::Node& it) const { return it.has_brackets ? "family" : "node"; }
  const char* operator()(const ast::Fn&) const { return "function"; }
  const char* operator()(const ast::TypeDef&) const { return "type"; }
  const char* operator()(const ast::Rule& it) const { return it.effect ? "effect rule" : "rule"; }
};

}  // namespace

void for_each_child(const ast::Expr& expr, const Visit& visit) {
  std::visit(Children{visit}, expr.value);
}

void for_each_expr(const ast::Decl& decl, const Visit& visit) {
  std::visit(Expressions{visit}, decl.value);
}

const ast::Word* declared_name(const ast::Decl& decl) {
  return std::visit(NameOf{}, decl.value);
}

const char* kind_word(const ast::Decl& decl) {
  return std::visit(KindOf{}, decl.value);
}

const std::string* plain_text(const ast::Expr& expr) {
  static const std::string kEmpty;
  const auto* string = std::get_if<ast::StringLit>(&expr.value);
  if (!string) return nullptr;
  if (string->pieces.empty()) return &kEmpty;
  if (string->pieces.size() > 1 || string->pieces.front().hole) return nullptr;
  return &string->pieces.front().text;
}

}  // namespace devgraph::lang
