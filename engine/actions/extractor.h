#pragma once
/// Puts the entries of an archive that nobody trusts into a fresh, empty folder, and nowhere else.
///
/// What makes it safe: names are checked before use; a parent folder is opened beneath the root
/// without following links; links are made when everything else is there, so no entry can go
/// through one; and at the end each link is resolved by the kernel, beneath the root.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/fd.h"
#include "engine/base/files.h"

namespace devgraph::actions {

struct ExtractLimits {
  std::uint64_t bytes = std::uint64_t{64} << 30;
  std::uint64_t entries = 4'000'000;
  std::size_t depth = 100;
  std::size_t name = 255;
  std::size_t path = 4096;
};

class Extractor {
 public:
  /// `root`: absolute, exists, empty.
  static Result<Extractor> open(Files& files, const std::string& root, const ExtractLimits& limits);

  /// The entry's name as a path in the root; empty for the root itself. Refuses what leads out.
  Result<std::string> checked_name(std::string_view raw) const;

  Status folder(const std::string& path);
  Status begin_file(const std::string& path, bool executable);
  Status data(std::string_view bytes, std::uint64_t offset);
  Status end_file(std::uint64_t size);  ///< A hole at its end is made.
  Status hard_link(const std::string& path, const std::string& to);
  Status link(const std::string& path, const std::string& target);
  /// Makes and checks the links.
  Status finish();

  std::uint64_t bytes() const { return bytes_; }

 private:
  Extractor(Files& files, std::string root, const ExtractLimits& limits, Fd fd)
      : files_(&files), root_(std::move(root)), limits_(limits), root_fd_(std::move(fd)) {}
  Status claim(const std::string& path, FileKind kind);
  Result<int> parent_of(const std::string& path);
  Status count(std::uint64_t bytes);
  Status make_link(const std::string& path, const std::string& target);
  Status check_link(const std::string& path, const std::string& target) const;

  Files* files_;
  std::string root_;
  ExtractLimits limits_;
  Fd root_fd_;
  std::map<std::string, FileKind> made_;
  std::map<std::string, std::string> links_;
  std::string parent_;  ///< The folder that `parent_fd_` is.
  Fd parent_fd_;
  Fd file_;
  std::string file_path_;
  std::uint64_t file_end_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace devgraph::actions
