#include "engine/actions/oci/login.h"

#include <cstdlib>

#include <fmt/format.h>

#include "engine/actions/program.h"

namespace devgraph::oci {

namespace {

/// Helpers keep their secrets where the user's session is: they get what they document.
std::vector<std::string> environment() {
  std::vector<std::string> made = {"LC_ALL=C"};
  for (const char* name :
       {"PATH", "HOME", "USER", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "PASSWORD_STORE_DIR", "AWS_PROFILE", "AWS_REGION",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) made.push_back(fmt::format("{}={}", name, value));
  }
  return made;
}

}  // namespace

Result<std::unique_ptr<Registry>> open_registry(const actions::Context& context,
                                                const std::string& host) {
  const RunHelper run_helper = [&](const std::string& name, const std::string& input) {
    actions::Program program;
    program.argv = {name, "get"};
    program.environment = environment();
    program.folder = context.scratch;
    program.input = input;
    program.is_secret = true;
    return actions::run_program(context, program);
  };
  Result<Credentials> credentials = find_credentials(context.files, host, run_helper);
  if (!credentials) return std::unexpected(credentials.error());
  return std::make_unique<Registry>(host, std::move(*credentials),
                                    [&context] { return actions::stopped(context); });
}

}  // namespace devgraph::oci
