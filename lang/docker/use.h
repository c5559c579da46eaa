#pragma once
/// What one target of a Dockerfile needs: the stages below it, the images they stand on, and the
/// files of the context that they read.

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/asks.h"
#include "lang/docker/dockerfile.h"

namespace devgraph::lang {

struct DockerTarget {
  std::string stage = {};                        ///< Its name or number; empty: the last one.
  std::map<std::string, std::string> args = {};  ///< Build arguments that are given.
  std::set<std::string> images = {};             ///< Names that mean images given from outside.
  std::string platform = {};                     ///< `linux/arm64/v8`.
  /// What the lock file has for an image that is named without a digest; none: nothing yet.
  std::function<std::optional<std::string>(const std::string&)> locked = {};
};

/// Files of the context that an instruction reads.
struct DockerSource {
  std::string pattern;      ///< As Docker has it, relative to the root; empty: all.
  bool is_literal = true;   ///< Without wildcards.
  bool is_now = true;       ///< Read by this build, not by one of images above (ONBUILD).
  std::uint32_t begin = 0;  ///< Of the instruction.
  std::uint32_t end = 0;
};

struct DockerUse {
  std::string text;  ///< A Dockerfile of the needed stages only; the target is the last of them.
  std::vector<DockerSource> sources;
  std::set<std::string> images;  ///< Of those given, the ones that are needed.
  std::set<std::string> args;    ///< Names that needed instructions declare.
  std::vector<Asked> asks;       ///< Images of registries that are named without a digest.
};

/// An image that is named without a digest is replaced by what it is locked to. Fails where
/// something else would be read from the network without a digest.
std::expected<DockerUse, DockerFault> use_of(const Dockerfile& file, const DockerTarget& target);

/// Names that ARG declares anywhere in the file.
std::set<std::string> declared_args(const Dockerfile& file);
/// What FROM and `--from=` name anywhere in the file; what variables hide is not among it.
std::set<std::string> named_images(const Dockerfile& file, const DockerTarget& target);

/// Build arguments that every Dockerfile takes without ARG: those for proxies.
bool is_predefined_arg(std::string_view name);

}  // namespace devgraph::lang
