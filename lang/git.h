#pragma once
/// Facts about the git repository of a project. These are the only processes that evaluation
/// starts.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace devgraph::lang {

/// `commit`, `short`, `branch`, `tag`, `dirty` (`true`, `false`), `commit_of` (of `paths`, relative
/// to `folder`). None: the fact does not hold (no branch, no tag).
Result<std::optional<std::string>> git_fact(const std::string& folder, const std::string& fact,
                                            const std::vector<std::string>& paths);

}  // namespace devgraph::lang
