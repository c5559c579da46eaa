#pragma once
/// Decoders of data files: JSON, TOML, YAML 1.2 (core schema), dotenv.

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lang/value.h"

namespace devgraph::lang {

/// Bytes of the text, half-open.
struct DataPlace {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// What is wrong with a data file, and where, as far as the library knows.
struct DataFault {
  std::string message;
  std::optional<DataPlace> place;
};
template <class T>
using Decoded = std::expected<T, DataFault>;

inline std::unexpected<DataFault> data_fault(std::string message,
                                             std::optional<DataPlace> place = std::nullopt) {
  return std::unexpected(DataFault{std::move(message), place});
}

/// The text without a byte order mark, as places count it.
std::string_view without_mark(std::string_view text);

/// `decoder` is `json`, `toml`, `yaml` or `dotenv`. Gives None, Bool, Int, String, List and Map
/// only: a float or a date is its text as written.
/// `text` has no byte order mark.
Decoded<Value> decode(std::string_view decoder, std::string_view text);

}  // namespace devgraph::lang
