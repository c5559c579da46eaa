#pragma once
/// The Python that a virtual environment is for, and what conditions on dependencies ask of it.

#include <string>
#include <string_view>

#include "engine/actions/action.h"
#include "engine/actions/wheel/requirement.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

struct Interpreter {
  std::string program;   ///< Absolute; never that of another virtual environment.
  int minor = 0;         ///< 11 of CPython 3.11.
  int glibc_minor = -1;  ///< 36 of glibc 2.36; -1: the system has another C library.
  MarkerValues markers;

  const std::string& version() const { return markers.find("python_full_version")->second; }
  const std::string& machine() const { return markers.find("platform_machine")->second; }
};

/// Runs `program`. Fails if it is no CPython 3.7 or later.
Result<Interpreter> ask_interpreter(const actions::Context& context, const std::string& program);

/// Whether a wheel with such a file name can be installed for an interpreter (PEP 425, PEP 600):
/// empty, or what it is for instead.
std::string misfit(std::string_view file, const Interpreter& interpreter);

}  // namespace devgraph::wheel
