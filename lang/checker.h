#pragma once
/// The checker's insides, shared by the check_*.cc files; nobody else includes this.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lang/builtins.h"
#include "lang/check.h"
#include "lang/shell.h"

namespace devgraph::lang {

/// A name that no declaration of a file makes: a parameter, a variable of `for`, a cell's axis
/// value.
struct Local {
  enum class Role : std::uint8_t { Variable, Parameter, Cell, Node };
  std::string_view name;
  TypeRef type;
  Role role = Role::Variable;
  Range range{};
  bool late = false;  ///< A cell's value of a late axis.
};

/// Where an expression stands: which names it sees, and what is known about them.
struct CheckEnv {
  const Module* module = nullptr;
  const ast::Decl* owner = nullptr;  ///< The rule (or function) whose body this is; may be null.
  const ast::Decl* decl = nullptr;   ///< The declaration being checked: uses are noted for it.
  bool lazy = false;    ///< In a node's fields: what is used here is not needed to name the node.
  bool words = false;   ///< In a hole of a script or in `argv`: words of a command are made here.
  bool script = false;  ///< In a hole of a script.
  bool filter = false;  ///< In `where`.
  std::vector<Local> locals;
  std::vector<std::pair<std::string, TypeRef>>
      narrowed;  ///< `x` or `x.y` -> what a condition tells.
};

/// Puts an CheckEnv back as it was.
class Restore {
 public:
  explicit Restore(CheckEnv& env)
      : env_(env),
        locals_(env.locals.size()),
        narrowed_(env.narrowed.size()),
        words_(env.words),
        script_(env.script),
        filter_(env.filter),
        lazy_(env.lazy) {}
  ~Restore() {
    env_.locals.resize(locals_);
    env_.narrowed.resize(narrowed_);
    env_.words = words_;
    env_.script = script_;
    env_.filter = filter_;
    env_.lazy = lazy_;
  }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  CheckEnv& env_;
  std::size_t locals_, narrowed_;
  bool words_, script_, filter_, lazy_;
};

/// What an expected type is the type of, for messages: `dockerfile.context`; may be empty.
struct Slot {
  std::string what;
  std::string field;       ///< The bare field name, for "write  field = …"; may be empty.
  std::string whole = {};  ///< The whole type, where an element of it is expected.
  std::string inside(std::string_view name) const {
    return what.empty() ? std::string(name) : what + "." + std::string(name);
  }
  Slot element(const Type& type) const {
    Slot inner = *this;
    if (inner.whole.empty()) inner.whole = show(type);
    return inner;
  }
};

/// What conditions say about names, where they hold and where they do not.
struct Facts {
  std::vector<std::pair<std::string, TypeRef>> if_true;
  std::vector<std::pair<std::string, TypeRef>> if_false;
};

/// One use of a declared name.
struct Use {
  const ast::Decl* target = nullptr;
  Range range;
};

/// The fields of a rule call or node literal, spreads looked through.
struct GivenFields {
  std::unordered_map<std::string, const ast::Field*> written;
  std::unordered_map<std::string, TypeRef> spread;
  bool open = false;  ///< A spread whose fields are not known.
  bool has(const std::string& name) const {
    return written.contains(name) || spread.contains(name);
  }
};

class Checker {
 public:
  /// Without sources messages lack excerpts of the text: for asking about types only.
  Checker(const Program& program, const Sources* sources, Diagnostics& found,
          const Surroundings& around);

  void check_module(const Module& module);
  void check_graph(
      bool std_too);  ///< Cycles, recursion, unused names: when all modules are checked.
  void lint(const Module& module);

  TypeRef declared(const Module& module, const ast::Type& written);
  const RuleSignature& signature(const Symbol& symbol);

 private:
  // check.cc: declarations
  const ast::Decl* owner_of(const ast::Decl& decl);
  CheckEnv env_for(const Symbol& symbol);
  void check_decl(const Symbol& symbol);
  void check_param(const ast::Param& param, CheckEnv& env);
  void check_rule(const Symbol& symbol, const ast::Rule& rule);
  void check_fn(const Symbol& symbol, const ast::Fn& fn);
  void check_parameters(const Module& module, const ast::Decl& decl,
                        const std::vector<ast::Parameter>& parameters);
  void add_parameters(const Module& module, const std::vector<ast::Parameter>& parameters,
                      CheckEnv& env);
  TypeRef type_of(const Symbol& symbol);  ///< Of a value: param, let, node; an axis's list.
  void finish_type(const Symbol& symbol);
  TypeRef compute_type(const Symbol& symbol);
  TypeRef fn_result(const Symbol& symbol);
  TypeRef rule_result(const Symbol& symbol);
  TypeRef declared_named(const Module& module, const ast::Type& written);

  // check_names.cc
  struct Found {
    const Local* local = nullptr;
    Symbol symbol;
    explicit operator bool() const { return local || symbol; }
  };
  Found find(std::string_view name, const CheckEnv& env) const;
  void note_use(const Symbol& symbol, Range range, const CheckEnv& env);
  TypeRef name_type(const ast::Expr& expr, std::string_view name, CheckEnv& env);
  TypeRef label_type(const ast::Expr& expr, const ast::LabelLit& label, CheckEnv& env);
  /// True if a name may be missing only because its declaration did not parse: the file has syntax
  /// errors, and the word stands outside of all that was understood.
  bool may_be_broken(const Module& module, std::string_view name) const;
  bool is_difference(std::string_view name, const CheckEnv& env) const;
  void unknown_name(std::string_view name, Range range, const CheckEnv& env);
  std::vector<std::string> visible_values(const CheckEnv& env) const;
  std::string described(std::string_view name, const CheckEnv& env) const;

  // check_expr.cc
  TypeRef infer(const ast::Expr& expr, CheckEnv& env);
  TypeRef infer_plain(const ast::Expr& expr, CheckEnv& env);
  void check(const ast::Expr& expr, const TypeRef& expected, const Slot& slot, CheckEnv& env);
  bool check_form(const ast::Expr& expr, const TypeRef& expected, const Slot& slot, CheckEnv& env);
  bool check_list(const ast::List& list, const TypeRef& expected, const Slot& slot, CheckEnv& env);
  bool check_record(const ast::Expr& expr, const ast::Record& record, const TypeRef& expected,
                    const Slot& slot, CheckEnv& env);
  /// What is written in a record, as far as it can be known.
  struct RecordFields {
    std::vector<std::string> names{};
    bool complete = true;  ///< So that a missing one can be told.
  };
  void check_record_spread(const ast::Field& field, const TypeRef& type, const Slot& slot,
                           RecordFields& have, CheckEnv& env);
  void check_record_field(const ast::Field& field, const TypeRef& type, const Slot& slot,
                          CheckEnv& env);
  void check_condition(const ast::Expr& expr, CheckEnv& env, std::string_view what);
  TypeRef infer_list(const ast::List& list, CheckEnv& env);
  TypeRef infer_record(const ast::Record& record, CheckEnv& env);
  TypeRef infer_string(const ast::Expr& expr, const ast::StringLit& string, CheckEnv& env);
  TypeRef infer_path(const ast::PathLit& path, CheckEnv& env);
  TypeRef infer_int(const ast::IntLit& literal);
  bool check_string(const ast::Expr& expr, const ast::StringLit& string, const TypeRef& expected,
                    CheckEnv& env);
  void check_hole_in_text(const ast::Expr& hole, CheckEnv& env, std::string_view where);

  // check_flow.cc: if, match, for
  Facts facts_of(const ast::Expr& condition, CheckEnv& env);
  TypeRef branch(const ast::If& it, const TypeRef* expected, const Slot& slot, CheckEnv& env);
  /// What the arms of a `match` have covered so far.
  struct Matched {
    TypeRef type{};
    std::string key{};                 ///< For narrowing; may be empty.
    std::vector<std::string> left{};   ///< Values not yet covered.
    std::vector<std::string> known{};  ///< All strings of a closed set, for suggestions.
    std::set<std::string> seen{};
    bool open = false;  ///< Has values that no list of patterns can cover.
    bool unknown = false;
    bool optional = false;
    bool has_default = false;
  };
  Matched matched_values(const ast::Expr& subject, CheckEnv& env);
  bool match_pattern(const ast::Expr& pattern, const ast::Expr& subject, Matched& it,
                     CheckEnv& env);
  TypeRef match(const ast::Match& it, const TypeRef* expected, const Slot& slot, CheckEnv& env);
  void bind_clause(const ast::Clause& clause, CheckEnv& env);
  void bind_variable(const ast::Word& word, TypeRef type, CheckEnv& env);
  TypeRef element_of(const TypeRef& type, const ast::Expr& expr, CheckEnv& env);
  TypeRef infer_list_comp(const ast::ListComp& it, const TypeRef* item, const Slot& slot,
                          CheckEnv& env);
  TypeRef infer_map_comp(const ast::MapComp& it, const TypeRef* item, const Slot& slot,
                         CheckEnv& env);

  // check_ops.cc
  TypeRef infer_binary(const ast::Binary& it, CheckEnv& env);
  TypeRef infer_add(const ast::Binary& it, CheckEnv& env);
  TypeRef infer_compare(const ast::Binary& it, CheckEnv& env);
  void check_closed_set(const ast::Binary& it, const TypeRef& left, const TypeRef& right,
                        CheckEnv& env);
  TypeRef infer_in(const ast::Binary& it, CheckEnv& env);
  TypeRef infer_join(const ast::Binary& it, CheckEnv& env);
  TypeRef infer_coalesce(const ast::Binary& it, CheckEnv& env);
  TypeRef infer_cast(const ast::Cast& it, CheckEnv& env);
  TypeRef infer_member(const ast::Member& it, CheckEnv& env);
  TypeRef member_of(const TypeRef& base, const ast::Word& name, const ast::Expr& base_expr,
                    CheckEnv& env);
  void no_field(const Type& base, const ast::Word& name, const ast::Expr& base_expr);
  void no_fields(const Type& base, const ast::Word& name, const ast::Expr& base_expr);
  TypeRef infer_fact(const ast::Member& it, CheckEnv& env, bool& known);
  TypeRef infer_index(const ast::Expr& expr, const ast::Index& it, CheckEnv& env);
  TypeRef index_plain(const TypeRef& base, const ast::Expr& expr, const ast::Index& it,
                      CheckEnv& env);

  // check_call.cc
  TypeRef infer_call(const ast::Expr& expr, const ast::Call& it, CheckEnv& env);
  TypeRef call_fn(const ast::Expr& expr, const ast::Call& it, const Symbol& symbol, CheckEnv& env);
  TypeRef call_builtin(const ast::Expr& expr, const ast::Call& it, const Builtin& fn,
                       CheckEnv& env);
  TypeRef builtin_result(const Builtin& fn, const std::vector<const ast::Expr*>& args,
                         const std::vector<TypeRef>& types, CheckEnv& env);
  bool check_place(const ast::Expr& expr, const Builtin& fn, const CheckEnv& env);
  std::optional<std::vector<const ast::Expr*>> bind_args(
      const ast::Expr& expr, const ast::Call& it, std::string_view name,
      const std::vector<std::pair<std::string_view, bool>>& parameters, CheckEnv& env);
  TypeRef call_has(const ast::Expr& expr, const ast::Call& it, CheckEnv& env);
  TypeRef call_maybe(const ast::Expr& expr, const ast::Call& it, CheckEnv& env);
  bool is_builtin_call(const ast::Expr& expr, std::string_view name, const CheckEnv& env) const;

  // check_family.cc
  struct AxisInfo {
    TypeRef element;
    bool late = false;
    std::string name;
  };
  AxisInfo axis_info(const Symbol& symbol);
  TypeRef axis_list(const Symbol& symbol, const ast::Axis& axis);
  void check_axis(const Symbol& symbol, const ast::Axis& axis, CheckEnv& env);
  void add_cell_axes(const ast::Node& node, CheckEnv& env, bool report);
  void add_meant_axes(std::vector<Local>& cell, const CheckEnv& env) const;
  TypeRef index_family(const TypeRef& family, const ast::Index& it, CheckEnv& env);
  std::optional<std::string> index_axis(const Type& family, const std::string& base,
                                        const ast::Arg& arg, std::set<std::string>& named,
                                        CheckEnv& env);
  void check_axis_values(const ast::Expr& value, const TypeRef& element, std::string_view axis,
                         CheckEnv& env);
  void check_axis_value(const ast::Expr& value, const TypeRef& element, std::string_view axis,
                        CheckEnv& env);
  void check_late_stratum(const Symbol& symbol);

  // check_node.cc
  void check_node(const Symbol& symbol, const ast::Node& node);
  TypeRef node_type(const Symbol& symbol, const ast::Node& node);
  TypeRef handle_of(const ast::RuleRef& ref, const ast::Block& block, CheckEnv& env);
  TypeRef outputs_of(const ast::Expr& value, CheckEnv& env);
  void outputs_from_call(const ast::Rule& rule, const ast::Block& block, CheckEnv& env,
                         std::vector<TypeField>& outputs, bool& open);
  TypeRef infer_node_lit(const ast::NodeLit& it, CheckEnv& env);
  Symbol find_rule(const ast::RuleRef& ref, const CheckEnv& env, bool report);
  void check_call_of_rule(const Symbol& rule, const ast::RuleRef& ref, const ast::Block& block,
                          CheckEnv& env);
  GivenFields collect_fields(const ast::Block& block, CheckEnv& env);
  void check_field(const Symbol& rule, const RuleSignature& called, const ast::Field& field,
                   const ast::Block& block, CheckEnv& env);
  void check_spread_fields(const Symbol& rule, const RuleSignature& called,
                           const ast::Field& spread, CheckEnv& env);
  void check_missing(const Symbol& rule, const RuleSignature& called, const ast::RuleRef& ref,
                     const GivenFields& given);
  bool check_honoured(const Symbol& rule, const RuleSignature& called, std::string_view field,
                      Range range);
  void unknown_field(const Symbol& rule, const RuleSignature& called, std::string_view field,
                     Range range);
  void add_node_names(const Symbol& rule, const ast::Block& block, CheckEnv& env);
  void check_path_text(const ast::Expr& expr, const CheckEnv& env);

  // check_script.cc
  void check_script(const ast::Script& script, CheckEnv& env);
  void list_for_word(const ScriptHole& hole, const Type& type, Range braces, const CheckEnv& env);
  void check_argv(const ast::Expr& value, CheckEnv& env);
  void check_word(const ast::Expr& expr, const TypeRef& type, Range range, CheckEnv& env);
  void not_a_word(const Type& one, const Type& type, std::string_view text, Range range);
  void secret_word(const ast::Expr& expr, Range range, CheckEnv& env);
  void lint_script(const ast::Script& script, const CheckEnv& env);

  // check_graph.cc
  void find_types(const Module& module);
  void check_cycles(const std::vector<Symbol>& all);
  void report_cycle(const std::vector<const ast::Decl*>& path, const std::vector<Range>& uses);
  void check_unused(const Symbol& symbol);

  // lint.cc
  void lint_decl(const Symbol& symbol);
  void lint_expr(const ast::Expr& expr, const CheckEnv& env);
  void lint_after(const ast::Node& node, const CheckEnv& env);

  // check_report.cc: messages that several places share
  void mismatch(const ast::Expr& expr, const Type& actual, const Type& wanted, const Slot& slot,
                CheckEnv& env);
  void family_for_one(const ast::Expr& expr, const Type& actual, const std::string& is);
  void string_for_path(const ast::Expr& expr, const Type& expected, const Slot& slot,
                       const CheckEnv& env);
  void may_be_none(const ast::Expr& expr, const Type& type);
  std::string_view source_text(Range range) const;
  std::size_t count_files(const std::string& folder, std::size_t limit) const;
  Diagnostic& error(const char* code, Range range, std::string message, std::string label = {});

  const Program& program_;
  const Sources* sources_;
  Diagnostics* found_;  // Never null; exchanged while something is inferred without reports.
  Diagnostics& reported_;
  const Surroundings around_;

  enum class State : std::uint8_t { Busy, Done };
  std::unordered_map<const ast::Decl*, std::pair<State, TypeRef>> types_;
  std::unordered_map<const ast::Decl*, std::pair<State, TypeRef>> results_;  // Of functions, rules.
  std::unordered_map<const ast::Decl*, const ast::Decl*> owners_;            // Child -> rule.
  bool has_owners_ = false;
  std::unordered_map<const ast::Decl*, std::vector<Use>> uses_;       // Needed to have the value.
  std::unordered_map<const ast::Decl*, std::vector<Use>> lazy_uses_;  // Of a node's fields.
  std::unordered_map<const ast::Decl*, RuleSignature> signatures_;
  std::unordered_set<const ast::Decl*> used_;
  std::unordered_set<const ast::Decl*> cyclic_;  // Reported as part of a cycle.
  std::unordered_set<std::uint32_t> broken_;  // Sources with syntax errors: they lack declarations.
};

/// `a`/`an` before a type, backquotes around all but the simple ones: for what is there.
std::string a_type(const Type& type);
/// The same for what is expected: a closed set is shown with its values.
std::string needed(const Type& type);
/// With `string` for each literal.
TypeRef widened(const TypeRef& type);

/// `show`, or a short name where that would fill the screen.
std::string brief(const Type& type);

/// The name or member chain an expression is, `x.y`; empty for all others.
std::string narrowing_key(const ast::Expr& expr);

}  // namespace devgraph::lang
