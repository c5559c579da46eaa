#pragma once
/// One decoder a library, each in a file of its own: their headers are long.

#include <string_view>

#include "lang/decode.h"

namespace devgraph::lang {

Decoded<Value> decode_json(std::string_view text);
Decoded<Value> decode_toml(std::string_view text);
Decoded<Value> decode_yaml(std::string_view text);

}  // namespace devgraph::lang
