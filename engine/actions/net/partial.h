#pragma once
/// A download that outlives its interruption: the bytes so far in one file, and beside it of which
/// content and from where they are. docs/reference/state-formats.md, "Downloads".

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/digest.h"
#include "engine/base/files.h"

namespace devgraph::net {

class Partial {
 public:
  /// What an earlier run left of the content `want` at `path`; what it left of another is void.
  /// `label`: the node, for people who look into the folder.
  static Result<Partial> open(Files& files, std::string path, const Sha256& want,
                              std::string_view label);

  std::uint64_t size() const { return size_; }
  bool is_from(std::string_view url) const { return source_ == digest_of(url); }
  /// What `If-Range` takes: a strong ETag or a date; empty if the server gave none.
  const std::string& validator() const { return validator_; }

  /// Begins anew, from this place.
  Status restart(std::string_view url, const std::string& validator);
  Status write(std::string_view bytes);
  Status flush();
  /// Of all bytes so far; no more can be written afterwards.
  Sha256 finish();
  /// Moves the file to its place, which ends the download.
  Status move_to(const std::string& place);
  /// Forgets what there is.
  Status drop();

 private:
  Partial(Files& files, std::string path, const Sha256& want, std::string_view label);
  void read_notes();

  Files* files_;
  std::string path_;
  Sha256 want_;
  std::string label_;
  Digest source_;  // Of the URL, which may hold a password.
  std::string validator_;
  std::uint64_t size_ = 0;  // With what is buffered.
  Sha256Hasher hash_;
  std::unique_ptr<AppendFile> file_;
  std::string buffer_;
};

}  // namespace devgraph::net
