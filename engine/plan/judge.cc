#include "engine/plan/judge.h"

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

namespace devgraph::plan {

bool is_as_made(const store::MadeOutput& made, const OutputNow& now) {
  if (!now.exists || made.kind != now.kind || made.content != now.content) return false;
  return made.kind != store::MadeKind::File || made.executable == now.executable;
}

std::optional<Stale> judge(const std::optional<store::Made>& last, const Digest& key,
                           std::span<const OutputNow> outputs) {
  if (!last) return Stale::NeverBuilt;
  if (last->key() != key || last->output_count() != outputs.size()) return Stale::KeyChanged;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].exists) return Stale::OutputMissing;
    if (!is_as_made(last->output(i), outputs[i])) return Stale::OutputAltered;
  }
  return std::nullopt;
}

std::vector<PartChange> changes(const std::vector<store::KeyPart>& before,
                                const std::vector<store::KeyPart>& now) {
  std::unordered_map<std::string_view, std::string_view> old;
  for (const store::KeyPart& part : before)
    old.emplace(part.name, part.value);
  std::vector<PartChange> found;
  for (const store::KeyPart& part : now) {
    const auto same = old.find(part.name);
    if (same == old.end()) {
      found.push_back({part.name, "", part.value});
      continue;
    }
    if (same->second != part.value) {
      found.push_back({part.name, std::string(same->second), part.value});
    }
    old.erase(same);
  }
  for (const store::KeyPart& part : before) {
    if (old.contains(part.name)) found.push_back({part.name, part.value, ""});
  }
  return found;
}

std::string in_words(const PartChange& change) {
  std::string_view part = change.part;
  if (part.starts_with("input ")) part.remove_prefix(6);
  // The names that holes have in bash are none of the user's.
  if (part.starts_with("argument dg")) return "a value in its script changed";
  if (part == "argument argv") return "its command changed";
  if (change.before.empty()) return fmt::format("{} is new", part);
  if (change.now.empty()) return fmt::format("{} is gone", part);
  return fmt::format("{} changed", part);
}

}  // namespace devgraph::plan
