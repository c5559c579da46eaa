#pragma once
/// What `devgraph gc` does to the record and the CAS: results are kept or dropped, and then the
/// contents that no kept one needs.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/files.h"
#include "engine/store/cas.h"
#include "engine/store/parts.h"
#include "engine/store/record.h"

namespace devgraph::store {

class Collector {
 public:
  /// All three outlive it, and nobody else changes them meanwhile.
  Collector(Files& files, Record& record, Cas& cas);

  struct Row {
    std::uint32_t number = 0;  ///< Of the entry in the record.
    /// The number of the entry that took its place as the last result; the greater, the later it
    /// was in use.
    std::uint32_t used = 0;
    Made made;
    bool is_last = false;  ///< Of its node.
  };
  /// Every result; the most recently used first.
  std::vector<Row> rows() const;

  /// Bytes of its contents that no result kept so far needs.
  std::uint64_t cost(const Made& made) const;
  void keep(const Made& made);
  /// Bytes of all that is needed so far.
  std::uint64_t needed() const { return needed_; }

  /// Once all that is kept is known: the bytes that are free with it, those of one dropped before
  /// not counted again. The entry of a last result stays: it says whose the outputs are.
  std::uint64_t drop(const Row& row);
  /// Bytes of contents that belong to no result at all, with what killed builds left.
  std::uint64_t drop_strays();

  /// May be killed at any point, or fail, and be repeated: a result whose contents are gone is one
  /// that cannot be restored, and contents without a result are strays.
  Status apply(Parts& parts);

 private:
  enum class Use : std::uint8_t { None, Needed, Dropped };
  struct Content {
    std::uint64_t size = 0;
    bool packed = false;
    Use use = Use::None;
  };
  void find_large();
  void find_stray(const std::string& path);
  std::vector<Sha256> contents_of(const Made& made) const;
  Status drop_large();
  Status drop_results(Parts& parts);
  Status write_pack_anew();

  Files& files_;
  Record& record_;
  Cas& cas_;
  std::unordered_map<Sha256, Content, Cas::ShaHash> contents_;
  std::vector<std::string> strays_;  // Files that are no content: paths.
  std::uint64_t stray_bytes_ = 0;
  std::uint64_t needed_ = 0;
  std::vector<std::uint32_t> dropped_;
};

}  // namespace devgraph::store
