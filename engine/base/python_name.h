#pragma once
/// Names and versions of Python packages in their normal forms, of which file names are made.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace devgraph {

/// The normal form of PEP 503: `Zope.Interface` -> `zope-interface`. None if it is no name.
std::optional<std::string> normal_python_name(std::string_view name);

/// A version of PEP 440. Numbers are decimal digits without leading zeros, of any length.
struct PythonVersion {
  std::string epoch = "0";
  std::vector<std::string> release;
  std::string pre_kind;  ///< `a`, `b`, `rc` or empty.
  std::string pre;
  std::optional<std::string> post;
  std::optional<std::string> dev;
  std::vector<std::string> local;  ///< Lower case.
};

/// Takes all spellings that PEP 440 allows: `v1.0-alpha.1`, `1.0-1`, `1.0+Ubuntu_1`.
std::optional<PythonVersion> parse_python_version(std::string_view text);
/// The canonical text: `1!1.0rc1.post2.dev3+ubuntu.1`.
std::string show(const PythonVersion& version);
/// The order of PEP 440. Trailing zeros of the release do not count.
std::strong_ordering compare(const PythonVersion& a, const PythonVersion& b);

/// The tags of a wheel. Without a platform `py3-none-any`. With one, code for it lies inside:
/// `py3-none-linux_x86_64`, or `cp311-cp311-linux_x86_64` where `python` says 3.11. Several
/// platforms stand between dots; they are sorted. None where one is no platform. Either may be
/// empty.
std::optional<std::string> python_wheel_tag(std::string_view python, std::string_view platform);

/// `acme_tools-1.0` of the normal name `acme-tools`: what the names of wheels and source
/// distributions begin with.
std::string python_file_stem(std::string_view normal_name, std::string_view version);

}  // namespace devgraph
