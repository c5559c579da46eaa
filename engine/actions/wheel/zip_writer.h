#pragma once
/// A zip archive whose bytes depend on nothing but what is put in: one time for all entries, one
/// level of compression, no folders, no extra fields.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace devgraph::wheel {

class ZipWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;
  explicit ZipWriter(Sink sink) : sink_(std::move(sink)) {}

  /// `path`: UTF-8, with slashes.
  Status add(std::string_view path, std::string_view bytes, bool executable);
  /// Writes the directory. Nothing may follow.
  Status finish();

 private:
  Status put(std::string_view bytes);

  Sink sink_;
  std::uint64_t offset_ = 0;
  std::uint64_t count_ = 0;
  std::string directory_;
};

}  // namespace devgraph::wheel
