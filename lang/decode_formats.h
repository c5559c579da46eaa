#pragma once
/// One decoder a library, each in a file of its own: their headers are long.

#include <string_view>

#include "engine/base/result.h"
#include "lang/value.h"

namespace devgraph::lang {

Result<Value> decode_json(std::string_view text);
Result<Value> decode_toml(std::string_view text);
Result<Value> decode_yaml(std::string_view text);

}  // namespace devgraph::lang
