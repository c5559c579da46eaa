#include "engine/actions/oci/credentials.h"

#include <cstdlib>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using nlohmann::json;

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> config_files() {
  std::vector<std::string> found;
  const std::string home = variable("HOME");
  const auto add = [&](const std::string& folder, const char* file) {
    if (!folder.empty()) found.push_back(join_path(folder, file));
  };
  if (const std::string file = variable("REGISTRY_AUTH_FILE"); !file.empty()) found.push_back(file);
  add(variable("XDG_RUNTIME_DIR"), "containers/auth.json");
  add(home, ".config/containers/auth.json");
  const std::string docker = variable("DOCKER_CONFIG");
  add(docker.empty() && !home.empty() ? home + "/.docker" : docker, "config.json");
  return found;
}

/// Under which names a registry may stand in `auths`.
std::vector<std::string> names_of(const std::string& registry) {
  if (registry == "docker.io") {
    return {"https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"};
  }
  return {registry, "https://" + registry, "http://" + registry, "https://" + registry + "/",
          "http://" + registry + "/"};
}

/// docker's answer to somebody without a login.
bool is_unknown(const std::string& message) {
  return message.find("credentials not found") != std::string::npos;
}

Result<Credentials> from_helper(const std::string& helper, const std::string& name,
                                const RunHelper& run_helper) {
  const Result<std::string> said = run_helper("docker-credential-" + helper, name);
  if (!said) {
    if (is_unknown(said.error().message)) return Credentials{};
    return fail(fmt::format("the credential helper docker-credential-{} failed: {}", helper,
                            said.error().message));
  }
  const json document = json::parse(*said);
  Credentials made{document.at("Username").get<std::string>(),
                   document.at("Secret").get<std::string>(), ""};
  // The helper's way of saying that the secret is a token.
  if (made.user == "<token>") made = {"", "", made.password};
  return made;
}

Credentials from_entry(const json& entry) {
  Credentials made;
  made.identity_token = entry.value("identitytoken", "");
  made.user = entry.value("username", "");
  made.password = entry.value("password", "");
  const std::optional<std::string> both = base64_decoded(entry.value("auth", ""));
  if (!both || both->find(':') == std::string::npos) return made;
  const std::size_t colon = both->find(':');
  made.user = both->substr(0, colon);
  made.password = both->substr(colon + 1);
  while (made.password.ends_with('\0'))
    made.password.pop_back();
  return made;
}

Result<Credentials> from_file(const json& document, const std::string& registry,
                              const RunHelper& run_helper) {
  const std::vector<std::string> names = names_of(registry);
  if (const auto helpers = document.find("credHelpers"); helpers != document.end()) {
    for (const std::string& name : names) {
      const auto helper = helpers->find(name);
      if (helper == helpers->end()) continue;
      return from_helper(helper->get<std::string>(), name, run_helper);
    }
  }
  const auto auths = document.find("auths");
  const std::string store = document.value("credsStore", "");
  for (const std::string& name : names) {
    const bool named = auths != document.end() && auths->contains(name);
    if (named) {
      Credentials found = from_entry(auths->at(name));
      if (!found.is_empty()) return found;
    }
    if (store.empty() || (!named && name != names[0])) continue;
    Result<Credentials> found = from_helper(store, name, run_helper);
    if (!found || !found->is_empty()) return found;
  }
  return Credentials{};
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      made += k <= count ? kLetters[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return made;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  std::string made;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t value = kLetters.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    made += static_cast<char>(bits >> count & 255U);
  }
  return made;
}

Result<Credentials> find_credentials(Files& files, const std::string& registry,
                                     const RunHelper& run_helper) {
  for (const std::string& path : config_files()) {
    const Result<FileStat> stat = files.stat(path);
    if (!stat || !stat->exists()) continue;
    const Result<std::string> text = files.read(path);
    if (!text) return std::unexpected(text.error());
    try {
      Result<Credentials> found = from_file(json::parse(*text), registry, run_helper);
      if (!found || !found->is_empty()) return found;
    } catch (const json::exception&) {
      // Not what it says: that may hold a password.
      return fail(fmt::format("{} does not hold logins as docker writes them", printable(path)));
    }
  }
  return Credentials{};
}

}  // namespace devgraph::oci
