#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/actions/extractor.h"
#include "engine/actions/glob.h"
#include "engine/actions/libarchive.h"
#include "engine/actions/natives.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

// Sizes below this are never a bomb; above it an archive may grow a thousandfold.
constexpr std::uint64_t kFreeBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kRatio = 1000;

class Unpack {
 public:
  Unpack(const Context& context, const Libarchive& lib, std::string name, archive* reader,
         Extractor extractor)
      : context_(context),
        lib_(lib),
        name_(std::move(name)),
        reader_(reader),
        extractor_(std::move(extractor)),
        strip_(int_arg(context, "strip")),
        only_(strings_arg(context, "only")),
        matched_(only_.size(), false) {}

  Status run();

 private:
  Status entry(archive_entry* entry);
  Status file(archive_entry* entry, const std::string& path);
  std::optional<std::string> stripped(std::string path) const;
  bool wanted(const std::string& path);

  const Context& context_;
  const Libarchive& lib_;
  std::string name_;
  archive* reader_;
  Extractor extractor_;
  std::int64_t strip_;
  std::vector<std::string_view> only_;
  std::vector<bool> matched_;
  bool any_ = false;
};

/// Without its first folders; none if nothing is left.
std::optional<std::string> Unpack::stripped(std::string path) const {
  for (std::int64_t i = 0; i < strip_; ++i) {
    const std::size_t slash = path.find('/');
    if (slash == std::string::npos) return std::nullopt;
    path.erase(0, slash + 1);
  }
  if (path.empty()) return std::nullopt;
  return path;
}

bool Unpack::wanted(const std::string& path) {
  bool found = only_.empty();
  for (std::size_t i = 0; i < only_.size(); ++i) {
    if (!glob_matches(only_[i], path)) continue;
    matched_[i] = true;
    found = true;
  }
  return found;
}

Status Unpack::file(archive_entry* entry, const std::string& path) {
  const bool executable = (lib_.entry_perm(entry) & 0100) != 0;
  if (const Status done = extractor_.begin_file(path, executable); !done) return done;
  while (true) {
    if (stopped(context_)) return interrupted();
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int state = lib_.read_data_block(reader_, &block, &size, &offset);
    if (state == ARCHIVE_EOF) break;
    if (state != ARCHIVE_OK) {
      return fail(
          fmt::format("cannot read `{}`: {}", printable(path), archive_fault(lib_, reader_)));
    }
    if (offset < 0) return fail(fmt::format("`{}` has no valid size", printable(path)));
    const Status done = extractor_.data({static_cast<const char*>(block), size},
                                        static_cast<std::uint64_t>(offset));
    if (!done) return done;
  }
  const la_int64_t size = lib_.entry_size_is_set(entry) != 0 ? lib_.entry_size(entry) : 0;
  return extractor_.end_file(static_cast<std::uint64_t>(std::max<la_int64_t>(size, 0)));
}

Status Unpack::entry(archive_entry* entry) {
  const std::optional<std::string> raw =
      archive_text(lib_.entry_pathname(entry), lib_.entry_pathname_utf8(entry));
  if (!raw) return fail("it holds a name that cannot be read");
  const Result<std::string> whole = extractor_.checked_name(*raw);
  if (!whole) return std::unexpected(whole.error());
  const std::optional<std::string> path = stripped(*whole);

  const std::optional<std::string> twin =
      archive_text(lib_.entry_hardlink(entry), lib_.entry_hardlink_utf8(entry));
  const auto type = lib_.entry_filetype(entry);
  if (!twin && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK) {
    return fail(fmt::format("it holds `{}`, which is neither a file, a folder nor a link",
                            printable(*raw)));
  }
  if (lib_.entry_is_encrypted(entry) != 0) {
    return fail(fmt::format("`{}` in it is encrypted", printable(*raw)));
  }
  if (!path || !wanted(*path)) return {};
  any_ = true;
  if (twin) {
    const Result<std::string> to = extractor_.checked_name(*twin);
    if (!to) return std::unexpected(to.error());
    return extractor_.hard_link(*path, stripped(*to).value_or(std::string()));
  }
  if (type == AE_IFDIR) return extractor_.folder(*path);
  if (type == AE_IFREG) return file(entry, *path);
  const std::optional<std::string> target =
      archive_text(lib_.entry_symlink(entry), lib_.entry_symlink_utf8(entry));
  if (!target) return fail(fmt::format("the link `{}` has no target", printable(*raw)));
  return extractor_.link(*path, *target);
}

Status Unpack::run() {
  while (true) {
    if (stopped(context_)) return interrupted();
    archive_entry* next = nullptr;
    const int state = lib_.read_next_header(reader_, &next);
    if (state == ARCHIVE_EOF) break;
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN) {
      return fail(fmt::format("cannot unpack {}: {}", name_, archive_fault(lib_, reader_)));
    }
    if (const Status done = entry(next); !done) {
      return fail(fmt::format("cannot unpack {}: {}", name_, done.error().message),
                  done.error().code);
    }
  }
  for (std::size_t i = 0; i < only_.size(); ++i) {
    if (matched_[i]) continue;
    return fail(fmt::format("`{}` matches nothing in {}", printable(only_[i]), name_));
  }
  if (!any_ && strip_ > 0) {
    return fail(fmt::format("nothing of {} is left when {} folders are taken off the names", name_,
                            strip_));
  }
  const Status done = extractor_.finish();
  if (!done) return fail(fmt::format("cannot unpack {}: {}", name_, done.error().message));
  return {};
}

}  // namespace

/// unpack(archive, strip, only)
Status run_unpack(const Context& context) {
  const std::vector<InputId> archives = inputs_arg(context, "archive");
  if (archives.size() != 1) return fail("`archive` is missing: it is left out by `allow_failed`");
  const std::string name = printable(input_name(context, archives[0]));
  if (int_arg(context, "strip") < 0) return fail("`strip` is less than 0");
  const Result<std::unique_ptr<MappedFile>> file = context.files.map(context.path_of(archives[0]));
  if (!file) return std::unexpected(file.error());
  const std::string_view bytes = (*file)->bytes();

  const Result<Libarchive>& lib = libarchive();
  if (!lib) return std::unexpected(lib.error());
  const Utf8Names names;
  const std::unique_ptr<archive, decltype(lib->read_free)> reader(lib->read_new(), lib->read_free);
  if (!reader) return fail("libarchive cannot start");
  lib->read_support_filter_gzip(reader.get());
  lib->read_support_filter_zstd(reader.get());
  lib->read_support_format_tar(reader.get());
  lib->read_support_format_zip(reader.get());
  if (lib->read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return fail(fmt::format("cannot unpack {}: {}", name, archive_fault(*lib, reader.get())));
  }
  ExtractLimits limits;
  limits.bytes = std::min(limits.bytes, std::max(kFreeBytes, bytes.size() * kRatio));
  Result<Extractor> extractor = Extractor::open(context.files, context.out_path(0), limits);
  if (!extractor) return std::unexpected(extractor.error());
  return Unpack(context, *lib, name, reader.get(), std::move(*extractor)).run();
}

}  // namespace devgraph::actions
