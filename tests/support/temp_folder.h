#pragma once
/// A folder on the real disk that is gone at the end of a test.

#include <cassert>
#include <string>

#include <stdlib.h>

#include "engine/base/files.h"

namespace devgraph {

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/devgraph-test-XXXXXX";
    [[maybe_unused]] const char* made = ::mkdtemp(name);
    assert(made);
    path_ = name;
  }
  ~TempFolder() { static_cast<void>(DiskFiles().remove_all(path_)); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace devgraph
