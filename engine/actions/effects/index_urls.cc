#include "engine/actions/effects/index_urls.h"

#include <fmt/format.h>

namespace devgraph::actions {

namespace {

constexpr std::string_view kUpload = "upload.pypi.org";
constexpr std::string_view kTest = "test.pypi.org";

}  // namespace

bool is_pypi(const net::Url& upload) {
  return upload.host == kUpload || upload.host == kTest;
}

std::string simple_index_of(const net::Url& upload) {
  if (upload.host == kUpload) return "https://pypi.org/simple/";
  constexpr std::string_view kLegacy = "/legacy";
  std::string root = net::show(upload);
  while (root.ends_with('/'))
    root.pop_back();
  if (root.ends_with(kLegacy)) root.resize(root.size() - kLegacy.size());
  return root + "/simple/";
}

std::string project_url_of(const net::Url& upload, const std::string& page,
                           std::string_view project, std::string_view version) {
  if (!is_pypi(upload)) return page;
  return fmt::format("https://{}/project/{}/{}/", upload.host == kTest ? kTest : "pypi.org",
                     project, version);
}

}  // namespace devgraph::actions
