#include "engine/base/git_environment.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/text.h"

extern char** environ;

namespace devgraph {
namespace {

constexpr std::array<std::string_view, 36> kNames = {
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "EMAIL",
    // Where git and gpg have their settings, and gpg and ssh their agents.
    "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK",
    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE",
    "GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_EXEC_PATH",
    "GIT_ALLOW_PROTOCOL",
    // How servers are reached and known.
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
    "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_NO_VERIFY", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "GIT_PROXY_COMMAND"};
constexpr std::array<std::string_view, 3> kPrefixes = {"GIT_CONFIG", "GIT_AUTHOR_",
                                                       "GIT_COMMITTER_"};

/// Names what else git gets, such as the token that a helper for logins reads.
constexpr std::string_view kMore = "DEVGRAPH_GIT_VARIABLES=";

std::vector<std::string_view> entries() {
  std::vector<std::string_view> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    all.emplace_back(*entry);
  return all;
}

bool is_named(std::string_view name, const std::vector<std::string_view>& more) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return std::ranges::find(kNames, name) != kNames.end() ||
         std::ranges::any_of(kPrefixes, begins) || std::ranges::find(more, name) != more.end();
}

}  // namespace

std::vector<std::string> git_environment() {
  std::vector<std::string> all = {"GIT_TERMINAL_PROMPT=0", "LC_ALL=C"};
  const std::vector<std::string_view> given = entries();
  std::vector<std::string_view> more;
  for (const std::string_view text : given) {
    if (text.starts_with(kMore)) more = split(text.substr(kMore.size()), ' ');
  }
  for (const std::string_view text : given) {
    if (is_named(text.substr(0, text.find('=')), more)) all.emplace_back(text);
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace devgraph
