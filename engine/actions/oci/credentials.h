#pragma once
/// The user's own logins at registries, from where docker and podman keep them.

#include <functional>
#include <string>

#include "engine/base/files.h"

namespace devgraph::oci {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  ///< In place of both: for the token server (docker's name for it).

  bool is_empty() const { return user.empty() && identity_token.empty(); }
};

/// Runs a credential helper: its name, and what it reads on its standard input; what it prints.
using RunHelper =
    std::function<Result<std::string>(const std::string& program, const std::string& input)>;

/// For one registry; empty if the user has none there. Looks into `$REGISTRY_AUTH_FILE`,
/// `$XDG_RUNTIME_DIR/containers/auth.json`, `$HOME/.config/containers/auth.json` and
/// `$DOCKER_CONFIG/config.json` or `$HOME/.docker/config.json`, in this order, and asks the helpers
/// that these name (containers-auth.json(5); docker login, "Credential helpers").
Result<Credentials> find_credentials(Files& files, const std::string& registry,
                                     const RunHelper& run_helper);

std::string base64(std::string_view bytes);
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace devgraph::oci
