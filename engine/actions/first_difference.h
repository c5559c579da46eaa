#pragma once
/// Where two results of one action begin to differ.

#include <string>

#include "engine/base/files.h"

namespace devgraph::actions {

/// `a` and `b`: absolute paths of two files or folders. In words: `line 3: "x" -> "y"`, `byte 17`;
/// of archives (tar, zip, plain or compressed) the first entry, `entry a/b.txt: time 0 -> 12`; of
/// folders the first path; of OCI layouts the first layer. Empty: they are equal, or cannot be
/// read.
std::string first_difference(Files& files, const std::string& a, const std::string& b);

}  // namespace devgraph::actions
