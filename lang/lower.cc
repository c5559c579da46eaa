#include "lang/lower.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/reads.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

/// What stands in a manifest: a cell itself, or the instance of a rule that it comes from.
const Cell& outermost(const Cell& cell) {
  const Cell* at = &cell;
  for (;;) {
    const Cell* up = at->family->owner ? at->family->owner : at->family->frame->instance;
    if (up == nullptr) return *at;
    at = up;
  }
}

/// Where a node stands in a manifest or library of the user: of what rules of the standard library
/// are made of, the innermost instance that does.
Range own_range(const Cell& cell, const Sources& sources) {
  const Cell* at = &cell;
  while (sources.name(at->family->range.source).starts_with(kStdManifest)) {
    const Cell* up = at->family->owner ? at->family->owner : at->family->frame->instance;
    if (up == nullptr) break;
    at = up;
  }
  return at->family->range;
}

}  // namespace

void InputList::add(InputId id, bool in_list) {
  if (seen.insert(index_of(id)).second) {
    ids.push_back(id);
    if (in_list) listed.push_back(id);
  }
}

void InputList::add(const InputList& other) {
  const std::unordered_set<std::uint32_t> before =
      other.listed.empty() ? std::unordered_set<std::uint32_t>() : seen;
  for (const InputId id : other.ids)
    add(id, false);
  for (const InputId id : other.listed) {
    if (!before.contains(index_of(id))) listed.push_back(id);
  }
  order_only.insert(order_only.end(), other.order_only.begin(), other.order_only.end());
}

Lowerer::Lowerer(Evaluator& evaluator, GraphBuilder& builder)
    : eval_(evaluator), builder_(builder) {}

// --- first pass
// -----------------------------------------------------------------------------------

void Lowerer::survey(const Module& module) {
  Frame& frame = eval_.module_frame(module);
  for (const ast::Decl* decl : module.file.decls) {
    if (!std::holds_alternative<ast::Node>(decl->value)) continue;
    Family& family = eval_.family_of(*decl, frame);
    survey_family(family, {}, !family.is_private);
  }
}

void Lowerer::survey_family(Family& family, const std::vector<std::string>& outer_axes,
                            bool is_public) {
  if (family.rule_decl == nullptr) return;
  std::vector<std::string> axes = outer_axes;
  for (const FamilyAxis& axis : family.axes)
    axes.push_back(axis.name);
  if (is_public) add_target(family, axes);
  for (Cell& cell : family.cells)
    survey_cell(cell, axes, is_public);
}

void Lowerer::add_target(Family& family, const std::vector<std::string>& axes) {
  const std::pair<std::string, std::string> key(family.frame->project, family.label);
  const auto [at, is_new] = target_index_.emplace(key, targets_.size());
  if (is_new) {
    TargetDraft draft;
    draft.kind = !family.is_native() ? TargetKind::Instance
                 : axes.empty()      ? TargetKind::Node
                                     : TargetKind::Family;
    draft.project = key.first;
    draft.name = key.second;
    draft.rule = family.rule_name;
    draft.axes = axes;
    draft.range = family.range;
    if (family.decl) draft.doc = fmt::format("{}", fmt::join(family.decl->doc, "\n"));
    targets_.push_back(std::move(draft));
  }
  // A `self` only refines what its instance said.
  if (family.frame->instance && family.frame->instance->family->label == family.label) return;
  for (Cell& cell : family.cells)
    targets_[at->second].cells.push_back(&cell);
  if (!family.cells.empty()) return;
  for (Cell* decider : eval_.late_needs(family).deciders)
    targets_[at->second].cells.push_back(decider);
}

void Lowerer::survey_cell(Cell& cell, const std::vector<std::string>& axes, bool is_public) {
  Family& family = *cell.family;
  if (family.is_native()) {
    register_cell(cell);
    return;
  }
  Frame& body = eval_.body_of(cell);
  bool has_self = false;
  for (const ast::Decl* decl : family.rule_decl->body) {
    const auto* node = std::get_if<ast::Node>(&decl->value);
    if (!node) continue;
    has_self = has_self || node->name.text == "self";
    Family& child = eval_.family_of(*decl, body);
    survey_family(child, axes, is_public && !child.is_private);
  }
  if (!has_self) {
    register_cell(cell);
    groups_.push_back(&cell);
  }
}

void Lowerer::register_cell(Cell& cell) {
  if (cell.id != ~0U) return;
  Family& family = *cell.family;
  const NodeId id = builder_.add_node();
  cell.id = index_of(id);
  cells_.resize(std::max<std::size_t>(cells_.size(), cell.id + 1));
  places_.resize(cells_.size());
  needs_.resize(cells_.size());
  rows_.resize(cells_.size());
  cells_[cell.id] = &cell;
  places_[cell.id] = family.range;
  std::vector<Output> outputs;
  const std::vector<OutputDecl>& declared = eval_.outputs_of(cell);
  for (std::uint32_t i = 0; i < declared.size(); ++i) {
    const OutputDecl& one = declared[i];
    Output output;
    output.kind = one.kind;
    output.field = builder_.str(one.field);
    output.declared = builder_.str(one.declared);
    output.path = builder_.str(one.path);
    output.in_tree = one.in_tree ? 1 : 0;
    outputs.push_back(output);
    if (one.in_tree) in_tree_.emplace(one.path, std::pair(&cell, i));
  }
  const Span32 span = builder_.add_outputs(id, std::move(outputs));
  cell.first_output = span.first;
  rows_[cell.id].outputs = span;
}

std::set<std::string> Lowerer::in_tree_outputs() const {
  std::set<std::string> paths;
  for (const auto& [path, made_by] : in_tree_) {
    // What a seed has made belongs to the user: it is read and matched like any source.
    if (made_by.first->family->rule_name != "seed") paths.insert(path);
  }
  return paths;
}

// --- second pass
// ----------------------------------------------------------------------------------

void Lowerer::lower(const Module& module) {
  Frame& frame = eval_.module_frame(module);
  for (const ast::Decl* decl : module.file.decls)
    lower_decl(*decl, frame);
  if (module.kind == ModuleKind::Project) add_let_targets(module);
}

void Lowerer::lower_decl(const ast::Decl& decl, Frame& frame) {
  if (std::holds_alternative<ast::Node>(decl.value)) {
    lower_family(eval_.family_of(decl, frame));
  } else if (const auto* assertion = std::get_if<ast::Assert>(&decl.value)) {
    check_assert(*assertion, frame);
  } else if (std::holds_alternative<ast::Let>(decl.value) ||
             std::holds_alternative<ast::Axis>(decl.value) ||
             std::holds_alternative<ast::Param>(decl.value)) {
    eval_.value_of({.module = frame.module, .decl = &decl}, frame);
  }
}

Range Lowerer::caller_of(NodeId id) const {
  return outermost(*cells_[index_of(id)]).family->range;
}

void Lowerer::check_assert(const ast::Assert& assertion, Frame& frame) {
  const Env env{.frame = &frame};
  const Value holds = eval_.plain(eval_.eval(*assertion.condition, env, nullptr));
  if (holds.is_error() || holds.is_true()) return;
  const Value message = eval_.eval(*assertion.message, env, nullptr);
  const std::string said =
      message.is(ValueKind::String) ? printable(message.text()) : "an assertion does not hold";
  if (frame.instance == nullptr) {
    eval_.report("E411", assertion.condition->range, said, "this does not hold");
    return;
  }
  // The rule is right; what is wrong is what it was called with.
  const Range caller = outermost(*frame.instance).family->range;
  Diagnostic* fault = eval_.report("E411", caller, said, "declared here");
  if (fault) fault->also.push_back({assertion.condition->range, "this does not hold"});
}

void Lowerer::lower_family(Family& family) {
  if (family.rule_decl == nullptr) return;
  for (Cell& cell : family.cells) {
    if (family.is_native())
      lower_leaf(cell);
    else
      lower_instance(cell);
    drain_literals();
  }
}

/// Node literals come to light while the fields of their node are evaluated.
void Lowerer::drain_literals() {
  std::deque<std::unique_ptr<Family>>& literals = eval_.literals();
  while (literals_done_ < literals.size()) {
    Family& family = *literals[literals_done_++];
    if (family.rule_decl == nullptr) continue;
    survey_family(family, {}, false);
    for (Cell& cell : family.cells) {
      if (family.is_native())
        lower_leaf(cell);
      else
        lower_instance(cell);
    }
  }
}

void Lowerer::lower_instance(Cell& cell) {
  Frame& body = eval_.body_of(cell);
  eval_.force_arguments(body);
  for (const ast::Decl* decl : cell.family->rule_decl->body)
    lower_decl(*decl, body);
}

/// The node that stands for a cell: itself, the `self` of an instance, or its group.
NodeId Lowerer::node_of(Cell& cell) {
  Cell* at = &cell;
  while (!at->family->is_native()) {
    Family* self = eval_.child_of(*at, "self");
    if (self == nullptr || self->cells.empty()) break;
    at = &self->cells[0];
  }
  if (at->id == ~0U) {
    // A literal that was made but not yet reached.
    std::vector<std::string> axes;
    survey_cell(*at, axes, false);
  }
  return NodeId(at->id);
}

/// The first enclosing node that is private; its parent is what it counts with.
NodeId Lowerer::counts_with(Cell& cell) {
  for (Cell* at = &cell; at != nullptr; at = at->family->frame->instance) {
    if (at->family->owner) return counts_with(*at->family->owner);
    Cell* parent = at->family->frame->instance;
    if (parent && at->family->is_private) return counts_with(*cells_[index_of(node_of(*parent))]);
  }
  return node_of(cell);
}

bool Lowerer::is_hidden(const Cell& cell) const {
  for (const Cell* at = &cell; at != nullptr; at = at->family->frame->instance) {
    if (at->family->owner || at->family->is_private) return true;
  }
  return false;
}

bool Lowerer::is_effect(const Cell& cell) const {
  return cell.family->is_effect;
}

StrId Lowerer::doc_of(Cell& cell) {
  const Evaluator::Universal doc = eval_.find_universal(cell, "doc");
  if (doc.field) {
    const Value text =
        eval_.field_value(*doc.cell, *doc.field, optional_of(simple(Kind::String)).get());
    if (text.is(ValueKind::String)) return builder_.str(text.text());
  }
  if (cell.family->decl == nullptr) return {};
  return builder_.str(fmt::format("{}", fmt::join(cell.family->decl->doc, "\n")));
}

/// What all cells of a family have in common.
const Node& Lowerer::shared_row(Cell& cell) {
  Family& family = *cell.family;
  const auto held = shared_rows_.find(&family);
  if (held != shared_rows_.end()) return held->second;
  Node row;
  row.project = builder_.str(family.frame->project);
  row.name = builder_.str(family.label);
  row.rule = builder_.str(family.rule_name);
  if (is_hidden(cell)) row.flags |= node_flags::kPrivate;
  if (is_effect(cell)) row.flags |= node_flags::kEffect;
  if (family.rule_name == "seed" && family.is_native()) row.flags |= node_flags::kSeed;
  if (family.rule_name == "freeze" && family.is_native()) row.flags |= node_flags::kFreeze;
  if (family.rule_name == "links" && family.is_native()) row.flags |= node_flags::kLinks;
  const Range range = own_range(cell, eval_.sources());
  const Position place = eval_.sources().position(range.source, range.begin);
  row.manifest = builder_.str(eval_.sources().name(range.source));
  row.line = place.line;
  row.column = place.column;
  return shared_rows_.emplace(&family, row).first->second;
}

void Lowerer::common_fields(Cell& cell, Node& row) {
  row = shared_row(cell);
  row.outputs = rows_[cell.id].outputs;
  std::vector<AxisValue> axes;
  for (const auto& [axis, value] : eval_.coordinates(cell)) {
    std::string text;
    scalar_text(value, text);
    axes.push_back({builder_.str(axis), builder_.str(text)});
  }
  row.axes = builder_.axis_values(axes);
  row.counts_with = counts_with(cell);
  row.doc = doc_of(cell);
}

}  // namespace devgraph::lang
