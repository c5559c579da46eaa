#pragma once
/// Facts about the git repository of a project. These are the only processes that evaluation
/// starts.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace devgraph::lang {

/// What `commit_of` fails with where the history that is here ends too early.
inline constexpr std::string_view kShallowHistory =
    "this clone is shallow: its history ends before that of these files";

/// `commit`, `short`, `branch`, `tag`, `dirty` (`true`, `false`), `commit_of` (of `paths`, relative
/// to `folder`), `deleted` (files of the last commit that are gone, relative to `folder`, a NUL
/// behind each). None: the fact does not hold (no branch, no tag).
Result<std::optional<std::string>> git_fact(const std::string& folder, const std::string& fact,
                                            const std::vector<std::string>& paths);

}  // namespace devgraph::lang
