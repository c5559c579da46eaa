#pragma once
/// libarchive, loaded when the first archive is read. For .cc files of this folder and those below
/// it.

#include <optional>
#include <string>

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "engine/base/result.h"

namespace devgraph::actions {

/// What of libarchive is used.
struct Libarchive {
  decltype(&archive_entry_filetype) entry_filetype = nullptr;
  decltype(&archive_entry_hardlink) entry_hardlink = nullptr;
  decltype(&archive_entry_hardlink_utf8) entry_hardlink_utf8 = nullptr;
  decltype(&archive_entry_is_encrypted) entry_is_encrypted = nullptr;
  decltype(&archive_entry_mtime) entry_mtime = nullptr;
  decltype(&archive_entry_pathname) entry_pathname = nullptr;
  decltype(&archive_entry_pathname_utf8) entry_pathname_utf8 = nullptr;
  decltype(&archive_entry_perm) entry_perm = nullptr;
  decltype(&archive_entry_size) entry_size = nullptr;
  decltype(&archive_entry_size_is_set) entry_size_is_set = nullptr;
  decltype(&archive_entry_symlink) entry_symlink = nullptr;
  decltype(&archive_entry_symlink_utf8) entry_symlink_utf8 = nullptr;
  decltype(&archive_error_string) error_string = nullptr;
  decltype(&archive_read_data) read_data = nullptr;
  decltype(&archive_read_data_block) read_data_block = nullptr;
  decltype(&archive_read_free) read_free = nullptr;
  decltype(&archive_read_new) read_new = nullptr;
  decltype(&archive_read_next_header) read_next_header = nullptr;
  decltype(&archive_read_open_memory) read_open_memory = nullptr;
  decltype(&archive_read_support_filter_gzip) read_support_filter_gzip = nullptr;
  decltype(&archive_read_support_filter_zstd) read_support_filter_zstd = nullptr;
  decltype(&archive_read_support_format_tar) read_support_format_tar = nullptr;
  decltype(&archive_read_support_format_zip) read_support_format_zip = nullptr;
  decltype(&archive_read_support_format_zip_seekable) read_support_format_zip_seekable = nullptr;
};

/// Loaded by the first call.
const Result<Libarchive>& libarchive();

/// While one lives, this thread reads names that an archive keeps as UTF-8 as they are, whatever
/// the locale of the process is: without it libarchive has no name for them.
class Utf8Names {
 public:
  Utf8Names();
  ~Utf8Names();
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t before_;
};

/// What is wrong, as libarchive says it.
std::string archive_fault(const Libarchive& lib, archive* reader);

/// Names are bytes: those that libarchive keeps as UTF-8 are not turned into the locale's set.
/// None: there is no such name.
std::optional<std::string> archive_text(const char* bytes, const char* utf8);

}  // namespace devgraph::actions
