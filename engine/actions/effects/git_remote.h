#pragma once
/// git as the user has it, for what changes a repository elsewhere.

#include <string>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/program.h"

namespace devgraph::actions {

/// git in the folder of the node's project: with the user's configuration, keys and helpers, but it
/// asks nobody.
class Git {
 public:
  explicit Git(const Context& context);
  /// What it prints; `input` is what it reads.
  Result<std::string> operator()(const std::vector<std::string>& words, std::string input = {});

 private:
  const Context& context_;
  Program program_;
};

/// What a ref of a remote stands for.
struct RemoteRef {
  std::string object;  ///< Empty: it is not there.
  std::string commit;  ///< Behind an annotated tag.
};
Result<RemoteRef> ask_remote(const Context& context, const std::string& remote,
                             const std::string& ref);

}  // namespace devgraph::actions
