#pragma once
/// The syntax tree of one manifest: what was written, where, nothing resolved.
/// Owned by `ast::File`; all pointers inside point into its arena. Views point into the Sources.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/source.h"

namespace devgraph::lang::ast {

struct Expr;
struct Type;

/// A word with its place.
struct Word {
  std::string_view text{};
  Range range{};
};

// --- types -------------------------------------------------------------------------------

enum class TypeKind : std::uint8_t { Named, Literal, List, Map, Record, Union, Optional };

struct TypeField {
  Word name{};
  const Type* type = nullptr;
  Range range{};
};

struct Type {
  TypeKind kind = TypeKind::Named;
  Range range{};
  std::string text{};                ///< Named: the name. Literal: the string's value.
  std::vector<const Type*> items{};  ///< List, Map, Optional: one. Union: two or more.
  std::vector<TypeField> fields{};   ///< Record.
};

// --- pieces of strings, paths and scripts ------------------------------------------------

/// Either text (escapes already resolved) or a hole.
struct Piece {
  std::string text{};
  const Expr* hole = nullptr;  ///< Not null: a hole, and `text` is empty.
  Range range{};
};

/// One `$` or `>` line. `pieces` of a script keep backslashes as written, except `\{` and `\}`.
struct CommandLine {
  bool continues = false;  ///< Written with `>`.
  Range range{};           ///< From the `$` or `>` to the end of the line.
  std::vector<Piece> pieces{};
};

// --- expressions -------------------------------------------------------------------------

struct NoneLit {};
struct BoolLit {
  bool value = false;
};
/// `30m`, `8GiB`, `-3`: the digits with their sign, and the unit (may be empty).
struct IntLit {
  std::int64_t value = 0;
  std::string_view unit{};
};
struct StringLit {
  std::vector<Piece>
      pieces{};  ///< Empty for the empty string; one text piece when there is no hole.
  bool raw = false;
};
/// `./…` (relative to the file's folder), `//…` (to the workspace).
struct PathLit {
  bool from_workspace = false;
  bool is_folder = false;  ///< Ends in `/`.
  /// Canonical text without the leading `./` or `//`. In text pieces `*`, `**` and `?` are
  /// wildcards, except where `quoted` says that the piece was written in quotes.
  std::vector<Piece> pieces{};
  std::vector<bool> quoted{};  ///< One per piece.
  bool has_wildcard = false;
};
/// `//project:name`
struct LabelLit {
  std::string_view project{};
  Word name{};
};
struct Name {
  std::string_view text{};
};
struct ListItem {
  bool spread = false;
  const Expr* value = nullptr;
  Range range{};  ///< With `...`.
};
struct List {
  std::vector<ListItem> items{};
};
/// A field of a record, map or block. A pun `me.USR` has the name `USR` and the value `me.USR`.
struct Field {
  bool spread = false;
  bool pun = false;
  bool quoted_name = false;  ///< The name was a string.
  Word name{};
  const Expr* name_expr = nullptr;  ///< A string with holes as the name; else null.
  const Expr* value = nullptr;
  std::vector<std::string> doc{};
  Range range{};  ///< With name and value, without its doc.
};
struct Record {
  std::vector<Field> fields{};
};
struct Clause {
  Word first{};
  std::optional<Word> second{};  ///< `for k, v in m`
  const Expr* in = nullptr;
  const Expr* condition = nullptr;
};
struct ListComp {
  std::vector<Clause> clauses{};
  const Expr* value = nullptr;
};
struct MapComp {
  std::vector<Clause> clauses{};
  const Expr* key = nullptr;
  const Expr* value = nullptr;
};
/// An argument of a call or index: `x`, `name = x`, `name in xs` (index only), `...x`.
struct Arg {
  bool spread = false;
  bool in = false;
  std::optional<Word> name{};
  const Expr* value = nullptr;
  Range range{};
};
struct Call {
  const Expr* callee = nullptr;
  std::vector<Arg> args{};
};
struct Index {
  const Expr* base = nullptr;
  std::vector<Arg> args{};
};
struct Member {
  const Expr* base = nullptr;
  Word name{};
  bool optional = false;  ///< `?.`
};
struct If {
  const Expr* condition = nullptr;
  const Expr* then = nullptr;
  const Expr* otherwise = nullptr;
};
struct MatchArm {
  std::vector<const Expr*> patterns{};  ///< Literals; a Name `_` is the default.
  const Expr* value = nullptr;
};
struct Match {
  const Expr* subject = nullptr;
  std::vector<MatchArm> arms{};
};
enum class BinaryOp : std::uint8_t {
  Coalesce,
  Or,
  And,
  Eq,
  Ne,
  Le,
  Ge,
  Lt,
  Gt,
  In,
  Add,
  Sub,
  Join
};
struct Binary {
  BinaryOp op = BinaryOp::Add;
  const Expr* left = nullptr;
  const Expr* right = nullptr;
  Range op_range{};
};
struct Not {
  const Expr* value = nullptr;
};
struct Cast {
  const Expr* value = nullptr;
  const Type* type = nullptr;
};
struct RuleRef {
  std::optional<Word> module{};  ///< `a.b`
  Word name{};
};
/// `{ field = value }` behind a rule's name. A bare script is the field `script`.
struct Block {
  std::vector<Field> fields{};
  Range range{};
};
struct NodeLit {
  RuleRef rule{};
  Block block{};
};
struct Script {
  std::vector<CommandLine> lines{};
};

struct Expr {
  Range range{};
  std::variant<NoneLit, BoolLit, IntLit, StringLit, PathLit, LabelLit, Name, List, Record, ListComp,
               MapComp, Call, Index, Member, If, Match, Binary, Not, Cast, NodeLit, Script>
      value;
  Range parens{};  ///< Of the outermost parentheses around it; empty if there are none.

  /// The range with its parentheses.
  const Range& whole() const { return parens.end > parens.begin ? parens : range; }
};

// --- declarations ------------------------------------------------------------------------

struct UseItem {
  Word name{};
  std::optional<Word> as{};
};
struct Use {
  const Expr* path = nullptr;  ///< A PathLit.
  std::vector<UseItem> items{};
  Range braces{};  ///< Around the items.
};
struct Workspace {
  Block block{};
};
struct Param {
  Word name{};
  const Type* type = nullptr;
  const Expr* value = nullptr;      ///< May be null.
  const Expr* condition = nullptr;  ///< May be null.
};
struct Axis {
  bool late = false;
  Word name{};
  const Expr* value = nullptr;
};
struct Let {
  Word name{};
  const Type* type = nullptr;  ///< May be null.
  const Expr* value = nullptr;
};
struct Assert {
  const Expr* condition = nullptr;
  const Expr* message = nullptr;
};
struct NodeAxis {
  Word name{};
  const Expr* in = nullptr;  ///< May be null.
};
struct Node {
  RuleRef rule{};
  Word name{};
  bool has_brackets = false;
  std::vector<NodeAxis> axes{};
  Range brackets{};             ///< Around the axes; empty without brackets.
  const Expr* where = nullptr;  ///< May be null.
  Block block{};
};
struct Parameter {
  Word name{};
  const Type* type = nullptr;
  const Expr* value = nullptr;  ///< May be null.
  std::vector<std::string> doc{};
  Range range{};  ///< With its type and value.
};
struct Fn {
  Word name{};
  std::vector<Parameter> parameters{};
  Range parens{};                ///< Around the parameters.
  const Type* result = nullptr;  ///< May be null.
  const Expr* value = nullptr;
};
struct TypeDef {
  Word name{};
  const Type* type = nullptr;
};
struct Decl;
/// `rule`, `effect rule`, `extern rule`.
struct Rule {
  bool effect = false;
  bool is_extern = false;
  Word name{};
  std::vector<Parameter> parameters{};
  Range parens{};                   ///< Around the parameters.
  const Type* result = nullptr;     ///< May be null.
  std::vector<const Decl*> body{};  ///< Axis, Let, Assert, Node; empty for extern.
  Range braces{};                   ///< Around the body.
};

struct Decl {
  Range range{};                   ///< Without its doc comment.
  std::vector<std::string> doc{};  ///< `##` lines right above, without the marks and one blank.
  std::variant<Use, Workspace, Param, Axis, Let, Assert, Node, Fn, TypeDef, Rule> value;
};

// --- files -------------------------------------------------------------------------------

/// A comment, for the formatter; includes `##`.
struct Comment {
  Range range{};          ///< From the first `#` to the end of the line.
  bool own_line = false;  ///< Nothing but blanks before it.
};

struct File {
  SourceId source{};
  std::optional<std::int64_t> edition{};  ///< `devgraph 1`
  Range edition_range{};
  std::vector<const Decl*> decls{};
  std::vector<Comment> comments{};  ///< By offset.

  struct Arena;  ///< Owns all nodes; freed at once.
  std::shared_ptr<Arena> arena;
};

}  // namespace devgraph::lang::ast
