#pragma once
/// Reads tar (POSIX.1-2001 pax, ustar, GNU long names) as a stream and says what is in it; it
/// unpacks nothing.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/result.h"

namespace devgraph::actions {

struct TarItem {
  char type = '0';     ///< `0` file, `1` hard link, `2` symbolic link, `5` folder, …
  std::string path;    ///< As written, without a slash at its end and `./` at its start.
  std::string target;  ///< Of links.
  std::uint64_t size = 0;
  std::uint32_t mode = 0;
  std::uint64_t user = 0;
  std::uint64_t group = 0;
  std::int64_t mtime = 0;  ///< Seconds.
  Digest content;          ///< Of a file.
  std::string text;        ///< Of a file that was to be kept.
  /// Pax records that none of the fields above holds: extended attributes, for instance.
  std::map<std::string, std::string> records;
};

/// `file`, `hard link`, `folder`.
std::string_view type_words(char type);
/// What differs between two entries of one name: `mode 644 -> 755, time 0 -> 12`; empty: nothing.
std::string changes(const TarItem& a, const TarItem& b);

class TarReader {
 public:
  /// `keeps`: of which files the bytes are wanted, up to 64 MiB each; more is cut off.
  explicit TarReader(std::function<bool(const TarItem&)> keeps = nullptr)
      : keeps_(std::move(keeps)) {}

  /// The next bytes of the archive.
  Status feed(std::string_view bytes);
  /// All have come: what is in it, in the order of the archive.
  Result<std::vector<TarItem>> finish();

 private:
  Status block(std::string_view block);
  Status begin(std::string_view header);
  Status end_of_special();
  Status read_records();

  std::function<bool(const TarItem&)> keeps_;
  std::vector<TarItem> items_;
  bool is_kept_ = false;                     // The file that is being read.
  std::string block_;                        // The part of a block that has come.
  std::uint64_t left_ = 0;                   // Of the content that is being read.
  char special_ = 0;                         // The type of a header about the next header; 0: none.
  std::string text_;                         // What it says.
  std::map<std::string, std::string> next_;  // Records for the next item.
  Hasher hash_;
  bool in_file_ = false;
  bool over_ = false;  // A block of zeros was met.
};

}  // namespace devgraph::actions
