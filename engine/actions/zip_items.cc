#include "engine/actions/zip_items.h"

#include <array>
#include <memory>

#include <fmt/format.h>

#include "engine/actions/libarchive.h"

namespace devgraph::actions {

namespace {

Status read_content(const Libarchive& lib, archive* reader, TarItem& item) {
  Hasher hash;
  std::array<char, 65536> block;
  while (true) {
    const la_ssize_t size = lib.read_data(reader, block.data(), block.size());
    if (size == 0) break;
    if (size < 0) return fail(archive_fault(lib, reader));
    hash.bytes(std::string_view(block.data(), static_cast<std::size_t>(size)));
    item.size += static_cast<std::uint64_t>(size);
  }
  item.content = hash.finish();
  return {};
}

}  // namespace

Result<std::vector<TarItem>> zip_items(std::string_view archive) {
  const Result<Libarchive>& lib = libarchive();
  if (!lib) return std::unexpected(lib.error());
  const Utf8Names names;
  const std::unique_ptr<::archive, decltype(lib->read_free)> reader(lib->read_new(),
                                                                    lib->read_free);
  if (!reader) return fail("libarchive cannot start");
  lib->read_support_format_zip_seekable(reader.get());
  if (lib->read_open_memory(reader.get(), archive.data(), archive.size()) != ARCHIVE_OK)
    return fail(archive_fault(*lib, reader.get()));
  std::vector<TarItem> items;
  while (true) {
    archive_entry* entry = nullptr;
    const int state = lib->read_next_header(reader.get(), &entry);
    if (state == ARCHIVE_EOF) return items;
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
      return fail(archive_fault(*lib, reader.get()));
    TarItem item;
    item.path =
        archive_text(lib->entry_pathname(entry), lib->entry_pathname_utf8(entry)).value_or("");
    item.type = lib->entry_filetype(entry) == AE_IFDIR ? '5' : '0';
    item.mode = static_cast<std::uint32_t>(lib->entry_perm(entry));
    item.mtime = lib->entry_mtime(entry);
    if (const Status done = read_content(*lib, reader.get(), item); !done)
      return std::unexpected(done.error());
    items.push_back(std::move(item));
  }
}

}  // namespace devgraph::actions
