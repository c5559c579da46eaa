#pragma once
/// How a fault leaves the grammar.

namespace devgraph::lang::grammar {

/// Thrown once a fault is recorded; ends the declaration, or the hole that was tried.
struct Abandoned {};

}  // namespace devgraph::lang::grammar
