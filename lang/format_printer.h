#pragma once
/// The printer behind `format`: a syntax tree to lines, with every comment of the source in its
/// place.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/ast.h"

namespace devgraph::lang {

/// Printed text of something. The first line has no indentation (it goes on a line that has begun);
/// the others are complete.
using Lines = std::vector<std::string>;

/// What a line of a body is. Lines of one kind that follow each other align their cells.
enum class RowKind : std::uint8_t {
  Other,
  Comment,
  Field,
  Parameter,
  Define,
  Param,
  TypeDef,
  Node
};

struct Row {
  RowKind kind = RowKind::Other;
  bool blank_before = false;
  std::vector<std::string> cells;  ///< Of its first line.
  Lines rest;                      ///< Further lines, complete.
  std::string comment;             ///< Behind its last line.
  bool ends_in_script = false;     ///< A comment behind it would be part of the command.
  bool keep_apart = false;         ///< A `##` that must not become the doc of what follows.
};

/// One part of a bracket: where it stands, and how it is printed at an indentation.
struct Item {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::size_t doc_lines = 0;
  std::function<Row(int indent)> print;
  std::function<void(std::vector<Range>&)> claims;  ///< Ranges whose comments it prints itself.
};

class Printer {
 public:
  static constexpr int kWidth = 100;
  static constexpr int kIndent = 2;

  Printer(std::string_view text, const ast::File& file);
  std::string print();

 private:
  // --- rows and comments (format.cc) ---
  std::vector<Row> rows(const std::vector<Item>& items, std::uint32_t begin, std::uint32_t end,
                        int indent);
  void add_comments(std::vector<Row>& out, std::uint32_t from, std::uint32_t to,
                    std::size_t keep_last, std::uint32_t& last_end);
  void add_hoisted(std::vector<Row>& out, const Item& item);
  void add_comment(std::vector<Row>& out, std::size_t index, std::uint32_t& last_end, bool hoisted);
  Lines finish(std::vector<Row> rows, int indent) const;
  /// `open`, the items on lines of their own, `close`.
  Lines group(std::string_view open, const std::vector<Item>& items, const Range& around,
              std::string_view close, int indent);
  /// A comment lies there that is not printed yet.
  bool has_comment(const Range& range) const;
  bool has_own_comment(const Range& range, const std::vector<Range>& claimed) const;
  std::size_t first_comment(std::uint32_t offset) const;
  bool blank_between(std::uint32_t from, std::uint32_t to) const;
  /// Its author broke it behind the opening bracket.
  bool is_broken(const Range& around) const;
  std::string_view view(const Range& range) const;

  // --- values on one line (format_flat.cc); none where they cannot stand on one ---
  using Flat = std::optional<std::string>;
  Flat flat(const ast::Expr& expr) const;
  Flat flat_value(const ast::Expr& expr) const;  ///< Without its parentheses.
  Flat flat_list(const ast::List& list) const;
  Flat flat_fields(const std::vector<ast::Field>& fields) const;
  Flat flat_field(const ast::Field& field) const;
  Flat flat_block(const ast::Block& block) const;
  Flat flat_args(const std::vector<ast::Arg>& args, char open, char close,
                 const Range& around) const;
  Flat flat_arg(const ast::Arg& arg) const;
  Flat flat_clauses(const std::vector<ast::Clause>& clauses) const;
  Flat flat_match(const ast::Expr& expr, const ast::Match& match) const;
  Flat flat_binary(const ast::Binary& binary) const;
  Flat flat_if(const ast::If& value) const;
  Flat flat_pattern(const ast::MatchArm& arm) const;
  Flat type(const ast::Type& type) const;
  Flat verbatim(const Range& range) const;

  // --- values on several lines (format_value.cc) ---
  /// `indent` of the line it begins on, `column` where it begins, `tail` bytes that follow it.
  Lines value(const ast::Expr& expr, int indent, int column, int tail = 0);
  Lines broken(const ast::Expr& expr, int indent, int column);
  Lines broken_list(const ast::Expr& expr, const ast::List& list, int indent);
  std::optional<Lines> filled_list(const ast::Expr& expr, const ast::List& list, int indent) const;
  Lines broken_args(const std::vector<ast::Arg>& args, std::string_view brackets,
                    const Range& around, int indent, int column);
  Row arg_row(const ast::Arg& arg, int indent);
  Lines verbatim_lines(const Range& range) const;

  // --- comprehensions, `if`, `match`, operators (format_choice.cc) ---
  Lines broken_comp(const std::vector<ast::Clause>& clauses, const ast::Expr* key,
                    const ast::Expr& result, std::string_view brackets, int indent);
  Lines broken_if(const ast::If& choice, int indent, int column);
  std::optional<Lines> chain(const ast::If& first, int indent, int column);
  Lines broken_match(const ast::Expr& expr, const ast::Match& match, int indent, int column);
  Lines broken_binary(const ast::Binary& binary, int indent, int column);

  // --- fields, blocks, scripts (format_fields.cc) ---
  Lines block(const ast::Block& block, int indent);
  Lines script(const ast::Expr& expr, int indent);
  /// `= value`, from the column of the sign.
  Lines assigned(const ast::Expr& expr, int indent, int column);
  std::vector<Item> field_items(const std::vector<ast::Field>& fields);
  Row field_row(const ast::Field& field, int indent);

  // --- which comments a value prints itself (format_claims.cc) ---
  void claims_of(const ast::Expr& expr, std::vector<Range>& out) const;
  void claims_of(const ast::Type& type, std::vector<Range>& out) const;

  // --- types on several lines (format_type.cc) ---
  Lines type_lines(const ast::Type& type, int indent, int column);
  Lines record_type(const ast::Type& type, int indent);

  // --- declarations (format_decl.cc) ---
  Item decl_item(const ast::Decl& decl);
  Row decl_row(const ast::Decl& decl, int indent);
  Row assert_row(const ast::Assert& assertion, int indent);
  Row use_row(const ast::Use& use, int indent);
  Row param_row(const ast::Param& param, int indent);
  Row node_row(const ast::Node& node, int indent);
  Row fn_row(const ast::Fn& fn, int indent);
  Row rule_row(const ast::Rule& rule, int indent);
  Row parameter_row(const ast::Parameter& parameter, int indent);
  Row defined_row(RowKind kind, std::string keyword, std::string name, Lines value) const;
  Lines parameters(const std::vector<ast::Parameter>& list, const Range& around, int indent,
                   int column);
  Lines axes(const ast::Node& node, int indent, int column);
  void claims_of(const ast::Decl& decl, std::vector<Range>& out) const;

  std::string_view text_;
  const ast::File& file_;
  std::vector<bool> printed_;  ///< Comments by index.
};

/// The sign of an operator as it is written.
const char* sign_of(ast::BinaryOp op);

/// True if the text of a value runs to the end of its last line.
bool ends_in_script(const ast::Expr& expr);

bool in_parens(const ast::Expr& expr);

/// A script without parentheses around it.
bool is_script(const ast::Expr& expr);

/// Brackets that can open at the end of a line and close at the start of one.
bool opens_brackets(const ast::Expr& expr);

/// Columns that a text takes: code points.
int columns(std::string_view text);

/// Appends a text that begins on the last line of another.
void join(Lines& lines, Lines more);

/// A row from lines: the first is its only cell.
Row row_of(Lines lines);

std::string spaces(int count);

}  // namespace devgraph::lang
