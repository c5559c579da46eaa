#pragma once
/// Secrets of a build: which nodes want which, and how they come to a command without a trace.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/fd.h"
#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// By name. They are in no key, file, log or error; only in the environment, the standard input or
/// the folder in memory of the nodes that were given them.
using SecretValues = std::map<std::string, std::string, std::less<>>;

struct WantedSecret {
  std::string name;
  NodeId by{};  ///< The first node that wants it.
};

/// Whether a value is a secret, or a list or map that holds one.
bool holds_secret(const Graph& graph, ValueId value);

/// The names of the secrets that a node is given; each once, sorted.
std::vector<std::string> secrets_of(const Graph& graph, NodeId node);

/// Of all these nodes; each once, sorted by name.
std::vector<WantedSecret> wanted_secrets(const Graph& graph, const std::vector<NodeId>& nodes);

/// A folder in memory (tmpfs), for this user alone. It goes with this object; one that a killed
/// build left goes when the next one is made.
class SecretFolder {
 public:
  static Result<std::unique_ptr<SecretFolder>> make();
  ~SecretFolder();
  SecretFolder(const SecretFolder&) = delete;
  SecretFolder& operator=(const SecretFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file of mode 0600; its path.
  Result<std::string> add(std::string_view name, std::string_view value);

 private:
  SecretFolder(std::string path, Fd held);
  std::string path_;
  Fd held_;  // Locked: somebody uses it.
};

}  // namespace devgraph::exec
