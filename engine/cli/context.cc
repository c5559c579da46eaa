#include "engine/cli/context.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace devgraph::cli {

void add_fault(Context& context, std::string code, std::string message,
               std::vector<std::string> helps) {
  context.found.add({.severity = Severity::Error,
                     .code = std::move(code),
                     .message = std::move(message),
                     .where = std::nullopt,
                     .also = {},
                     .helps = std::move(helps)});
}

int refuse(Context& context) {
  context.found.sort(context.sources);
  context.console.talk(render_text(context.found, context.sources, context.console.talk_color));
  return kExitRefused;
}

int refuse(Context& context, std::string code, std::string message,
           std::vector<std::string> helps) {
  add_fault(context, std::move(code), std::move(message), std::move(helps));
  return refuse(context);
}

std::string working_folder() {
  std::error_code failed;
  const std::filesystem::path folder = std::filesystem::current_path(failed);
  return failed ? std::string("/") : folder.string();
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace devgraph::cli
