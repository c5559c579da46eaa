#include "engine/exec/landing.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "engine/base/parallel_rows.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

constexpr std::uint64_t kInline = std::uint64_t{256} * 1024;

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
  Status take_files(const LandItem& item, store::TreeListing& listing, LandedItem& out);
  Status take_some(const std::string& root, store::TreeListing& listing, std::size_t begin,
                   std::size_t end);
  Status stored(Status done);
  Status check_link(const std::string& target) const;

  Files& files_;
  store::Cas& cas_;
  const std::string& scratch_;
  store::Twins* const twins_;
  std::mutex mutex_;  // Guards not_stored_.
  std::optional<Error> not_stored_;
};

Status Taker::stored(Status done) {
  if (done) return done;
  const std::lock_guard<std::mutex> lock(mutex_);
  not_stored_ = done.error();
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

/// A few files: their bytes wait until the result is recorded.
Status Taker::take_files(const LandItem& item, store::TreeListing& listing, LandedItem& out) {
  std::vector<store::TreeEntry>& entries = listing.manifest.entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    store::TreeEntry& entry = entries[i];
    if (entry.kind != store::TreeEntryKind::File) continue;
    Result<Taken> taken = take_content(join_path(item.staged, entry.path), listing.stats[i]);
    if (!taken) return std::unexpected(taken.error());
    entry.content = taken->content;
    entry.sha = taken->sha;
    entry.fixed = twins_ != nullptr && store::Twins::may_have(listing.stats[i]);
    if (std::optional<std::string>& bytes = taken->bytes) {
      out.blobs.emplace_back(taken->sha, std::move(*bytes));
    }
  }
  return {};
}

/// A run of many files: their bytes go into the pack at once, as all of them may be more than
/// memory holds. If the result is used by nobody, they are garbage there.
Status Taker::take_some(const std::string& root, store::TreeListing& listing, std::size_t begin,
                        std::size_t end) {
  std::vector<store::Cas::Small> blobs;
  std::string all;
  for (std::size_t i = begin; i < end; ++i) {
    store::TreeEntry& entry = listing.manifest.entries[i];
    if (entry.kind != store::TreeEntryKind::File) continue;
    Result<Taken> taken = take_content(join_path(root, entry.path), listing.stats[i]);
    if (!taken) return std::unexpected(taken.error());
    entry.content = taken->content;
    entry.sha = taken->sha;
    entry.fixed = twins_ != nullptr && store::Twins::may_have(listing.stats[i]);
    const std::optional<std::string>& bytes = taken->bytes;
    if (!bytes) continue;
    blobs.push_back({taken->sha, static_cast<std::uint32_t>(bytes->size())});
    all += *bytes;
  }
  return stored(cas_.put_many(blobs, all));
}

Status Taker::take_tree(const LandItem& item, LandedItem& out) {
  // Before any stamp is taken, so that it is older than what happens from now on.
  const std::int64_t now = files_.clock(scratch_).value_or(0);
  Result<store::TreeListing> listing = store::list_tree(files_, item.staged, store::Modes::OpenUp);
  if (!listing) return std::unexpected(listing.error());
  const std::vector<store::TreeEntry>& entries = listing->manifest.entries;
  for (const store::TreeEntry& entry : entries) {
    if (entry.kind == store::TreeEntryKind::Link) {
      if (Status done = check_link(entry.target); !done) return done;
    }
    out.made.size += entry.size;
  }
  constexpr std::size_t kRun = 256;
  const std::size_t runs = entries.size() < 2 * kRun ? 0 : (entries.size() + kRun - 1) / kRun;
  const Status taken = runs == 0 ? take_files(item, *listing, out)
                                 : try_rows(
                                       runs,
                                       [&](std::size_t i) {
                                         return take_some(item.staged, *listing, i * kRun,
                                                          std::min(entries.size(), (i + 1) * kRun));
                                       },
                                       kFolderRows);
  if (!taken) return taken;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    // What is shared between outputs gets further links, which move its stamp.
    if (entries[i].kind != store::TreeEntryKind::File || entries[i].fixed) continue;
    out.known.emplace_back(
        join_path(item.path, entries[i].path),
        store::Known{listing->stats[i], now, entries[i].content, entries[i].sha});
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

}  // namespace devgraph::exec
