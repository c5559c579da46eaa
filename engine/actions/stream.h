#pragma once
/// A file that is written from front to back in large blocks.

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/files.h"

namespace devgraph::actions {

class OutStream {
 public:
  static Result<OutStream> create(Files& files, const std::string& path);
  Status write(std::string_view bytes);
  Status finish();

 private:
  explicit OutStream(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}
  std::unique_ptr<AppendFile> file_;
  std::string buffer_;
};

}  // namespace devgraph::actions
