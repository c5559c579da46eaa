#pragma once
/// Folders as values: every entry below a folder with its kind, x bit and content, sorted by name.
/// Equal manifests are equal folders. docs/reference/state-formats.md, "Trees".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/store/cas.h"
#include "engine/store/stat_index.h"

namespace devgraph::store {

enum class TreeEntryKind : std::uint8_t { File, Folder, Link };

struct TreeEntry {
  std::string path;  ///< Relative to the folder.
  TreeEntryKind kind = TreeEntryKind::File;
  bool executable = false;
  std::uint64_t size = 0;
  Digest content;      ///< Of a file.
  Sha256 sha;          ///< Of a file.
  std::string target;  ///< Of a link.
  /// Nobody may write it, and that is so wherever it is restored: outputs may share it (twins.h).
  bool fixed = false;
};

struct TreeManifest {
  std::vector<TreeEntry> entries;  ///< Sorted by path, folders before what is in them.
};

/// The entries below a folder with their stats but no digests, links not followed. Error for a
/// fifo, socket or device, naming it. `OpenUp` gives their owner the rights to read files and to
/// read and change folders, without which they could be neither taken nor moved.
struct TreeListing {
  TreeManifest manifest;
  std::vector<FileStat> stats;  ///< By entry; of files only.
};
enum class Modes : std::uint8_t { AsTheyAre, OpenUp };
Result<TreeListing> list_tree(Files& files, const std::string& folder,
                              Modes modes = Modes::AsTheyAre);
/// Gives the owner of one file or folder these rights.
Status open_up(Files& files, const std::string& path, const FileStat& stat);

/// Makes a folder like another one, with all that is in it; links stay links.
Status copy_tree(Files& files, const std::string& from, const std::string& to);

/// What enters keys: names, kinds, x bits, link targets and contents, without SHA-256.
Digest tree_digest(const TreeManifest& tree);

/// The content of one file, as it enters keys: an executable one is another one.
Digest with_mode(const Digest& content, bool executable);

std::string encode_tree(const TreeManifest& tree);
std::optional<TreeManifest> decode_tree(std::string_view bytes);

/// A folder in place with the digests of its files, through the index; without SHA-256. `path` as
/// for look_at. None if there is no folder; error if it holds what cannot be read.
Result<std::optional<TreeManifest>> read_tree(Files& files, StatIndex& index, const Look& look,
                                              std::string_view path);

/// The digest of a folder in place, through the index. The rest as for read_tree.
Result<std::optional<Digest>> digest_tree(Files& files, StatIndex& index, const Look& look,
                                          std::string_view path);

}  // namespace devgraph::store
