#pragma once
/// Evaluation of a checked program: expressions to values, declarations to families of cells.
/// Nothing here knows the graph; lower.h makes it from what is found here.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/graph/graph.h"
#include "lang/builtins.h"
#include "lang/check.h"
#include "lang/late.h"
#include "lang/resolve.h"
#include "lang/value.h"
#include "lang/world.h"

namespace devgraph::lang {

/// A local name: a parameter of a function, a variable of a comprehension, an axis in a cell.
struct Binding {
  std::string_view name;
  Value value;
  const Binding* next = nullptr;
};

struct Frame;

/// Where an expression is evaluated.
struct Env {
  Frame* frame = nullptr;
  const Binding* locals = nullptr;
  Cell* owner = nullptr;        ///< The node whose field it is; null outside of nodes.
  std::string_view field = {};  ///< Which field, for the names of node literals.
};

/// Bindings that outlive the evaluation that made them.
struct Closure {
  std::deque<Binding> bindings;
  Env env;
};
std::shared_ptr<const Closure> capture(const Env& env);

struct ScriptObject final : Object {
  const ast::Script* script = nullptr;
  std::shared_ptr<const Closure> closure;
};

/// A field of a node's block, spreads resolved.
struct PlanField {
  std::string name;
  const ast::Expr* expr = nullptr;  ///< Null: `given`, from a spread.
  Value given;
  Range range;
  bool per_cell = false;  ///< It mentions an axis, so each cell has its own value.
  std::optional<Value> shared;
};

struct Plan {
  std::vector<PlanField> fields;
  PlanField* find(std::string_view name);
};

/// One thing that a leaf makes.
struct OutputDecl {
  std::string field;
  OutputKind kind = OutputKind::File;
  std::string declared;  ///< Without a slash at its end.
  std::string path;      ///< Where it lands, workspace-relative.
  bool in_tree = false;
};

enum class Progress : std::uint8_t { Fresh, Busy, Done };

/// A node of a family; of a family without axes the only one.
struct Cell {
  Family* family = nullptr;
  std::uint64_t coordinate = 0;  ///< Mixed radix over the axes, the first one slowest.
  Progress outputs_state = Progress::Fresh;
  bool outputs_faulty = false;  ///< Reported: an output that is not there is no further fault.
  std::vector<OutputDecl> outputs;
  std::unique_ptr<Plan> own_plan;  ///< Only where a spread mentions an axis.
  std::unique_ptr<Frame> body;     ///< Of an instance of a rule written in the language.
  std::uint32_t literals = 0;      ///< Node literals made so far.
  std::uint32_t id = ~0U;          ///< For lower.h.
  std::uint32_t first_output = 0;  ///< For lower.h.
};

struct FamilyAxis {
  std::string name;
  std::vector<Value> values;
  std::unordered_map<std::string, std::uint32_t> index;  ///< By axis_key.
  std::uint64_t stride = 1;
  const LateNeeds* late = nullptr;  ///< Of a late axis; owned by the evaluator.
};

/// A declared node, or a node literal.
struct Family {
  const ast::Decl* decl = nullptr;  ///< Null: a literal.
  const ast::Block* block = nullptr;
  Range range;  ///< Of the name, or of the literal.
  Frame* frame = nullptr;
  std::shared_ptr<const Closure> closure;  ///< Of a literal.
  Cell* owner = nullptr;                   ///< Of a literal: whose child it is.
  std::string label;                       ///< `node`, `node/child`.
  std::string name;                        ///< What `name` means.
  std::string rule_name;                   ///< As written.
  Symbol rule;
  const ast::Rule* rule_decl = nullptr;
  const RuleSignature* signature = nullptr;
  bool is_private = false;
  bool is_effect = false;
  bool in_effect = false;  ///< Declared in the body of an effect rule: it runs only in releases.
  std::vector<FamilyAxis> axes;
  std::vector<Cell> cells;
  std::unordered_map<std::uint64_t, std::uint32_t> by_coordinate;
  std::unique_ptr<Plan> plan;  ///< None: each cell has its own.
  Value whole;                 ///< The handle of all cells; None until it is asked for.
  bool plan_made = false;

  /// Its cells are not known yet: one stands for them.
  bool is_waiting() const;
  bool is_native() const { return rule_decl && rule_decl->is_extern; }
  const Value& axis_value(const Cell& cell, std::size_t axis) const {
    const FamilyAxis& one = axes[axis];
    return one.values[(cell.coordinate / one.stride) % one.values.size()];
  }
};

/// An argument of an instance, evaluated when it is first asked for.
struct Argument {
  std::string_view name;
  PlanField* field = nullptr;           ///< Null: the default.
  const ast::Expr* fallback = nullptr;  ///< May be null.
  TypeRef type;
  Progress state = Progress::Fresh;
  Value value;
};

struct NamedValue {
  Progress state = Progress::Fresh;
  Value value;
};

/// A scope that is being evaluated: a manifest, or the body of an instance.
struct Frame {
  const Module* module = nullptr;
  const Scope* scope = nullptr;
  const ast::Rule* rule = nullptr;  ///< Null: a manifest or library.
  Frame* parent = nullptr;          ///< Of a body: the frame of the file that declares the rule.
  Cell* instance = nullptr;         ///< Of a body.
  std::string project;
  std::string label;  ///< Of the instance.
  std::string name;   ///< What `name` means in a body.
  std::vector<Argument> arguments;
  std::unordered_map<const ast::Decl*, NamedValue> values;
  std::unordered_map<const ast::Decl*, std::unique_ptr<Family>> families;
};

/// The bindings of a cell's axes, and the environment of its fields.
class CellEnv {
 public:
  explicit CellEnv(Cell& cell, std::string_view field = {});
  CellEnv(const CellEnv&) = delete;
  CellEnv& operator=(const CellEnv&) = delete;
  const Env& env() const { return env_; }
  void set_field(std::string_view field) { env_.field = field; }

 private:
  std::vector<Binding> bindings_;
  Env env_;
};

/// The last name of the file that a value stands for; empty if it stands for none.
std::string base_of(const Value& value);

/// The values that an index chooses of one axis, by number; none: all.
struct AxisChoice {
  std::optional<std::vector<std::uint32_t>> values;
  bool fixed = false;
};

class Evaluator {
 public:
  Evaluator(const Program& program, World& world, Sources& sources, Diagnostics& found);
  ~Evaluator();

  // --- expressions
  // --------------------------------------------------------------------------------
  /// `expected` may be null. The result fits it, or is an Error that was reported.
  Value eval(const ast::Expr& expr, const Env& env, const Type* expected);
  Value convert(const Value& value, const Type& to, Range at);
  bool value_fits(const Value& value, const Type& to);
  /// Data as a plain value, its whole part recorded as used; other values as they are.
  Value plain(const Value& value);
  /// The elements of a list, family or glob; one value is a list of one.
  std::vector<Value> elements(const Value& value);

  // --- declarations
  // -------------------------------------------------------------------------------
  Frame& module_frame(const Module& module);
  Value value_of(const Symbol& symbol, Frame& frame);
  Family& family_of(const ast::Decl& decl, Frame& frame);
  /// The body of an instance, its arguments not yet evaluated.
  Frame& body_of(Cell& cell);
  /// A child of an instance by name; null if the rule has none.
  Family* child_of(Cell& cell, std::string_view name);
  /// Evaluates what was not yet asked for, so that its faults are reported.
  void force_arguments(Frame& frame);
  void set_params(std::function<Value(const Symbol&, Frame&)> resolve) {
    resolve_param_ = std::move(resolve);
  }

  // --- nodes
  // --------------------------------------------------------------------------------------
  Plan& plan_of(Cell& cell);
  /// The value of a field, converted; Error if there is none.
  Value field_value(Cell& cell, PlanField& field, const Type* expected);
  /// Of a leaf. Empty while it is being found (a cycle of values), and for effects without any.
  const std::vector<OutputDecl>& outputs_of(Cell& cell);
  void report_cycle(const Cell& cell);
  /// A field of a handle: an output, or a child of an instance.
  std::optional<Value> handle_field(Cell& cell, std::string_view name);
  std::vector<std::string> handle_names(Cell& cell);
  /// Parameters of the rule, with defaults; for leaves.
  Value parameter(Cell& cell, std::string_view name);
  Value handle(Cell& cell);
  std::vector<Value> handles(const Value& value);
  /// The universal field of a node, or of the instance it is a child of.
  struct Universal {
    PlanField* field = nullptr;
    Cell* cell = nullptr;
  };
  Universal find_universal(Cell& cell, std::string_view name);
  std::string label_of(const Cell& cell) const;
  std::vector<std::pair<std::string, Value>> coordinates(const Cell& cell) const;

  // --- late axes: eval_late.cc
  // -------------------------------------------------------------------------------
  /// Of a family, and of the instances around it.
  const LateNeeds& late_needs(const Family& family);
  LateNeeds late_needs(const ast::Expr& expr, Frame& frame);

  std::deque<std::unique_ptr<Family>>& literals() { return literals_; }
  const Program& program() const { return program_; }
  World& world() { return world_; }
  Sources& sources() const { return sources_; }
  TypeRef type_of(const Module& module, const ast::Type& written);
  const RuleSignature& signature(const Symbol& rule);

  /// Reports once per code and place; gives the diagnostic for helps, or null if it was said
  /// before.
  Diagnostic* report(std::string_view code, Range at, std::string message, std::string label = {});
  /// What a name outside stands for; none: it is not locked yet. A lock file that cannot be used is
  /// reported once.
  std::optional<std::string> locked(const Ask& ask);
  Value fault(std::string_view code, Range at, std::string message, std::string label = {},
              std::string help = {});
  /// A data file that gives no value, with the place in it; `used`: who reads it.
  Value report_data(const std::string& path, const std::string& decoder, const UnreadData& unread,
                    Range used);

 private:
  friend class BuiltinCall;
  friend class Origins;

  // eval.cc, eval_literal.cc, eval_access.cc, eval_operator.cc
  Value eval_bare(const ast::Expr& expr, const Env& env, const Type* expected);
  Value eval_name(const ast::Name& name, const Env& env, Range at);
  std::optional<Value> find_name(std::string_view name, const Env& env);
  Value eval_int(const ast::IntLit& literal, Range at);
  Value eval_string(const ast::StringLit& literal, const Env& env, const Type* expected, Range at);
  std::optional<std::string> text_of(const std::vector<ast::Piece>& pieces, const Env& env);
  std::optional<std::string> hole_text(const ast::Expr& hole, const Env& env);
  Value eval_path(const ast::PathLit& literal, const Env& env, const Type* expected, Range at,
                  bool maybe);
  Value path_value(const std::string& pattern, bool is_folder, const Type* expected, Range at,
                   bool maybe);
  Value glob_value(const std::string& pattern, Range at, bool maybe);
  Value eval_label(const ast::LabelLit& label, Range at);
  Value eval_list(const ast::List& list, const Env& env, const Type* expected);
  Value eval_record(const std::vector<ast::Field>& fields, const Env& env, const Type* expected);
  bool add_field(const ast::Field& field, const Env& env, const Type* expected, ValueFields& out);
  bool run_clauses(const std::vector<ast::Clause>& clauses, std::size_t at, const Env& env,
                   const std::function<void(const Env&)>& body);
  Value eval_list_comp(const ast::ListComp& comp, const Env& env, const Type* expected);
  Value eval_map_comp(const ast::MapComp& comp, const Env& env, const Type* expected);
  Value eval_call(const ast::Call& call, const Env& env, const Type* expected, Range at);
  Value call_function(const Symbol& symbol, const ast::Fn& fn, const ast::Call& call,
                      const Env& env, Range at);
  Value eval_index(const ast::Index& index, const Env& env, Range at);
  Value index_family(const Value& base, const ast::Index& index, const Env& env, Range at,
                     bool asks);
  Value pick_cells(const Value& base, const std::vector<AxisPick>& picks, Range at, bool asks);
  Value take(Cell& cell, const std::vector<FamilyStep>& path, Range at);
  bool has_cells(const FamilyObject& object, Range at);
  std::optional<AxisPick> pick_of(const ast::Arg& arg, const Family& family, const Env& env);
  bool choose(const Family& family, const AxisPick& pick, std::vector<AxisChoice>& choices,
              bool asks);
  Value no_such_cell(const Family& family, Range at);
  Value index_plain(const Value& base, const Value& key, Range at);
  Value eval_member(const ast::Member& member, const Env& env, Range at);
  Value member_of(const Value& base, std::string_view name, bool optional, Range at);
  Value data_member(const Value& base, std::string_view name, bool optional, Range at);
  Value fact(std::string_view object, std::string_view name, const Env& env, Range at);
  Value eval_match(const ast::Match& match, const Env& env, const Type* expected, Range at);
  Value eval_binary(const ast::Binary& binary, const Env& env, const Type* expected, Range at);
  Value eval_add(const Value& left, const Value& right, Range at);
  Value eval_compare(ast::BinaryOp op, const Value& left, const Value& right, Range at);
  Value eval_in(const Value& item, const Value& container, Range at);
  Value eval_join(const ast::Binary& binary, const Env& env, const Type* expected, Range at,
                  bool maybe);
  Value eval_node_literal(const ast::NodeLit& literal, const Env& env, Range at);
  Value eval_script(const ast::Script& script, const Env& env);
  std::optional<bool> eval_condition(const ast::Expr& expr, const Env& env);

  // convert.cc
  std::optional<Value> try_convert(const Value& value, const Type& to);
  std::optional<Value> to_content(const Value& value, const Type& to);
  std::optional<Value> convert_list(const Value& value, const Type& item);
  std::optional<Value> convert_fields(const Value& value, const Type& to);
  std::optional<Value> convert_handle(Cell& cell, const Type& to);
  std::optional<Value> convert_data(const Value& value, const Type& to);

  // family.cc
  std::unique_ptr<Family> make_family(const ast::RuleRef& rule, Frame& frame, Range at);
  void make_axes(Family& family, const ast::Node& node);
  void make_axis(Family& family, const ast::NodeAxis& written, const ast::Node& node);
  std::vector<Value> axis_values(const Symbol& symbol, Frame& frame);
  void make_cells(Family& family, const ast::Node& node);

  // eval_late.cc
  bool any_late() const;
  std::optional<Value> late_output(const ast::Call& call, Frame& frame);
  std::optional<std::vector<Value>> late_values(const Symbol& symbol, Frame& frame);
  const LateNeeds* late_axis(const Symbol& symbol, Frame& frame) const;
  std::vector<Family*> named_families(const ast::Expr& expr, Frame& frame);
  std::pair<Symbol, Frame*> symbol_of(std::string_view name, Frame& from);
  std::pair<Symbol, Frame*> symbol_of(const ast::Expr& expr, Frame& from);
  void collect_late(const ast::Expr& expr, Frame& frame, LateNeeds& needs,
                    std::set<const ast::Decl*>& seen);
  static void add_late_family(Family& family, LateNeeds& needs);

  // instance.cc, outputs.cc
  std::unique_ptr<Plan> make_plan(Cell& cell, bool& spread_differs);
  bool mentions_axis(const ast::Expr& expr, const Family& family);
  Value eval_argument(Frame& frame, Argument& argument);
  void find_outputs(Cell& cell);
  void seed_output(Cell& cell);
  void run_outputs(Cell& cell, PlanField& field);
  void add_output(Cell& cell, std::string field, const Value& path, Range at);
  Frame& frame_of(const Symbol& symbol, Frame& from);

  const Program& program_;
  World& world_;
  Sources& sources_;
  Diagnostics& found_;
  std::unordered_map<const Module*, std::unique_ptr<Frame>> frames_;
  std::unordered_map<const ast::Decl*, std::unique_ptr<RuleSignature>> signatures_;
  std::unordered_map<const ast::Type*, TypeRef> types_;
  std::deque<std::unique_ptr<Family>> literals_;
  bool has_late_ = false;  ///< The program has late axes at all.
  std::map<std::pair<const ast::Decl*, const Frame*>, LateNeeds> late_axes_;
  std::unordered_map<const Family*, LateNeeds> late_needs_;
  std::vector<Cell*> naming_;  ///< Whose outputs are being found, outermost first.
  std::set<std::pair<std::string, std::uint64_t>> reported_;
  bool lock_reported_ = false;
  /// Data files with faults, by path and decoder.
  std::map<std::pair<std::string, std::string>, SourceId> data_sources_;
  std::function<Value(const Symbol&, Frame&)> resolve_param_;
  std::uint64_t steps_ = 0;
  std::uint32_t depth_ = 0;
  bool exhausted_ = false;
};

/// What a native rule's outputs are called. outputs.cc
std::string native_output_name(std::string_view rule, std::string_view field, Evaluator& evaluator,
                               Cell& cell);
/// A path of an output or in an archive: relative, without `..`. None if it is not.
std::optional<std::string> relative_name(std::string_view text);
/// The built-in functions. builtin.cc
Value call_builtin(Evaluator& evaluator, const Builtin& builtin, const ast::Call& call,
                   const Env& env, Range at);

}  // namespace devgraph::lang
