#include "lang/native_rules.h"

#include <algorithm>
#include <array>

namespace devgraph::lang {

bool can_run(std::string_view rule) {
  static constexpr std::array<std::string_view, 42> kRuns = {
      "run",           "test",          "copy",         "symlink",       "write",
      "subst",         "tar",           "unpack",       "pick",          "merge_json",
      "compress",      "git_clone",     "seed",         "fetch",         "oci_image",
      "image_index",   "image_pull",    "push_hashed",  "image_archive", "image_layout",
      "docker_load",   "dockerfile",    "env_file",     "wheel",         "sdist",
      "package_index", "venv",          "wheel_repack", "image_sbom",    "image_tag",
      "push",          "promote",       "git_tag",      "git_branch",    "copy_to",
      "freeze",        "checksums",     "provenance",   "pypi",          "upload",
      "links",         "github_release"};
  return std::find(kRuns.begin(), kRuns.end(), rule) != kRuns.end();
}

}  // namespace devgraph::lang
