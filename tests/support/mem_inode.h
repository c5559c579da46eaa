#pragma once
/// What the parts of MemFiles share: the nodes of its tree.

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/mem_files.h"

namespace devgraph {

/// `cannot VERB PATH: …`, as the real file system says it.
std::unexpected<Error> cannot(const char* verb, const std::string& path, int code);

/// Contents are shared by clones, and never changed while they are.
using Bytes = std::shared_ptr<std::string>;
Bytes empty_bytes();

struct MemFiles::Inode {
  FileKind kind = FileKind::Regular;
  std::uint32_t mode = 0;
  std::uint64_t number = 0;
  std::int64_t mtime = 0;
  std::int64_t ctime = 0;
  Bytes data = empty_bytes();                             ///< Of a file; the target of a link.
  Bytes synced = empty_bytes();                           ///< What a power cut leaves.
  std::map<std::string, std::shared_ptr<Inode>> entries;  ///< Of a folder.

  static std::shared_ptr<Inode> copy(const Inode& from, Keep keep);
};

/// A name in a folder, and what it leads to.
struct MemFiles::Place {
  Inode* folder = nullptr;  ///< Null for the root itself.
  std::string name;
  Inode* inode = nullptr;  ///< Null: nothing of that name.
};

}  // namespace devgraph
