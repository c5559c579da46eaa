#pragma once
/// Docker's ignore files (Dockerfile reference, ".dockerignore files"): not those of git. A pattern
/// is held against the whole path from the root of the context, and the last one that matches wins.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace re2 {
class RE2;
}

namespace devgraph::lang {

class DockerIgnore {
 public:
  /// Error: what is wrong with a line, with its number.
  static Result<DockerIgnore> parse(std::string_view text);

  DockerIgnore();
  DockerIgnore(DockerIgnore&&) noexcept;
  DockerIgnore& operator=(DockerIgnore&&) noexcept;
  DockerIgnore(const DockerIgnore&) = delete;
  DockerIgnore& operator=(const DockerIgnore&) = delete;
  ~DockerIgnore();

  /// Whether a file is left out of the context; `path` is relative to its root. What matches a
  /// folder matches all that is in it.
  bool excludes(std::string_view path);

 private:
  struct Pattern {
    std::unique_ptr<re2::RE2> expression;
    bool takes_back = false;  ///< It began with `!`.
  };
  using Matches = std::vector<bool>;  ///< By pattern.

  const Matches& matches_of_folder(std::string_view folder);
  Matches matches_of(std::string_view path);

  std::vector<Pattern> patterns_;
  std::map<std::string, Matches, std::less<>> folders_;
};

/// The regular expression, for bytes, that a pattern of Docker stands for. `**` is any number of
/// folders where `has_any_depth`, as in ignore files; in COPY it is `*`.
std::string docker_expression(std::string_view pattern, bool has_any_depth);

}  // namespace devgraph::lang
