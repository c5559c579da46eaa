#include "engine/actions/oci/diff.h"

#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/oci/layer.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using actions::TarItem;
using nlohmann::json;

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

Result<std::vector<TarItem>> items_of(Files& files, const std::string& path,
                                      const std::function<bool(const TarItem&)>& keeps) {
  const Result<std::unique_ptr<MappedFile>> file = files.map(path);
  if (!file) return std::unexpected(file.error());
  actions::TarReader reader(keeps);
  const Status done = decompress((*file)->bytes(), std::numeric_limits<std::uint64_t>::max(),
                                 [&](std::string_view block) { return reader.feed(block); });
  if (!done) return std::unexpected(done.error());
  return reader.finish();
}

void erase_below(FileSystem& system, const std::string& folder, bool itself) {
  if (itself) system.erase(folder);
  const std::string start = folder.empty() ? "" : folder + "/";
  auto at = system.lower_bound(start);
  while (at != system.end() && at->first.starts_with(start))
    at = system.erase(at);
}

/// A layer over those below it: first what it takes away, then what it brings.
void apply(FileSystem& system, std::vector<TarItem> layer) {
  for (const TarItem& item : layer) {
    const std::string_view name = base_name(item.path);
    const std::string folder(parent_path(item.path));
    if (name == kOpaque) {
      erase_below(system, folder, false);
    } else if (name.starts_with(kWhiteout)) {
      erase_below(system, join_path(folder, name.substr(kWhiteout.size())), true);
    }
  }
  for (TarItem& item : layer) {
    if (base_name(item.path).starts_with(kWhiteout) || item.path.empty()) continue;
    const auto old = system.find(item.path);
    const bool was_folder = old != system.end() && old->second.type == '5';
    if (was_folder && item.type != '5') erase_below(system, item.path, true);
    system[item.path] = std::move(item);
  }
}

std::string described(const TarItem& item) {
  if (item.type == '0') return fmt::format("{}, mode {:o}", human_size(item.size), item.mode);
  if (item.target.empty()) return std::string(actions::type_words(item.type));
  return fmt::format("{} to {}", actions::type_words(item.type), printable(item.target));
}

void compare_configs(const json& a, const json& b, std::vector<Difference>& found) {
  std::set<std::string> keys;
  for (const json* one : {&a, &b}) {
    for (const auto& [key, value] : one->items())
      keys.insert(key);
  }
  for (const std::string& key : keys) {
    // The layers are what the paths are about.
    if (key == "rootfs" || key == "history") continue;
    const json before = a.value(key, json());
    const json after = b.value(key, json());
    if (before == after) continue;
    if (key == "config" && before.is_object() && after.is_object()) {
      compare_configs(before, after, found);
      continue;
    }
    found.push_back({Difference::Kind::Changed, "config." + key,
                     fmt::format("{} -> {}", printable(before.dump()), printable(after.dump()))});
  }
}

}  // namespace

Result<FileSystem> file_system(Files& files, const Layout& layout, const FoundImage& image,
                               const std::function<bool(const TarItem&)>& keeps) {
  FileSystem system;
  for (const Descriptor& layer : image.manifest.layers) {
    if (is_foreign(layer.media_type)) continue;
    Result<std::vector<TarItem>> items = items_of(files, layout.blob(layer.digest), keeps);
    if (!items) {
      return fail(fmt::format("layer {}: {}", show(layer.digest), items.error().message));
    }
    apply(system, std::move(*items));
  }
  return system;
}

Result<std::vector<Difference>> differences(const FileSystem& before, const FileSystem& after,
                                            const std::string& config_before,
                                            const std::string& config_after) {
  std::vector<Difference> found;
  for (const auto& [path, item] : before) {
    const auto now = after.find(path);
    const std::string what = "/" + printable(path);
    if (now == after.end()) {
      found.push_back({Difference::Kind::Removed, what, described(item)});
    } else if (const std::string words = actions::changes(item, now->second); !words.empty()) {
      found.push_back({Difference::Kind::Changed, what, words});
    }
  }
  for (const auto& [path, item] : after) {
    if (before.contains(path)) continue;
    found.push_back({Difference::Kind::Added, "/" + printable(path), described(item)});
  }
  std::sort(found.begin(), found.end(),
            [](const Difference& a, const Difference& b) { return a.what < b.what; });
  const json a = json::parse(config_before, nullptr, false);
  const json b = json::parse(config_after, nullptr, false);
  if (!a.is_object() || !b.is_object()) return fail("the configuration of an image is no JSON");
  compare_configs(a, b, found);
  return found;
}

}  // namespace devgraph::oci
