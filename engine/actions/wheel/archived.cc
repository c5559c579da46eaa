#include "engine/actions/wheel/archived.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/actions/libarchive.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Libarchive;

constexpr std::size_t kMost = std::size_t{16} << 20U;
// Sizes below this are never a bomb; above it an archive may grow a thousandfold.
constexpr std::size_t kFreeBytes = std::size_t{64} << 20U;
constexpr std::size_t kRatio = 1000;

using Reader = std::unique_ptr<::archive, decltype(Libarchive::read_free)>;

Result<Reader> opened(const Libarchive& lib, std::string_view archive) {
  Reader reader(lib.read_new(), lib.read_free);
  if (!reader) return fail("libarchive cannot start");
  lib.read_support_filter_gzip(reader.get());
  lib.read_support_format_tar(reader.get());
  // Only by its directory, as pip reads it: what was cut off is none.
  lib.read_support_format_zip_seekable(reader.get());
  if (lib.read_open_memory(reader.get(), archive.data(), archive.size()) != ARCHIVE_OK)
    return fail(fmt::format("it cannot be read: {}", archive_fault(lib, reader.get())));
  return reader;
}

/// The next entry; null behind the last.
Result<archive_entry*> next_entry(const actions::Context& context, const Libarchive& lib,
                                  archive* reader) {
  if (actions::stopped(context)) return actions::interrupted();
  archive_entry* entry = nullptr;
  const int state = lib.read_next_header(reader, &entry);
  if (state == ARCHIVE_EOF) return nullptr;
  if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
    return fail(fmt::format("it cannot be read: {}", archive_fault(lib, reader)));
  return entry;
}

/// The content of the entry that was reached.
Result<std::string> content_of(const Libarchive& lib, archive* reader, std::string_view name,
                               std::size_t most) {
  std::string text;
  std::string block(std::size_t{64} << 10U, '\0');
  while (true) {
    const la_ssize_t size = lib.read_data(reader, block.data(), block.size());
    if (size == 0) return text;
    if (size < 0)
      return fail(
          fmt::format("its {} is damaged: {}", printable(name), archive_fault(lib, reader)));
    text.append(block, 0, static_cast<std::size_t>(size));
    if (text.size() > most)
      return fail(fmt::format("its {} is larger than {}", printable(name), human_size(most)));
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
  const actions::Utf8Names names;
  const Result<Reader> reader = opened(*lib, archive);
  if (!reader) return std::unexpected(reader.error());
  std::optional<std::string> found;
  while (true) {
    const Result<archive_entry*> entry = next_entry(context, *lib, reader->get());
    if (!entry) return std::unexpected(entry.error());
    if (*entry == nullptr) break;
    if (found || !is_wanted(*lib, *entry, suffix)) continue;
    Result<std::string> text = content_of(*lib, reader->get(), suffix, kMost);
    if (!text) return text;
    found = std::move(*text);
  }
  if (!found) return fail(fmt::format("it holds no {}", suffix));
  return std::move(*found);
}

Result<std::string> package_metadata(const actions::Context& context, std::string_view bytes,
                                     std::string_view file, const FileName& name) {
  Result<std::string> metadata =
      archived_metadata(context, bytes, name.is_wheel ? ".dist-info/METADATA" : "/PKG-INFO");
  if (!metadata)
    return fail(fmt::format("{}: {}", printable(file), metadata.error().message),
                metadata.error().code);
  const auto project = normal_python_name(metadata_field(*metadata, "Name"));
  const auto version = parse_python_version(metadata_field(*metadata, "Version"));
  if (project && *project == name.project && version && compare(*version, name.version) == 0)
    return metadata;
  return fail(fmt::format("{} holds {} {}; a package keeps the name that it was made with",
                          printable(file), printable(metadata_field(*metadata, "Name")),
                          printable(metadata_field(*metadata, "Version"))));
}

Status visit_wheel(const actions::Context& context, std::string_view archive, const Visit& visit) {
  const Result<Libarchive>& lib = actions::libarchive();
  if (!lib) return std::unexpected(lib.error());
  const actions::Utf8Names names;
  const Result<Reader> reader = opened(*lib, archive);
  if (!reader) return std::unexpected(reader.error());
  std::size_t left = std::max(kFreeBytes, archive.size() * kRatio);
  while (true) {
    const Result<archive_entry*> entry = next_entry(context, *lib, reader->get());
    if (!entry) return std::unexpected(entry.error());
    if (*entry == nullptr) return {};
    const std::optional<std::string> path =
        actions::archive_text(lib->entry_pathname(*entry), lib->entry_pathname_utf8(*entry));
    if (!path) return fail("it holds a name that cannot be read");
    if (lib->entry_filetype(*entry) == AE_IFDIR) continue;
    if (lib->entry_filetype(*entry) != AE_IFREG || lib->entry_hardlink(*entry) != nullptr)
      return fail(fmt::format("it holds `{}`, which is no file", printable(*path)));
    if (lib->entry_is_encrypted(*entry) != 0)
      return fail(fmt::format("`{}` in it is encrypted", printable(*path)));
    const bool executable = (lib->entry_perm(*entry) & 0111) != 0;
    const Result<std::string> bytes = content_of(*lib, reader->get(), *path, left);
    if (!bytes) return std::unexpected(bytes.error());
    left -= bytes->size();
    if (const Status done = visit(*path, executable, *bytes); !done) return done;
  }
}

}  // namespace devgraph::wheel
