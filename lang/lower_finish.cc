/// What can be said only when all nodes are known: effects, groups, targets.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/lower.h"

namespace devgraph::lang {

/// Dependents of an effect are effects too.
void Lowerer::mark_effects() {
  std::vector<std::vector<std::uint32_t>> dependents(rows_.size());
  std::vector<std::uint32_t> queue;
  for (std::uint32_t id = 0; id < rows_.size(); ++id) {
    for (const std::uint32_t need : needs_[id])
      dependents[need].push_back(id);
    if ((rows_[id].flags & node_flags::kEffect) != 0) queue.push_back(id);
  }
  while (!queue.empty()) {
    const std::uint32_t id = queue.back();
    queue.pop_back();
    for (const std::uint32_t one : dependents[id]) {
      if ((rows_[one].flags & node_flags::kEffect) != 0) continue;
      rows_[one].flags |= node_flags::kEffect;
      queue.push_back(one);
    }
  }
}

/// The handle of an instance without `self`: its public children that are no effects.
void Lowerer::make_group(Cell& cell) {
  Node& row = rows_[cell.id];
  common_fields(cell, row);
  row.flags &= ~node_flags::kEffect;
  row.kind = ActionKind::Group;
  no_action(row);
  InputList inputs;
  std::vector<NodeId> after;
  LateNeeds late = eval_.late_needs(*cell.family);
  Use use{.cell = &cell, .inputs = &inputs, .normalize = {}, .at = cell.family->range};
  Frame& body = eval_.body_of(cell);
  for (const ast::Decl* decl : cell.family->rule_decl->body) {
    if (!std::holds_alternative<ast::Node>(decl->value)) continue;
    Family& child = eval_.family_of(*decl, body);
    if (child.is_private || child.rule_decl == nullptr) continue;
    if (child.cells.empty()) late.add(eval_.late_needs(child));
    for (Cell& one : child.cells) {
      const NodeId id = node_of(one);
      if ((rows_[index_of(id)].flags & node_flags::kEffect) != 0) continue;
      Cell& leaf = *cells_[index_of(id)];
      if (!leaf.family->is_native() || leaf.outputs.empty()) {
        after.push_back(id);
        continue;
      }
      for (std::uint32_t i = 0; i < leaf.outputs.size(); ++i)
        output_input(leaf, i, {}, use);
    }
  }
  std::vector<Cell*> deciders;
  add_deciders(late, deciders);
  for (Cell* decider : deciders)
    after.push_back(node_of(*decider));
  row.inputs = builder_.inputs(inputs.ids);
  row.after = builder_.node_ids(after);
}

void Lowerer::finish() {
  mark_effects();
  for (Cell* cell : groups_)
    make_group(*cell);
  add_provenance();
  for (std::uint32_t id = 0; id < rows_.size(); ++id) {
    Node& row = rows_[id];
    if (deciders_.contains(id)) row.flags |= node_flags::kDecides;
    builder_.set_node(NodeId(id), row);
  }
  make_targets();
}

void Lowerer::target_nodes(Cell& cell, std::vector<NodeId>& out) {
  out.push_back(node_of(cell));
  if (cell.family->is_native() || eval_.child_of(cell, "self")) return;
  // A group leaves effects out; naming the instance names them too.
  Frame& body = eval_.body_of(cell);
  for (const ast::Decl* decl : cell.family->rule_decl->body) {
    if (!std::holds_alternative<ast::Node>(decl->value)) continue;
    Family& child = eval_.family_of(*decl, body);
    if (child.is_private || child.rule_decl == nullptr) continue;
    for (Cell& one : child.cells)
      target_nodes(one, out);
  }
}

void Lowerer::add_let_targets(const Module& module) {
  Frame& frame = eval_.module_frame(module);
  for (const ast::Decl* decl : module.file.decls) {
    const auto* let = std::get_if<ast::Let>(&decl->value);
    if (!let || let->name.text.starts_with('_')) continue;
    const Value value = eval_.value_of({.module = &module, .decl = decl}, frame);
    if (value.is(ValueKind::Data)) continue;
    TargetDraft draft;
    nodes_of(value, draft.cells, let->name.range);
    if (value.is_error() || value.is(ValueKind::List) || value.is(ValueKind::Family))
      add_late_cells(eval_.late_needs(*let->value, frame), draft.cells);
    if (draft.cells.empty()) continue;
    draft.kind = TargetKind::Let;
    draft.project = module.folder;
    draft.name = std::string(let->name.text);
    draft.doc = fmt::format("{}", fmt::join(decl->doc, "\n"));
    draft.range = let->name.range;
    targets_.push_back(std::move(draft));
  }
}

void Lowerer::make_targets() {
  std::stable_sort(targets_.begin(), targets_.end(),
                   [](const TargetDraft& a, const TargetDraft& b) {
                     return std::pair(std::string_view(a.project), std::string_view(a.name)) <
                            std::pair(std::string_view(b.project), std::string_view(b.name));
                   });
  for (TargetDraft& draft : targets_) {
    std::vector<NodeId> nodes;
    for (Cell* cell : draft.cells)
      target_nodes(*cell, nodes);
    std::unordered_set<std::uint32_t> seen;
    std::vector<NodeId> unique;
    for (const NodeId id : nodes) {
      if (seen.insert(index_of(id)).second) unique.push_back(id);
    }
    std::vector<StrId> axes;
    axes.reserve(draft.axes.size());
    for (const std::string& axis : draft.axes)
      axes.push_back(builder_.str(axis));
    Target target;
    target.kind = draft.kind;
    target.project = builder_.str(draft.project);
    target.name = builder_.str(draft.name);
    target.rule = builder_.str(draft.rule);
    target.axis_names = builder_.str_ids(axes);
    target.nodes = builder_.node_ids(unique);
    // The nodes of a family have its field; a family without any has but its comment.
    Cell* first = draft.cells.empty() ? nullptr : draft.cells.front();
    const bool is_own = draft.kind != TargetKind::Let && first != nullptr &&
                        first->family->label == draft.name &&
                        first->family->frame->project == draft.project;
    target.doc = is_own ? doc_of(*first) : builder_.str(draft.doc);
    target.manifest = builder_.str(eval_.sources().name(draft.range.source));
    target.line = eval_.sources().position(draft.range.source, draft.range.begin).line;
    builder_.add_target(target);
  }
}

}  // namespace devgraph::lang
