#pragma once
/// Contents by their SHA-256: small ones in one pack, big ones a file each. What is read out is
/// verified, so a damaged blob is a missing blob. docs/reference/state-formats.md, "CAS".

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/files.h"
#include "engine/store/log_file.h"

namespace devgraph::store {

/// Up to this size a blob goes into the pack.
inline constexpr std::uint64_t kPackedBlob = std::uint64_t{64} * 1024;

/// All members may be called from several threads at once.
class Cas {
  friend class Collector;  // collector.h drops contents.

 public:
  /// Opens lazily: a build that stores and restores nothing reads nothing.
  Cas(Files& files, const std::string& state_folder);

  bool has(const Sha256& name);
  /// Buffers a small blob; `flush` writes it.
  void put_small(const Sha256& name, std::string_view bytes);
  /// The same for many at once; what is much is written right away. The bytes are one behind the
  /// other in `bytes`.
  struct Small {
    Sha256 name;
    std::uint32_t size = 0;
  };
  Status put_many(std::span<const Small> blobs, std::string_view bytes);
  /// Copies a file in, by reflink where the file system can, unless it is there.
  Status put_file(const Sha256& name, const std::string& path);
  /// The same for one that is in memory and too large for the pack.
  Status put_large(const Sha256& name, std::string_view bytes);
  /// Writes what was buffered: the pack first, then its index.
  Status flush();

  /// The bytes of a blob that `put_small` stored, verified; none if it is not there or damaged, in
  /// which case it is forgotten.
  std::optional<std::string> get(const Sha256& name);
  /// Makes a file of a blob where nothing is; false if it is not there or was damaged (then it is
  /// forgotten).
  Result<bool> restore(const Sha256& name, const std::string& path, std::uint32_t mode);

 private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
  };
  struct ShaHash {
    std::size_t operator()(const Sha256& sha) const;
  };
  /// Bytes of the pack, and who keeps them in place.
  struct Packed {
    std::shared_ptr<const MappedFile> owner;
    std::string copy;  // What is not written yet.
    std::string_view bytes;
  };
  // These are called with the mutex held.
  void load();
  void add(const Sha256& name, std::string_view bytes);
  Status write_pack();
  void forget(const Sha256& name);

  /// False if it is not in the pack. Empty bytes of a blob that is not empty: it is lost.
  bool find_packed(const Sha256& name, Packed& found);
  std::string file_of(const Sha256& name) const;
  std::string pack_path() const;
  static std::string pack_entry(std::uint64_t generation);
  static std::string stored_entry(const Sha256& name, const Place& place);
  Result<bool> restore_file(const Sha256& name, const std::string& path, std::uint32_t mode);

  Files& files_;
  std::string folder_;
  std::mutex mutex_;  // Guards all below.
  bool loaded_ = false;
  LogFile index_;
  std::unordered_map<Sha256, Place, ShaHash> places_;
  std::uint64_t generation_ = 0;  // Of the pack: how often it was made anew.
  std::uint64_t pack_size_ = 0;   // With what is buffered.
  std::string unwritten_;         // The last bytes of the pack.
  std::unique_ptr<AppendFile> pack_;
  std::shared_ptr<const MappedFile> mapped_;
};

}  // namespace devgraph::store
