#pragma once
/// ARG and ENV of a Dockerfile (Dockerfile reference, "Environment replacement").

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/docker/dockerfile.h"

namespace devgraph::lang {

/// What is known of variables at one place. None: it has a value, but only the engine knows it.
class DockerVariables {
 public:
  void set(std::string name, std::optional<std::string> value) {
    values_[std::move(name)] = std::move(value);
  }
  bool has(std::string_view name) const { return values_.contains(name); }
  /// A word without quotes, `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` replaced. None
  /// if that needs what is not known.
  std::optional<std::string> expand(std::string_view word) const;
  /// What a name stands for: the outer one is none if it was never set.
  std::optional<std::optional<std::string>> find(std::string_view name) const;

 private:
  std::optional<std::string> reference(std::string_view& rest) const;
  std::optional<std::string> braces(std::string_view inner) const;

  std::map<std::string, std::optional<std::string>, std::less<>> values_;
};

/// The names and defaults of an ARG, or the names and values of an ENV.
struct DockerAssignment {
  std::string name;
  std::optional<std::string> value;  ///< As written; none for `ARG name`.
};
std::vector<DockerAssignment> assignments_of(const DockerInstruction& instruction);

}  // namespace devgraph::lang
