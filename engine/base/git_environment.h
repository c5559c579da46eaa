#pragma once
/// What of our own environment git gets, and whatever it starts: hooks, helpers for logins, ssh.

#include <string>
#include <vector>

namespace devgraph {

/// `NAME=value`, sorted: the names of docs/reference/running.md, "git", and those that
/// DEVGRAPH_GIT_VARIABLES names. Unless it does, never what says which
/// repository is meant (GIT_DIR and the like, which git sets for hooks): that is where it is run.
/// It asks nobody, and speaks English.
std::vector<std::string> git_environment();

}  // namespace devgraph
