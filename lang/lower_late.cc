/// Nodes whose cells, or whose lists of cells, are known only when others have run.

#include <algorithm>

#include "lang/lower.h"

namespace devgraph::lang {

void Lowerer::add_deciders(const LateNeeds& needs, std::vector<Cell*>& out) {
  for (Cell* cell : needs.deciders) {
    deciders_.insert(index_of(node_of(*cell)));
    out.push_back(cell);
  }
}

/// What a let names of late families: their cells as far as they are known, else who decides.
void Lowerer::add_late_cells(const LateNeeds& needs, std::vector<Cell*>& out) {
  for (Family* family : needs.families) {
    if (family->is_waiting()) {
      for (Cell& cell : family->cells)
        out.push_back(&cell);
    } else if (family->cells.empty()) {
      add_deciders(eval_.late_needs(*family), out);
    }
  }
}

/// A row that does nothing.
void Lowerer::no_action(Node& row) {
  row.args = builder_.none();
  row.env = builder_.map({});
  row.secrets = builder_.map({});
  row.stdin_text = builder_.none();
  row.within = builder_.none();
  row.asks = builder_.none();
  row.traits = builder_.traits(Traits());
}

/// Its fields mean something only when all they name is known.
void Lowerer::lower_waiting(Cell& cell) {
  Node row;
  InputList none;
  common_fields(cell, row);
  row.kind = ActionKind::Native;
  no_action(row);
  lower_after(cell, row, none);
  row.late = builder_.str(eval_.late_needs(*cell.family).waits);
  note_refusals(cell, row);
  rows_[cell.id] = row;
}

}  // namespace devgraph::lang
