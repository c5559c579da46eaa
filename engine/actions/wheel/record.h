#pragma once
/// RECORD, the list of a wheel's files with their hashes.

#include <map>
#include <string>
#include <string_view>

#include "engine/base/digest.h"

namespace devgraph::wheel {

/// `acme/cli.py,sha256=…,123`, the hash in base64 for URLs without padding, the path quoted where
/// CSV wants it.
std::string record_line(std::string_view path, std::string_view bytes);
/// The line of RECORD itself, which has neither.
std::string record_own_line(std::string_view path);
std::string base64_url(const Sha256& digest);
/// By path: `sha256=…`, or empty where a line has no hash.
std::map<std::string, std::string> recorded_hashes(std::string_view record);

}  // namespace devgraph::wheel
