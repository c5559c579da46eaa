#pragma once
/// Builds the syntax tree while the grammar matches: the actions of parse.cc call one function a
/// rule. What is not yet part of a finished construct waits on stacks; a Frame remembers how high
/// they were when the construct began.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"
#include "lang/ast.h"
#include "lang/parse_faults.h"

namespace devgraph::lang {

/// Owns the nodes of one file. Nodes never move; all are freed together.
struct ast::File::Arena {
  ast::Expr* add(ast::Expr expr);
  std::vector<std::vector<ast::Expr>> exprs;  ///< Blocks of fixed capacity, so that nothing moves.
  std::deque<ast::Type> types;
  std::deque<ast::Decl> decls;
  std::deque<std::string> texts;  ///< Names that are written with escapes.
};

class Builder {
 public:
  static constexpr std::uint32_t kMaxDepth = 256;
  static constexpr std::size_t kMaxString = std::size_t{1} << 20;

  Builder(SourceId source, std::string_view text, Diagnostics& found);

  /// A place in the text that a rule matched.
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  Span span(const char* begin, const char* end) const;
  Range range(Span at) const { return {source_, at.begin, at.end}; }
  std::string_view view(Span at) const { return text_.substr(at.begin, at.end - at.begin); }

  // --- faults and recovery (parse_builder.cc) ---
  [[noreturn]] void fault(const Fault& fault, const char* at);
  [[noreturn]] void fault(const Fault& fault, Span at, std::string message, std::string label = {});
  bool speculating() const { return speculating_ > 0; }
  /// After a fault: forgets what was not finished and says where to go on.
  std::uint32_t recover(std::uint32_t decl_begin);
  ast::File finish();

  /// A level of the grammar's recursion; placed error beyond the limit.
  class Level {
   public:
    Level(Builder& builder, const char* at);
    ~Level() { --builder_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Builder& builder_;
  };

  /// A hole is tried; when it is none, everything that was built for it goes away.
  struct Checkpoint;
  Checkpoint begin_hole();
  void end_hole(const Checkpoint& at, bool matched);

  // --- lexical ---
  void comment(Span at);
  void open(Bracket kind, Span at);
  void close();  ///< Ends the frame of a construct that leaves its parts to its parent.
  void word(Span at);
  void append(Span at);        ///< Text of a string or path.
  void append_lines(Span at);  ///< CR LF becomes LF, so that a checkout with CR LF means the same.
  void append_text(Span at, std::string_view text);
  void escape(Span at);
  void interp(Span at);
  void string(Span at, bool raw, bool block);

  // --- paths, labels ---
  void path_quoted(Span at);
  void path(Span at);
  void label_name(Span at) { label_name_ = {at.begin + 1, at.end}; }
  void root_path(Span at);  ///< A path from the workspace, or a label.

  // --- scripts ---
  void command_begin(Span at, bool continues);
  void shell_escape(Span at);
  void command_end(Span at);
  void script(Span at);
  bool hole(Span at);

  // --- expressions (parse_exprs.cc) ---
  void none(Span at);
  void boolean(Span at, bool value);
  void number(Span at);
  void name(Span at);
  void list_item(Span at, bool spread);
  void paren(Span at);
  void list(Span at);
  void clause_begin(Span at);
  void clause_condition();
  void clause();
  void list_comp(Span at);
  void map_comp(Span at);
  void field_spread(Span at);
  void field_string(Span at);
  void field_named(Span at);
  void field_script(Span at);
  void pun(Span at);
  void record(Span at);
  void block(Span at);
  void arg(Span at, bool spread, bool named, bool in);
  void call(Span at);
  void index(Span at);
  void member(Span at);
  std::size_t begin_operators();
  void op(Span at);
  void prefix_not(Span at);
  void end_operators(std::size_t outer);
  void leave_operators(std::size_t outer);
  void cast(Span at);
  void if_expr(Span at);
  void match_arm();
  void match_expr(Span at);
  void rule_ref(Span at);
  void node_lit(Span at);

  // --- types ---
  void type_name(Span at);
  void type_literal(Span at);
  void type_wrap(ast::TypeKind kind, Span at);
  void type_field(Span at);
  void type_record(Span at);
  void type_optional() { optional_ = true; }
  std::size_t begin_type() const { return types_.size(); }
  void end_type(std::size_t first, Span at);

  // --- declarations (parse_decls.cc) ---
  void edition(Span at);
  void decl_begin(Span at);
  void given_value();
  void condition();
  void result();
  void end_brackets(Span at);  ///< Of the parameters, items or body of a declaration.
  void use_item_name(Span at);
  void use_item_as(Span at);
  void use_decl(Span at);
  void ws_decl(Span at);
  void param_decl(Span at);
  void axis_decl(Span at);
  void let_decl(Span at);
  void assert_decl(Span at);
  void node_axis();
  void node_begin(Span at);
  void node_axes(Span at);
  void node_decl(Span at);
  void parameter_begin(Span at);
  void parameter(Span at);
  void fn_decl(Span at);
  void type_decl(Span at);
  void rule_decl(Span at);
  void top_decl();

 private:
  struct Slot {
    ast::Expr* expr = nullptr;
    std::uint32_t depth = 0;  ///< Levels of the tree below and with it.
  };
  struct Pending {
    ast::Piece piece;
    bool quoted = false;
  };
  struct PendingBlock {
    ast::Block block;
    std::uint32_t depth = 0;
  };
  struct Operator {
    ast::BinaryOp op{};
    bool is_not = false;
    int precedence = 0;
    Span at;
  };
  /// Heights of the stacks, to take what came after or to drop it.
  struct Heights {
    std::size_t exprs = 0, pieces = 0, words = 0, items = 0, fields = 0, clauses = 0, args = 0,
                arms = 0, types = 0, type_fields = 0, parameters = 0, decls = 0, uses = 0, axes = 0,
                blocks = 0, rule_refs = 0, ops = 0;
  };
  struct Frame {
    Bracket kind{};
    Span at;
    Heights heights;
    std::uint32_t depth = 0;  ///< Of the deepest part taken so far.
    const ast::Expr* value = nullptr;
    const ast::Expr* condition = nullptr;
    const ast::Type* result = nullptr;
    Range brackets{};  ///< Parameters, axes or items.
    Range body{};
  };

  Heights heights() const;
  void drop_to(const Heights& at);
  Frame pop_frame();
  void push(Span at, decltype(ast::Expr::value) value, std::uint32_t depth);
  void push(Range at, decltype(ast::Expr::value) value, std::uint32_t depth);
  const ast::Expr* take();
  Slot take_slot();
  ast::Word take_word();
  const ast::Type* take_type();
  ast::Block take_block();
  ast::RuleRef take_rule_ref();
  template <class T>
  std::vector<T> take_all(std::vector<T>& from, std::size_t first);
  void push_type(ast::Type type);
  void reduce();
  ast::RuleRef read_rule_ref(Span at) const;
  ast::Word word_at(Span at) const { return {view(at), range(at)}; }
  void add_decl(const Frame& frame, Span at, decltype(ast::Decl::value) value);
  std::vector<std::string> docs_before(std::uint32_t offset) const;
  std::uint32_t line_start(std::uint32_t offset) const;
  std::vector<OpenBracket> open_brackets() const;
  /// The end of the last token before an offset.
  std::uint32_t token_end_before(std::uint32_t offset) const;
  void label(Span at, Span name);
  void check_path(Span at, const std::vector<Pending>& pieces);

  SourceId source_;
  std::string_view text_;
  Diagnostics& found_;
  ast::File file_;
  ast::File::Arena& arena_;
  std::uint32_t depth_ = 0;
  std::uint32_t speculating_ = 0;
  std::uint32_t script_depth_ = 0;
  std::uint32_t fault_at_ = 0;
  bool optional_ = false;
  std::optional<Span> label_name_;  ///< Of the label that is being read.
  std::size_t op_base_ = 0;

  std::vector<Frame> frames_;
  std::vector<Slot> exprs_;
  std::vector<Pending> pieces_;
  std::vector<ast::Word> words_;
  std::vector<ast::ListItem> items_;
  std::vector<ast::Field> fields_;
  std::vector<ast::Clause> clauses_;
  std::vector<ast::Arg> args_;
  std::vector<ast::MatchArm> arms_;
  std::vector<const ast::Type*> types_;
  std::vector<ast::TypeField> type_fields_;
  std::vector<ast::Parameter> parameters_;
  std::vector<const ast::Decl*> decls_;
  std::vector<ast::UseItem> uses_;
  std::vector<ast::NodeAxis> axes_;
  std::vector<PendingBlock> blocks_;
  std::vector<ast::RuleRef> rule_refs_;
  std::vector<Operator> ops_;
  std::vector<ast::CommandLine> lines_;
};

struct Builder::Checkpoint {
  Heights heights;
  std::size_t frames = 0;
  std::size_t op_base = 0;
  std::uint32_t depth = 0;
};

template <class T>
std::vector<T> Builder::take_all(std::vector<T>& from, std::size_t first) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
  std::vector<T> taken(std::make_move_iterator(begin), std::make_move_iterator(from.end()));
  from.erase(begin, from.end());
  return taken;
}

}  // namespace devgraph::lang
