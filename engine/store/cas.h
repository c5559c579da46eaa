#pragma once
/// Contents by their SHA-256: small ones in one pack, big ones a file each. What is read out is
/// verified, so a damaged blob is a missing blob. docs/reference/state-formats.md, "CAS".

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/files.h"
#include "engine/store/log_file.h"

namespace devgraph::store {

/// Up to this size a blob goes into the pack.
inline constexpr std::uint64_t kPackedBlob = std::uint64_t{64} * 1024;

class Cas {
 public:
  /// Opens lazily: a build that stores and restores nothing reads nothing.
  Cas(Files& files, const std::string& state_folder);

  bool has(const Sha256& name);
  /// Buffers a small blob; `flush` writes it.
  void put_small(const Sha256& name, std::string_view bytes);
  /// Copies a file in, by reflink where the file system can, unless it is there.
  /// This and `put_large` may be called from any thread; the others only from one.
  Status put_file(const Sha256& name, const std::string& path);
  /// The same for one that is in memory and too large for the pack.
  Status put_large(const Sha256& name, std::string_view bytes);
  /// Writes what was buffered: the pack first, then its index.
  Status flush();

  /// The bytes of a blob that `put_small` stored, verified; none if it is not there or damaged, in
  /// which case it is forgotten.
  std::optional<std::string> get(const Sha256& name);
  /// Makes a new file of a blob; false if it is not there or was damaged (then it is forgotten).
  Result<bool> restore(const Sha256& name, const std::string& path, std::uint32_t mode);

 private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
  };
  struct ShaHash {
    std::size_t operator()(const Sha256& sha) const;
  };
  void load();
  void forget(const Sha256& name);
  std::string file_of(const Sha256& name) const;
  Result<bool> restore_file(const Sha256& name, const std::string& path, std::uint32_t mode);

  Files& files_;
  std::string folder_;
  bool loaded_ = false;
  LogFile index_;
  std::unordered_map<Sha256, Place, ShaHash> places_;
  std::uint64_t pack_size_ = 0;  // With what is buffered.
  std::string unwritten_;        // The last bytes of the pack.
  std::unique_ptr<AppendFile> pack_;
  std::unique_ptr<MappedFile> mapped_;
  std::mutex big_mutex_;  // Guards the making of big blobs.
};

}  // namespace devgraph::store
