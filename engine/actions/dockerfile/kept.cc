#include "engine/actions/dockerfile/kept.h"

#include <array>
#include <initializer_list>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::string_view kBase = "devgraph/base:";
constexpr std::string_view kBuilt = "devgraph/built:";
constexpr std::size_t kDigits = 16;

std::string digits_of(std::initializer_list<std::string_view> parts) {
  Hasher hasher;
  for (const std::string_view part : parts)
    hasher.field(part);
  return hex(hasher.finish()).substr(0, kDigits);
}

/// What stands before the digits; 0 if nothing does, or too little behind them.
std::size_t stem_length(std::string_view name) {
  for (const std::string_view stem : {kBase, kBuilt}) {
    const bool is_it = name.starts_with(stem) && name.size() >= stem.size() + kDigits + 1 + kDigits;
    if (is_it) return stem.size();
  }
  return 0;
}

/// `-1` and so on, or nothing.
bool is_stage(std::string_view end) {
  if (end.empty()) return true;
  return end.size() > 1 && end[0] == '-' &&
         end.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

std::string workspace_id(Files& files, const std::string& workspace) {
  // Containers may share the number of their image, and machines a name.
  const std::string machine = files.read("/etc/machine-id").value_or("");
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return digits_of({trim(machine), host.data(), workspace});
}

std::string base_name(std::string_view workspace_id, std::string_view label,
                      std::string_view image) {
  return fmt::format("{}{}-{}", kBase, workspace_id, digits_of({label, image}));
}

std::string built_name(std::string_view workspace_id, std::string_view label, std::size_t stage) {
  const std::string name = fmt::format("{}{}-{}", kBuilt, workspace_id, digits_of({label}));
  return stage == 0 ? name : fmt::format("{}-{}", name, stage);
}

bool is_build_name(std::string_view name, std::string_view workspace_id) {
  const std::size_t stem = stem_length(name);
  return stem > 0 && name[stem + kDigits] == '-' && name.substr(stem).starts_with(workspace_id) &&
         is_stage(name.substr(stem + kDigits + 1 + kDigits));
}

std::string without_stage(std::string_view name) {
  if (!is_build_name(name)) return std::string(name);
  return std::string(name.substr(0, stem_length(name) + kDigits + 1 + kDigits));
}

}  // namespace devgraph::actions
