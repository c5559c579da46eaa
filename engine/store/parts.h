#pragma once
/// The parts of keys, for people: what `why` compares. Plain ranges of one file, each named by the
/// record's entry that it belongs to, so that a build need not read it to add to it.
/// docs/reference/state-formats.md, "Parts".

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"

namespace devgraph::store {

/// `input ./a.c` and its digest in short, `script`, `env CC` and its value, …
struct KeyPart {
  std::string name;
  std::string value;
};

/// Where the parts of one key lie, and what they must be.
struct PartsPlace {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;  ///< Zero: there are none.
  std::uint64_t check = 0;
};

class Parts {
 public:
  Parts(Files& files, const std::string& state_folder);

  /// Buffers; `flush` writes, and must be called before the record names the place.
  PartsPlace add(const std::vector<KeyPart>& parts);
  Status flush();
  /// Empty if they are lost.
  std::vector<KeyPart> read(const PartsPlace& place) const;
  /// The bytes of a place if they are whole, for a rewrite.
  std::string_view raw(const PartsPlace& place) const;
  std::uint64_t size();
  /// Replaces the file; the caller has the new places.
  Status replace(std::string_view bytes);

 private:
  Files& files_;
  std::string path_;
  bool sized_ = false;
  std::uint64_t size_ = 0;  // With what is buffered.
  std::string unwritten_;
  std::unique_ptr<AppendFile> out_;
  mutable std::unique_ptr<MappedFile> mapped_;
};

}  // namespace devgraph::store
