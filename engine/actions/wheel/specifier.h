#pragma once
/// Which versions are meant: `>=3.8,<4` (PEP 440).

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/python_name.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

struct Clause {
  std::string op;
  std::string version;  ///< As written; `.*` at its end where the operator takes it.
};

/// Clauses between commas, blanks anywhere. The message says what is wrong with which clause.
Result<std::vector<Clause>> parse_specifiers(std::string_view text);
/// `>=3.8,<4`, in the order in which they were written.
std::string show(const std::vector<Clause>& clauses);
/// Whether all clauses hold for a version. `===` compares texts.
bool admits(const std::vector<Clause>& clauses, const PythonVersion& version);

}  // namespace devgraph::wheel
