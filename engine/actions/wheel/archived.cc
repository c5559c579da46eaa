#include "engine/actions/wheel/archived.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/actions/libarchive.h"

namespace devgraph::wheel {

namespace {

using actions::Libarchive;

constexpr std::size_t kMost = std::size_t{16} << 20U;

/// The content of the entry that was reached.
Result<std::string> content_of(const Libarchive& lib, archive* reader, std::string_view suffix) {
  std::string text;
  std::string block(std::size_t{64} << 10U, '\0');
  while (true) {
    const la_ssize_t size = lib.read_data(reader, block.data(), block.size());
    if (size == 0) return text;
    if (size < 0)
      return fail(fmt::format("its {} is damaged: {}", suffix, archive_fault(lib, reader)));
    text.append(block, 0, static_cast<std::size_t>(size));
    if (text.size() > kMost) return fail(fmt::format("its {} is larger than 16 MiB", suffix));
  }
}

bool is_wanted(const Libarchive& lib, archive_entry* entry, std::string_view suffix) {
  const std::optional<std::string> path =
      actions::archive_text(lib.entry_pathname(entry), lib.entry_pathname_utf8(entry));
  return path && lib.entry_filetype(entry) == AE_IFREG && path->ends_with(suffix) &&
         std::count(path->begin(), path->end(), '/') == 1;
}

}  // namespace

Result<std::string> archived_metadata(const actions::Context& context, std::string_view archive,
                                      std::string_view suffix) {
  const Result<Libarchive>& lib = actions::libarchive();
  if (!lib) return std::unexpected(lib.error());
  const std::unique_ptr<::archive, decltype(lib->read_free)> reader(lib->read_new(),
                                                                    lib->read_free);
  if (!reader) return fail("libarchive cannot start");
  lib->read_support_filter_gzip(reader.get());
  lib->read_support_format_tar(reader.get());
  // Only by its directory, as pip reads it: what was cut off is none.
  lib->read_support_format_zip_seekable(reader.get());
  if (lib->read_open_memory(reader.get(), archive.data(), archive.size()) != ARCHIVE_OK)
    return fail(fmt::format("it cannot be read: {}", archive_fault(*lib, reader.get())));
  std::optional<std::string> found;
  while (true) {
    if (actions::stopped(context)) return actions::interrupted();
    archive_entry* entry = nullptr;
    const int state = lib->read_next_header(reader.get(), &entry);
    if (state == ARCHIVE_EOF) break;
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
      return fail(fmt::format("it cannot be read: {}", archive_fault(*lib, reader.get())));
    if (found || !is_wanted(*lib, entry, suffix)) continue;
    Result<std::string> text = content_of(*lib, reader.get(), suffix);
    if (!text) return text;
    found = std::move(*text);
  }
  if (!found) return fail(fmt::format("it holds no {}", suffix));
  return std::move(*found);
}

}  // namespace devgraph::wheel
