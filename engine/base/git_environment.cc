#include "engine/base/git_environment.h"

#include <algorithm>
#include <array>
#include <string_view>

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

bool is_named(std::string_view name) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return std::ranges::find(kNames, name) != kNames.end() || std::ranges::any_of(kPrefixes, begins);
}

}  // namespace

std::vector<std::string> git_environment() {
  std::vector<std::string> all = {"GIT_TERMINAL_PROMPT=0", "LC_ALL=C"};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (is_named(text.substr(0, text.find('=')))) all.emplace_back(text);
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace devgraph
