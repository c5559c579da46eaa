/// The part of staging that is about secrets: values in the environment, files in memory.

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/staging.h"

namespace devgraph::exec {

Result<std::string> Staging::secret(const Value& value) const {
  const std::string_view name = graph_.str(StrId{value.a});
  if (stage_.secrets != nullptr) {
    const auto found = stage_.secrets->find(name);
    if (found != stage_.secrets->end()) return found->second;
  }
  return fail(fmt::format("the secret `{}` was not asked for", printable(name)));
}

/// A variable holds no NUL. The names are kept: within an image, requests are files on a disk.
Result<std::string> Staging::secret_variable(const std::string& name, const Value& value) {
  Result<std::string> text = secret(value);
  if (text && text->find('\0') != std::string::npos) {
    return fail(
        fmt::format("the variable `{}` cannot hold its secret, which has a NUL byte: give "
                    "it as a file, secrets = {{ … }}",
                    printable(name)));
  }
  secret_variables_.push_back(name);
  return text;
}

/// `secrets`: a file each, in a folder that DEVGRAPH_SECRETS names.
Status Staging::add_secret_files() {
  if (graph_.value(node_.secrets).tag != ValueTag::Map) return {};
  const std::span<const Field> fields = graph_.fields(graph_.value(node_.secrets));
  if (fields.empty()) return {};
  if (stage_.secret_folder == nullptr) return fail("there is no folder for its secrets");
  for (const Field& field : fields) {
    const Result<std::string> value = secret(graph_.value(field.value));
    if (!value) return std::unexpected(value.error());
    const Result<std::string> file = stage_.secret_folder->add(graph_.str(field.name), *value);
    if (!file) return std::unexpected(file.error());
  }
  command_.environment.push_back("DEVGRAPH_SECRETS=" + stage_.secret_folder->path());
  return {};
}

}  // namespace devgraph::exec
