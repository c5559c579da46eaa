#pragma once
/// Programs of Python packages, which find the interpreter beside themselves.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace devgraph::wheel {

/// A line of entry_points.txt.
struct EntryPoint {
  std::string name;
  std::string module;
  std::string object;  ///< `main`, or `App.run`.
};

/// The programs that entry_points.txt declares: those of console_scripts and gui_scripts.
Result<std::vector<EntryPoint>> entry_points_of(std::string_view text);

/// A program that calls an entry point.
std::string launcher_text(const EntryPoint& entry);
/// A script of a wheel whose first line is `#!python`; others are given back as they are.
std::string launched_script(std::string_view script);

}  // namespace devgraph::wheel
