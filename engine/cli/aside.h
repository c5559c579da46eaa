#pragma once
/// Folders in the state that belong to one command for as long as it takes, without the lock of the
/// state: a kernel lock on the folder tells those in use from those that a kill left.

#include <string>

#include "engine/base/files.h"

namespace devgraph::cli {

/// Makes such a folder; it goes away with the object.
class Aside {
 public:
  /// `kind`: `run` makes `run-Ab12Cd`. `state`: absolute.
  Aside(Files& files, const std::string& state, const std::string& kind);
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  const std::string& folder() const { return folder_; }  ///< Absolute.
  bool is_made() const { return fd_ >= 0; }

 private:
  Files& files_;
  std::string folder_;
  int fd_ = -1;  // Inherited by what the command starts, on purpose.
};

/// True if a process, this one too, holds this file or folder for itself.
bool is_held(const std::string& path);

}  // namespace devgraph::cli
