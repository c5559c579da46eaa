#pragma once
/// What a call on the outside world gives: a value, or the words that say why not.

#include <expected>
#include <string>
#include <utility>

namespace devgraph {

/// A refusal of the world (disk, process, archive). The leaf says what happened; each caller may
/// prepend what it was doing.
struct Error {
  std::string message;  ///< Lower case, no full stop; names the file or program.
  int code = 0;         ///< errno where one applies, else 0.
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(std::string message, int code = 0) {
  return std::unexpected(Error{std::move(message), code});
}

/// `cannot open x: No such file or directory`, with errno's text.
std::unexpected<Error> fail_errno(const std::string& what, int code);

}  // namespace devgraph
