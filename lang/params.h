#pragma once
/// Parameters from the command line and from files, and what their texts mean.

#include <map>
#include <optional>
#include <string>

#include "engine/base/files.h"
#include "lang/eval.h"
#include "lang/load.h"

namespace devgraph::lang {

/// Texts by full label `//project:name`. Files first, `-D` wins; of equals the last.
Result<std::map<std::string, std::string>> param_texts(Files& files, const LoadOptions& options);

/// A text by the declared type of its parameter; none if it is not of that type. Paths are relative
/// to `project`.
std::optional<Value> parse_param(std::string_view text, const Type& type,
                                 const std::string& project);

/// Says which given parameters no loaded project declares.
void check_params(const Program& program, const std::map<std::string, std::string>& texts,
                  Diagnostics& found);

}  // namespace devgraph::lang
