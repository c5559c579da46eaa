#pragma once
/// Every option with what it does to `Options`; the one source of parsing, help and completion.

#include <span>
#include <string>
#include <string_view>

#include "engine/cli/options.h"

namespace devgraph::cli {

struct OptionSpec {
  std::string_view short_name;  ///< `j`, or empty.
  std::string_view long_name;   ///< `jobs`, or empty.
  std::string_view value;       ///< `N`; empty: a flag.
  std::string_view help;
  /// Sets the option; a flag gets an empty value. Gives what is wrong with the value, or nothing.
  std::string (*apply)(Options&, std::string_view value);
  std::string_view choices = {};  ///< `auto|always|never`, or empty.
  bool value_optional = false;    ///< `--shuffle` or `--shuffle=7`; the value only behind `=`.
};

std::span<const OptionSpec> common_options();
std::span<const OptionSpec> own_options(std::string_view command);
/// `-j, --jobs`
std::string shown_name(const OptionSpec& spec);

}  // namespace devgraph::cli
