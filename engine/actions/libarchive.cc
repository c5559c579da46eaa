#include "engine/actions/libarchive.h"

#include "engine/actions/late_library.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Result<Libarchive> load_libarchive() {
  const Result<LateLibrary> library = LateLibrary::open("libarchive.so.13", "libarchive13");
  if (!library) return std::unexpected(library.error());
  Libarchive lib;
  Status found;
  const auto find = [&](const char* name, auto& function) {
    if (found) found = library->find(name, function);
  };
  find("archive_entry_filetype", lib.entry_filetype);
  find("archive_entry_hardlink", lib.entry_hardlink);
  find("archive_entry_hardlink_utf8", lib.entry_hardlink_utf8);
  find("archive_entry_is_encrypted", lib.entry_is_encrypted);
  find("archive_entry_mtime", lib.entry_mtime);
  find("archive_entry_pathname", lib.entry_pathname);
  find("archive_entry_pathname_utf8", lib.entry_pathname_utf8);
  find("archive_entry_perm", lib.entry_perm);
  find("archive_entry_size", lib.entry_size);
  find("archive_entry_size_is_set", lib.entry_size_is_set);
  find("archive_entry_symlink", lib.entry_symlink);
  find("archive_entry_symlink_utf8", lib.entry_symlink_utf8);
  find("archive_error_string", lib.error_string);
  find("archive_read_data", lib.read_data);
  find("archive_read_data_block", lib.read_data_block);
  find("archive_read_free", lib.read_free);
  find("archive_read_new", lib.read_new);
  find("archive_read_next_header", lib.read_next_header);
  find("archive_read_open_memory", lib.read_open_memory);
  find("archive_read_support_filter_gzip", lib.read_support_filter_gzip);
  find("archive_read_support_filter_zstd", lib.read_support_filter_zstd);
  find("archive_read_support_format_tar", lib.read_support_format_tar);
  find("archive_read_support_format_zip", lib.read_support_format_zip);
  find("archive_read_support_format_zip_seekable", lib.read_support_format_zip_seekable);
  if (!found) return std::unexpected(found.error());
  return lib;
}

}  // namespace

const Result<Libarchive>& libarchive() {
  static const Result<Libarchive> kLoaded = load_libarchive();
  return kLoaded;
}

std::string archive_fault(const Libarchive& lib, archive* reader) {
  const char* text = lib.error_string(reader);
  return text == nullptr ? "it is damaged" : printable(text);
}

Utf8Names::Utf8Names() {
  static const locale_t kUtf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  before_ = ::uselocale(kUtf8);  // Null, if there is none: nothing changes then.
}

Utf8Names::~Utf8Names() {
  ::uselocale(before_);
}

std::optional<std::string> archive_text(const char* bytes, const char* utf8) {
  if (bytes != nullptr) return bytes;
  if (utf8 != nullptr) return utf8;
  return std::nullopt;
}

}  // namespace devgraph::actions
