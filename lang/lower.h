#pragma once
/// What was evaluated to a Graph: families to nodes, values to inputs and arguments.

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/graph/asks.h"
#include "engine/graph/builder.h"
#include "engine/graph/pins.h"
#include "lang/docker/plan.h"
#include "lang/eval.h"
#include "lang/shell.h"

namespace devgraph::lang {

/// The inputs of one node, each once, in the order of mention.
struct InputList {
  std::vector<InputId> ids;
  std::unordered_set<std::uint32_t> seen;
  std::vector<InputId> listed;    ///< Those that stand in lists.
  std::vector<Cell*> order_only;  ///< Nodes without outputs that were named as inputs.

  void add(InputId id, bool in_list);
  void add(const InputList& other);
};

/// A lowered value with what it mentions; shared by the cells of a family.
struct Lowered {
  ValueId value{};
  InputList inputs;
};

struct CompiledEntry {
  CompiledScript script;
  std::string file;
  std::optional<ScriptId> id;
  std::optional<ScriptId> shown;  ///< Its lines without a text for bash.
};

class Lowerer {
 public:
  Lowerer(Evaluator& evaluator, GraphBuilder& builder);

  /// First pass: finds all cells and their outputs, and gives them ids.
  void survey(const Module& module);
  /// Outputs that lie among the sources, by path.
  std::set<std::string> in_tree_outputs() const;
  /// Second pass: everything else.
  void lower(const Module& module);
  void workspace_settings(const Module& root);
  /// Faults for sources that are not there and that no freeze will write.
  void report_absent();
  /// Marks effects, makes groups and targets. The builder can be finished then.
  void finish();
  /// Where each node is declared; by node id.
  const std::vector<Range>& places() const { return places_; }
  /// The declaration in a manifest that a node comes from: its own, or that of the outermost
  /// instance around it.
  Range caller_of(NodeId id) const;

 private:
  /// What a value is lowered for.
  struct Use {
    Cell* cell = nullptr;
    InputList* inputs = nullptr;
    StrId normalize{};
    Range at;
    bool in_list = false;
  };
  struct TargetDraft {
    TargetKind kind = TargetKind::Node;
    std::string project, name, rule, doc;
    std::vector<std::string> axes;
    std::vector<Cell*> cells;
    Range range;
  };

  // lower.cc
  void survey_family(Family& family, const std::vector<std::string>& outer_axes, bool is_public);
  void survey_cell(Cell& cell, const std::vector<std::string>& axes, bool is_public);
  void add_target(Family& family, const std::vector<std::string>& axes);
  void register_cell(Cell& cell);
  void lower_family(Family& family);
  void lower_instance(Cell& cell);
  void lower_decl(const ast::Decl& decl, Frame& frame);
  void check_assert(const ast::Assert& assertion, Frame& frame);
  void drain_literals();
  NodeId node_of(Cell& cell);
  NodeId counts_with(Cell& cell);
  bool is_hidden(const Cell& cell) const;
  const Node& shared_row(Cell& cell);
  void common_fields(Cell& cell, Node& row);
  StrId doc_of(Cell& cell);
  bool is_effect(const Cell& cell) const;

  // lower_node.cc
  void lower_leaf(Cell& cell);
  void lower_action(Cell& cell, Node& row, InputList& inputs);
  void lower_native(Cell& cell, Node& row, InputList& inputs);
  void lower_environment(Cell& cell, Node& row, InputList& inputs);
  void lower_within(Cell& cell, Node& row, InputList& inputs);
  bool is_within_environment(Cell& cell);
  void lower_tools(Cell& cell, InputList& inputs);
  void lower_after(Cell& cell, Node& row, InputList& inputs);
  ValueId lower_field(Cell& cell, PlanField& field, const Type* type, InputList& inputs,
                      bool words);
  ValueId lower_files(Cell& cell, const Value& files, Use& use);
  /// A file under its name in an archive.
  struct Placed {
    std::string name;
    Value value;
    bool in_list = false;
  };
  void add_placed(const std::string& key, const Value& value, bool many, std::vector<Placed>& out);
  void note_refusals(Cell& cell, Node& row);
  StrId normalize_of(Cell& cell);
  void nodes_of(const Value& given, std::vector<Cell*>& out, Range at);

  // lower_late.cc
  void lower_waiting(Cell& cell);
  void add_deciders(const LateNeeds& needs, std::vector<Cell*>& out);
  void add_late_cells(const LateNeeds& needs, std::vector<Cell*>& out);
  void no_action(Node& row);

  // lower_dockerfile.cc
  void lower_dockerfile(Cell& cell, Node& row, InputList& inputs);
  ValueId lower_context(const DockerPlan& plan, Use& use);

  // lower_venv.cc
  void lower_venv(Cell& cell, Node& row, InputList& inputs);
  ValueId lower_interpreter(Cell& cell, Use& use);

  // lower_owned.cc
  void lower_owned(Cell& cell, Node& row, InputList& inputs);
  bool may_own(Cell& cell, const std::string& path, Range at);

  // lower_pinned.cc
  bool lower_pinned(Cell& cell);
  std::optional<ValueId> pinned_content(const PinnedContent& content, Use& use);

  // lower_outside.cc
  /// What a node asks for by a name that may move, and the argument that says it for good.
  struct Outside {
    Asked asked;
    std::string_view argument;
    std::string_view value() const;  ///< Of that argument, once it is locked.
  };
  std::optional<Outside> outside_of(Cell& cell);

  // lower_provenance.cc
  void check_provenance(Cell& cell);
  void add_provenance();
  void add_what_it_comes_from(std::uint32_t id);

  // lower_traits.cc
  TraitsId traits_of(Cell& cell);
  void set_trait(Traits& traits, std::string_view name, const Value& value, Range at);
  StrId pattern(const std::string& text, Range at);
  Span32 exit_codes(const Value& value, Range at);
  void set_allowance(Traits& traits, const Value& value, Range at);
  void check_pool(const std::string& name, Range at);

  // lower_value.cc
  ValueId lower_value(const Value& given, Use& use);
  ValueId lower_words(const Value& given, Use& use);
  ValueId lower_list(const Value& value, ValueTag tag, Use& use, bool words);
  std::optional<InputId> input_of(const Value& value, Use& use);
  std::optional<InputId> source_input(const FileObject& file, Use& use);
  void no_such_source(const FileObject& file, FileKind kind, const Use& use);
  struct Refusal {
    std::string_view code;
    std::string message;
    std::string label;
    std::string help;  ///< May be empty.
  };
  void bad_source(const FileObject& file, const Use& use, Refusal refusal);
  std::optional<InputId> tree_input(const FileObject& tree, Use& use);
  InputId output_input(Cell& cell, std::uint32_t index, const std::string& part, Use& use);
  void add_all_of(const Value& given, Use& use);
  std::string key_name(const std::string& path, const Cell& cell) const;

  // lower_script.cc
  CompiledEntry& compiled(const ast::Script& script, const Module& module);
  void lower_script(Cell& cell, const ast::Script& script, const Env& env, Node& row,
                    InputList& inputs);
  const Lowered* shared_hole(Cell& cell, const ScriptHole& hole, const Env& env);
  Lowered lower_hole(Cell& cell, const ScriptHole& hole, const Env& env);
  bool hole_differs(const ast::Expr& expr, Cell& cell);
  bool lower_simple(Cell& cell, const SimpleCommand& simple, const std::vector<ValueId>& holes,
                    Node& row);
  std::optional<ValueId> simple_word(const SimpleCommand::Word& word,
                                     const std::vector<ValueId>& holes);
  void lower_argv(Cell& cell, PlanField& field, Node& row, InputList& inputs);
  Value slots_of(Cell& cell);
  Value deps_of(Cell& cell);
  std::vector<ScriptLine> script_lines(const CompiledScript& script);
  bool is_tool_name(Cell& cell, const std::string& name);

  // lower_finish.cc
  void mark_effects();
  void make_group(Cell& cell);
  void make_targets();
  void target_nodes(Cell& cell, std::vector<NodeId>& out);
  void add_let_targets(const Module& module);

  Evaluator& eval_;
  GraphBuilder& builder_;
  DockerPlanner docker_{eval_};
  std::vector<Cell*> cells_;                       ///< By node id; null for none.
  std::vector<Range> places_;                      ///< By node id.
  std::vector<std::vector<std::uint32_t>> needs_;  ///< Node ids, by node id.
  std::vector<Node> rows_;                         ///< By node id.
  std::unordered_set<std::uint32_t> deciders_;     ///< Node ids.
  std::vector<Cell*> groups_;                      ///< Instances without `self`, inner ones first.
  std::map<std::string, std::pair<Cell*, std::uint32_t>> in_tree_;
  std::vector<TargetDraft> targets_;
  std::map<std::pair<std::string, std::string>, std::size_t> target_index_;
  std::unordered_map<const PlanField*, Lowered> shared_fields_;
  /// What a hole of a family's own script is in all cells; none where it differs.
  std::unordered_map<const Family*, std::unordered_map<const ast::Expr*, std::optional<Lowered>>>
      shared_holes_;
  std::unordered_map<const Family*, Node> shared_rows_;  ///< Names and places.
  std::unordered_map<const Family*, TraitsId> shared_traits_;
  std::unordered_map<const ast::Script*, CompiledEntry> scripts_;
  std::unordered_map<std::string, InputId> sources_;  ///< By project, NUL, path; not normalised.
  std::unordered_map<std::string, TreeId> trees_;
  std::map<std::string, Cell*> owned_;  ///< Files that `freeze` and `links` put into the tree.
  struct Absent {
    FileObject file;
    Range used;
  };
  std::vector<Absent> absent_;  ///< Sources that are not there; one that a freeze writes may be so.
  std::map<std::string, std::uint32_t> pools_;
  std::size_t literals_done_ = 0;
};

/// Programs that every script finds without `tools`, and that are no builtins of bash.
bool is_basic(std::string_view name);

}  // namespace devgraph::lang
