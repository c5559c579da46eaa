#pragma once
/// Manifest text to syntax tree.

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"
#include "lang/ast.h"

namespace devgraph::lang {

/// Parses one manifest. Faults are reported with codes E0xx, at most one per declaration: after one
/// the parser goes on with the next line that starts in column 1 with a letter. What could be
/// parsed is returned in any case. Limits: 64 MiB a file, nesting 256, 1 MiB a string.
ast::File parse(const Sources& sources, SourceId source, Diagnostics& found);

}  // namespace devgraph::lang
