#pragma once
/// A file system in memory behind `Files`, for tests: its clock is the test's, its calls are
/// counted, and it fails or stops at the call the test chose.
///
/// Paths start at `/`; a relative path means the same as with `/` before it. The root exists.
/// What a test does as "the user" (`put`, `erase`, …) is neither counted nor failed.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"

namespace devgraph {

class MemFiles final : public Files {
 public:
  enum class Call : std::uint8_t {
    Stat,
    Lstat,
    Read,
    ReadLink,
    List,
    Map,
    Hash,
    MakeFolders,
    Write,
    Copy,
    Rename,
    Symlink,
    Chmod,
    Remove,
    RemoveAll,
    OpenAppend,
    Append,
    Sync,
    Clock,
  };
  static constexpr std::size_t kCalls = 19;

  /// Thrown where the process "dies"; nothing that changes the disk happens after it.
  struct Killed {};

  MemFiles();
  ~MemFiles() override;

  // --- time: nanoseconds since 1970; starts at 1,700,000,000 s ---
  std::int64_t now() const;
  void set_now(std::int64_t now_ns);
  void advance(std::int64_t by_ns);
  /// How much each changing call moves the clock before it stamps; 1 ms unless set.
  void set_step(std::int64_t step_ns);
  /// Stamps are rounded down to a multiple of this; 1 unless set.
  void set_grain(std::int64_t grain_ns);

  // --- the user's hand ---
  /// Writes in place as an editor may (the inode stays); makes parent folders.
  void put(const std::string& path, std::string_view bytes);
  /// Replaces by a new inode.
  void replace(const std::string& path, std::string_view bytes);
  void put_link(const std::string& path, const std::string& target);
  void put_folder(const std::string& path);
  void set_mode(const std::string& path, std::uint32_t mode);
  void set_mtime(const std::string& path, std::int64_t mtime_ns);  ///< As utimensat: ctime is now.
  void touch(const std::string& path);
  void erase(const std::string& path);  ///< Files and whole folders.
  /// The content of a file (links followed), or none.
  std::optional<std::string> get(const std::string& path) const;
  bool exists(const std::string& path) const;
  /// Every file, link and empty folder below a folder: path -> content, `-> target`, or `/`.
  /// Executable files have `*` before their content.
  std::map<std::string, std::string> tree(const std::string& folder = "/") const;

  // --- counts ---
  std::uint64_t count(Call call) const;
  std::uint64_t changes() const;  ///< Calls so far that change the disk (sync included).
  void reset_counts();

  // --- faults; `nth` counts from 1, starting now ---
  void fail_nth(Call call, std::uint64_t nth, int code);
  void fail_nth_change(std::uint64_t nth, int code);
  /// Every changing call from the nth on fails, as on a full disk.
  void fail_from_change(std::uint64_t nth, int code);
  /// Throws Killed at the nth changing call: before it does anything, or, when `torn`, halfway
  /// (half of the bytes, half of the files). Later changing calls throw as well.
  void kill_at_change(std::uint64_t nth, bool torn = false);
  void clear_faults();

  enum class Keep : std::uint8_t { All, Synced };
  /// A copy as the next process finds it, without counts and faults. `Synced` is a power cut:
  /// files keep the bytes they had when they were last synced; names are kept.
  std::unique_ptr<MemFiles> clone(Keep keep = Keep::All) const;

  Result<FileStat> stat(const std::string& path) override;
  Result<FileStat> lstat(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<std::vector<FolderEntry>> list(const std::string& folder) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<FileHash> hash(const std::string& path, bool with_sha256) override;
  Status make_folders(const std::string& path) override;
  Status write(const std::string& path, std::string_view bytes, std::uint32_t mode,
               bool durable) override;
  Status copy(const std::string& from, const std::string& to) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status symlink(const std::string& target, const std::string& path) override;
  Status chmod(const std::string& path, std::uint32_t mode) override;
  Status remove(const std::string& path) override;
  Status remove_all(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path,
                                                std::uint64_t keep_bytes) override;
  Result<std::int64_t> clock(const std::string& folder) override;

 private:
  struct Inode;
  struct Place;
  class Append;
  friend class Append;

  std::shared_ptr<Inode> make_inode(FileKind kind, std::uint32_t mode);
  std::int64_t stamp();
  FileStat stat_of(const Inode& inode) const;
  Result<Place> resolve(const char* verb, const std::string& path, bool follow) const;
  Result<Inode*> regular(const char* verb, const std::string& path) const;
  void link(const Place& place, std::shared_ptr<Inode> inode);
  void unlink(const Place& place);
  Place place_for(const std::string& path);
  Inode& file_for(const std::string& path);
  int enter(Call call, bool* torn = nullptr);
  Status append(Inode& inode, const std::string& path, std::string_view bytes);
  Status sync(Inode& inode, const std::string& path);

  mutable std::mutex mutex_;  // Guards everything below.
  std::shared_ptr<Inode> root_;
  std::uint64_t next_inode_ = 2;
  std::int64_t now_;
  std::int64_t step_ = 1'000'000;
  std::int64_t grain_ = 1;
  std::array<std::uint64_t, kCalls> counts_{};
  std::uint64_t changes_ = 0;

  struct Fault {
    std::optional<Call> call;  ///< None: any changing call.
    std::uint64_t left = 0;    ///< Calls until it strikes.
    int code = 0;              ///< 0: kill.
    bool lasting = false;
    bool torn = false;
  };
  std::vector<Fault> faults_;
};

}  // namespace devgraph
