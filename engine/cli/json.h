#pragma once
/// JSON as the commands print it. For .cc files only: it brings nlohmann/json with it.

#include <string>

#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace devgraph::cli {

using Json = nlohmann::ordered_json;

/// Text of bytes that need not be UTF-8: printable where they are not.
inline std::string json_text(std::string_view bytes) {
  return is_valid_utf8(bytes) ? std::string(bytes) : printable(bytes);
}

inline std::string dump(const Json& value) {
  constexpr int kIndent = 2;
  return value.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace devgraph::cli
