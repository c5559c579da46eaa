#pragma once
/// Decoders of data files: JSON, TOML, YAML 1.2 (core schema), dotenv.

#include <string_view>

#include "engine/base/result.h"
#include "lang/value.h"

namespace devgraph::lang {

/// `decoder` is `json`, `toml`, `yaml` or `dotenv`. Gives None, Bool, Int, String, List and Map
/// only: a float or a date is its text as written. Errors name the line where the library does.
Result<Value> decode(std::string_view decoder, std::string_view text);

}  // namespace devgraph::lang
