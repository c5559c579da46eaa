/// Which repository of which server a release on GitHub belongs to.

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/effects/git_remote.h"
#include "engine/actions/effects/github_page.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::string_view kGithub = "api.github.com";

/// A repository as a remote of git names it.
struct Remote {
  std::string host;  ///< With a port where one is written.
  std::string path;  ///< `OWNER/NAME`
};

/// `https://HOST/OWNER/NAME.git`, `ssh://git@HOST/OWNER/NAME`, `git@HOST:OWNER/NAME`.
Remote remote_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  std::size_t end = url.find('/');
  // Without a scheme a colon ends the host.
  if (scheme == std::string_view::npos) end = url.find(':');
  if (end == std::string_view::npos) return {};
  std::string_view host = url.substr(0, end);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos)
    host.remove_prefix(at + 1);
  std::string_view path = url.substr(end + 1);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  while (path.starts_with('/'))
    path.remove_prefix(1);
  return {std::string(host), std::string(path)};
}

bool is_repo(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return false;
  const std::string_view name = text.substr(slash + 1);
  return std::ranges::all_of(text.substr(0, slash), is_plain) &&
         std::ranges::all_of(name, is_plain) && name != "." && name != "..";
}

/// The host that people see: that of the API without `api.`.
std::string web_host(const net::Url& api) {
  return api.host.starts_with("api.") ? api.host.substr(4) : api.host;
}

Result<std::string> repo_of_origin(const Context& context, const net::Url& api) {
  Git git(context);
  const Result<std::string> url = git({"remote", "get-url", "origin"});
  if (!url) {
    return fail(
        "`repo` is not given, and git has no remote `origin`: write  repo = \"OWNER/NAME\"");
  }
  const Remote remote = remote_of(trim(*url));
  const std::string web = web_host(api);
  // GitHub takes SSH on port 443 at a host of its own.
  const bool is_there = remote.host == web || remote.host == fmt::format("ssh.{}:443", web);
  if (is_there && is_repo(remote.path)) return remote.path;
  return fail(
      fmt::format("`repo` is not given, and the remote `origin` is no repository of {}: write  "
                  "repo = \"OWNER/NAME\"",
                  web));
}

}  // namespace

bool is_github(const GithubPlace& place) {
  return place.api.host == kGithub;
}

Result<GithubPlace> github_server(const Context& context) {
  GithubPlace place;
  Result<net::Url> api = sending_url("api", string_arg(context, "api"));
  if (!api) return std::unexpected(api.error());
  place.api = *std::move(api);
  place.web = fmt::format("{}://{}", place.api.scheme, web_host(place.api));
  place.tag = string_arg(context, "tag");
  place.login.secret = secret_arg(context, "token").value_or(std::string_view());
  return place;
}

Result<GithubPlace> github_place(const Context& context) {
  Result<GithubPlace> place = github_server(context);
  if (!place) return place;
  if (place->tag.empty()) return fail("`tag` is empty");
  const std::optional<std::string_view> repo = optional_string(context, "repo");
  if (!repo) {
    Result<std::string> found = repo_of_origin(context, place->api);
    if (!found) return std::unexpected(found.error());
    place->repo = *std::move(found);
    return place;
  }
  if (!is_repo(*repo)) {
    return fail(fmt::format("`repo` is `{}`, and not of the form OWNER/NAME", printable(*repo)));
  }
  place->repo = *repo;
  return place;
}

}  // namespace devgraph::actions
