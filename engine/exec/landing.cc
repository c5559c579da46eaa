#include "engine/exec/landing.h"

#include <atomic>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

constexpr std::uint64_t kInline = std::uint64_t{256} * 1024;
constexpr std::uint32_t kFileMode = 0644;
constexpr std::uint32_t kProgramMode = 0755;

Error world(const Error& error, std::string_view path) {
  return Error{fmt::format("cannot take output {}: {}", printable(path), error.message),
               error.code};
}

/// Takes what a node made. What cannot be read is the node's own fault and is returned; that it
/// cannot be stored is the machine's, and kept apart.
class Taker {
 public:
  Taker(Files& files, store::Cas& cas, const std::string& scratch, store::Twins* twins)
      : files_(files), cas_(cas), scratch_(scratch), twins_(twins) {}

  Status take(const LandItem& item, const FileStat& stat, LandedItem& out);
  const std::optional<Error>& not_stored() const { return not_stored_; }

 private:
  /// Digests of one regular file; small ones come with their bytes, big ones go into the CAS here.
  struct Taken {
    Digest content;
    Sha256 sha;
    std::optional<std::string> bytes;
  };
  Result<Taken> take_content(const std::string& path, const FileStat& stat);
  Status take_file(const LandItem& item, const FileStat& stat, LandedItem& out);
  Status take_link(const LandItem& item, LandedItem& out);
  Status take_tree(const LandItem& item, LandedItem& out);
  Status stored(Status done);
  Status check_link(const std::string& target) const;

  Files& files_;
  store::Cas& cas_;
  const std::string& scratch_;
  store::Twins* const twins_;
  std::optional<Error> not_stored_;
};

Status Taker::stored(Status done) {
  if (!done) not_stored_ = done.error();
  return done;
}

/// What the command made in its own folder is gone when it has ended.
Status Taker::check_link(const std::string& target) const {
  if (!is_within(target, scratch_)) return {};
  return fail(
      fmt::format("a link leads to {}, which is deleted after the run; make it relative, "
                  "or copy the file",
                  printable(target)));
}

Result<Taker::Taken> Taker::take_content(const std::string& path, const FileStat& stat) {
  if (stat.size <= store::kPackedBlob) {
    Result<std::string> bytes = files_.read(path);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() <= store::kPackedBlob) {
      const Digest content = digest_of(*bytes);
      const Sha256 sha = sha256_of(*bytes);
      return Taken{content, sha, std::move(*bytes)};
    }
  }
  Taken taken;
  const auto twin = twins_ != nullptr ? twins_->find(stat, true) : std::nullopt;
  if (twin && twin->sha) {
    taken.content = twin->content;
    taken.sha = *twin->sha;
  } else {
    const Result<FileHash> hash = files_.hash(path, true);
    if (!hash) return std::unexpected(hash.error());
    if (twins_ != nullptr) twins_->add(hash->stat, {hash->xxh, hash->sha});
    taken.content = hash->xxh;
    taken.sha = hash->sha.value_or(Sha256{});  // It was asked for.
  }
  if (Status done = stored(cas_.put_file(taken.sha, path)); !done) {
    return std::unexpected(done.error());
  }
  return taken;
}

Status Taker::take_file(const LandItem& item, const FileStat& stat, LandedItem& out) {
  if (Status done = store::open_up(files_, item.staged, stat); !done) return done;
  Result<Taken> taken = take_content(item.staged, stat);
  if (!taken) return std::unexpected(taken.error());
  out.made.kind = store::MadeKind::File;
  out.made.executable = stat.executable;
  out.made.size = stat.size;
  out.made.content = taken->content;
  out.made.sha = taken->sha;
  if (std::optional<std::string>& bytes = taken->bytes) {
    out.blobs.emplace_back(taken->sha, std::move(*bytes));
  }
  return {};
}

Status Taker::take_link(const LandItem& item, LandedItem& out) {
  Result<std::string> target = files_.read_link(item.staged);
  if (!target) return std::unexpected(target.error());
  if (Status done = check_link(*target); !done) return done;
  out.made.kind = store::MadeKind::Link;
  out.made.size = target->size();
  out.made.content = digest_of(*target);
  out.made.sha = sha256_of(*target);
  out.blobs.emplace_back(out.made.sha, std::move(*target));
  return {};
}

Status Taker::take_tree(const LandItem& item, LandedItem& out) {
  Result<store::TreeListing> listing = store::list_tree(files_, item.staged, store::Modes::OpenUp);
  if (!listing) return std::unexpected(listing.error());
  std::vector<store::TreeEntry>& entries = listing->manifest.entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    store::TreeEntry& entry = entries[i];
    if (entry.kind == store::TreeEntryKind::Link) {
      if (Status done = check_link(entry.target); !done) return done;
    }
    if (entry.kind != store::TreeEntryKind::File) continue;
    Result<Taken> taken = take_content(join_path(item.staged, entry.path), listing->stats[i]);
    if (!taken) return std::unexpected(taken.error());
    entry.content = taken->content;
    entry.sha = taken->sha;
    entry.fixed = twins_ != nullptr && store::Twins::may_have(listing->stats[i]);
    if (std::optional<std::string>& bytes = taken->bytes) {
      out.blobs.emplace_back(taken->sha, std::move(*bytes));
    }
    out.made.size += entry.size;
  }
  out.made.kind = store::MadeKind::Tree;
  out.made.content = store::tree_digest(listing->manifest);
  std::string manifest = store::encode_tree(listing->manifest);
  out.made.sha = sha256_of(manifest);
  if (manifest.size() > store::kPackedBlob) {
    return stored(cas_.put_large(out.made.sha, manifest));
  }
  out.blobs.emplace_back(out.made.sha, std::move(manifest));
  return {};
}

Status Taker::take(const LandItem& item, const FileStat& stat, LandedItem& out) {
  if (stat.kind == FileKind::Folder) return take_tree(item, out);
  if (stat.kind == FileKind::Symlink) return take_link(item, out);
  return take_file(item, stat, out);
}

std::string_view kind_words(FileKind kind) {
  switch (kind) {
    case FileKind::Folder:
      return "a folder";
    case FileKind::Regular:
      return "a file";
    case FileKind::Symlink:
      return "a symbolic link";
    default:
      return "neither a file nor a folder";
  }
}

/// What is wrong with the kind of an output, or nothing.
std::string kind_fault(const LandItem& item, const FileStat& stat) {
  const std::string path = printable(item.path);
  if (!stat.exists()) return fmt::format("output missing: {}", path);
  const bool file = stat.kind == FileKind::Regular || stat.kind == FileKind::Symlink;
  if (item.declared == OutputKind::File && !file) {
    return fmt::format("output {} is {}, not a file", path, kind_words(stat.kind));
  }
  if (item.declared == OutputKind::Tree && stat.kind != FileKind::Folder) {
    return fmt::format("output {} is {}, not a folder", path, kind_words(stat.kind));
  }
  return {};
}

}  // namespace

bool is_small(Files& files, const std::vector<LandItem>& items) {
  std::uint64_t size = 0;
  for (const LandItem& item : items) {
    if (item.declared == OutputKind::Tree) return false;
    const Result<FileStat> stat = files.lstat(item.staged);
    if (stat) size += stat->size;
  }
  return size <= kInline;
}

Landed inspect(Files& files, store::Cas& cas, const std::vector<LandItem>& items,
               const std::string& scratch, store::Twins* twins) {
  Landed landed;
  Taker taker(files, cas, scratch, twins);
  const auto refuse = [&landed](const std::string& fault) {
    landed.refused += (landed.refused.empty() ? "" : "; ") + fault;
  };
  for (const LandItem& item : items) {
    const Result<FileStat> stat = files.lstat(item.staged);
    if (!stat) {
      landed.error = world(stat.error(), item.path);
      return landed;
    }
    if (const std::string fault = kind_fault(item, *stat); !fault.empty()) {
      refuse(fault);
      continue;
    }
    LandedItem out;
    if (Status done = taker.take(item, *stat, out); !done) {
      const Error fault = world(done.error(), item.path);
      if (taker.not_stored()) {
        landed.error = fault;
        return landed;
      }
      refuse(fault.message);
      continue;
    }
    out.made.path = item.path;
    out.now = plan::OutputNow{true, out.made.kind, out.made.executable, out.made.content};
    landed.items.push_back(std::move(out));
  }
  return landed;
}

Landed look_in_place(Files& files, const std::vector<LandItem>& items) {
  Landed landed;
  for (const LandItem& item : items) {
    const Result<FileStat> stat = files.lstat(item.place);
    const auto refuse = [&](const Error& error) {
      landed.refused = world(error, item.path).message;
      return landed;
    };
    if (!stat) return refuse(stat.error());
    if (landed.refused = kind_fault(item, *stat); !landed.refused.empty()) return landed;
    LandedItem out;
    out.made.path = item.path;
    out.stat = *stat;
    out.now = plan::OutputNow{true, store::MadeKind::File, stat->executable, {}};
    if (stat->kind == FileKind::Symlink) {
      out.now.kind = store::MadeKind::Link;
      const Result<std::string> target = files.read_link(item.place);
      if (!target) return refuse(target.error());
      out.now.content = digest_of(*target);
    } else {
      const Result<FileHash> hash = files.hash(item.place, false);
      if (!hash) return refuse(hash.error());
      out.now.content = hash->xxh;
    }
    landed.items.push_back(std::move(out));
  }
  return landed;
}

namespace {

/// To another file system: beside its place first, so that it appears there as a whole.
Status copy_in_place(Files& files, const std::string& from, const std::string& to) {
  static std::atomic<unsigned> counter{0};
  const std::string beside =
      join_path(parent_path(to), fmt::format(".devgraph-part-{}", counter.fetch_add(1)));
  if (Status done = files.remove_all(beside); !done) return done;
  const Result<FileStat> stat = files.lstat(from);
  if (!stat) return std::unexpected(stat.error());
  Status done;
  if (stat->kind == FileKind::Folder) {
    done = store::copy_tree(files, from, beside);
  } else if (stat->kind == FileKind::Symlink) {
    const Result<std::string> target = files.read_link(from);
    done = target ? files.symlink(*target, beside) : Status(std::unexpected(target.error()));
  } else {
    done = files.copy(from, beside);
  }
  if (done) done = files.rename(beside, to);
  if (!done) static_cast<void>(files.remove_all(beside));
  return done;
}

}  // namespace

Status put_in_place(Files& files, const std::string& from, const std::string& to,
                    const std::string& aside, bool is_tree) {
  if (from == to) return {};
  if (!is_tree) {
    // Over a file or a link this is one step, and the common case.
    Status done = files.rename(from, to);
    if (done || (done.error().code != EISDIR && done.error().code != EXDEV &&
                 done.error().code != ENOTEMPTY && done.error().code != EEXIST)) {
      return done;
    }
  }
  const Result<FileStat> old = files.lstat(to);
  if (!old) return std::unexpected(old.error());
  const std::string waiting = join_path(aside, "replaced");
  if (old->exists()) {
    if (Status done = files.remove_all(waiting); !done) return done;
    Status moved = files.rename(to, waiting);
    // On another file system it cannot wait; it is ours to delete all the same.
    if (!moved) moved = files.remove_all(to);
    if (!moved) return moved;
  }
  const Status done = files.rename(from, to);
  if (done || done.error().code != EXDEV) return done;
  return copy_in_place(files, from, to);
}

Status move_in_place(Files& files, const std::vector<LandItem>& items, const std::string& aside,
                     Landed& landed) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const LandItem& item = items[i];
    LandedItem& out = landed.items[i];
    const bool tree = item.declared == OutputKind::Tree;
    if (Status done = put_in_place(files, item.staged, item.place, aside, tree); !done) {
      return std::unexpected(world(done.error(), item.path));
    }
    const Result<FileStat> stat = files.lstat(item.place);
    if (!stat) return std::unexpected(world(stat.error(), item.path));
    out.stat = *stat;
  }
  return {};
}

namespace {

std::uint32_t mode_of(const store::TreeEntry& entry) {
  constexpr std::uint32_t kWrite = 0222;
  const std::uint32_t mode = entry.executable ? kProgramMode : kFileMode;
  return entry.fixed ? mode & ~kWrite : mode;
}

/// A large file that nobody may write: all outputs of this build that have it share one copy.
Result<bool> restore_shared(Files& files, store::Cas& cas, const store::TreeEntry& entry,
                            const std::string& shared, const std::string& to) {
  const std::string first =
      fmt::format("{}/{}{}", shared, hex(entry.sha), entry.executable ? "x" : "");
  const Result<FileStat> stat = files.lstat(first);
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists()) {
    if (Status done = files.make_folders(shared); !done) return std::unexpected(done.error());
    const Result<bool> there = cas.restore(entry.sha, first, mode_of(entry));
    if (!there || !*there) return there;
  }
  if (Status done = files.share(first, to); !done) return std::unexpected(done.error());
  // It may have become a copy.
  if (Status done = files.chmod(to, mode_of(entry)); !done) return std::unexpected(done.error());
  return true;
}

Result<bool> restore_tree(Files& files, store::Cas& cas, const store::MadeOutput& made,
                          const std::string& shared, const std::string& to) {
  const std::optional<std::string> bytes = cas.get(made.sha);
  if (!bytes) return false;
  const std::optional<store::TreeManifest> tree = store::decode_tree(*bytes);
  if (!tree) return false;
  if (Status done = files.make_folders(to); !done) return std::unexpected(done.error());
  for (const store::TreeEntry& entry : tree->entries) {
    const std::string path = join_path(to, entry.path);
    Status done;
    if (entry.kind == store::TreeEntryKind::Folder) done = files.make_folders(path);
    if (entry.kind == store::TreeEntryKind::Link) done = files.symlink(entry.target, path);
    if (!done) return std::unexpected(done.error());
    if (entry.kind != store::TreeEntryKind::File) continue;
    const bool share = entry.fixed && entry.size > store::kPackedBlob;
    const Result<bool> there = share ? restore_shared(files, cas, entry, shared, path)
                                     : cas.restore(entry.sha, path, mode_of(entry));
    if (!there || !*there) return there;
  }
  return true;
}

}  // namespace

Result<bool> restore_output(Files& files, store::Cas& cas, const store::MadeOutput& made,
                            const std::string& shared, const std::string& to) {
  switch (made.kind) {
    case store::MadeKind::File:
      return cas.restore(made.sha, to, made.executable ? kProgramMode : kFileMode);
    case store::MadeKind::Link: {
      const std::optional<std::string> target = cas.get(made.sha);
      if (!target) return false;
      if (Status done = files.symlink(*target, to); !done) return std::unexpected(done.error());
      return true;
    }
    case store::MadeKind::Tree:
      return restore_tree(files, cas, made, shared, to);
  }
  return false;
}

}  // namespace devgraph::exec
