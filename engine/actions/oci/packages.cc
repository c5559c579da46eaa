#include "engine/actions/oci/packages.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/oci/diff.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using nlohmann::json;

bool is_record(const actions::TarItem& item) {
  const std::string_view path = item.path;
  if (item.type != '0') return false;
  if (path == "var/lib/dpkg/status" || path == "lib/apk/db/installed" ||
      path == "usr/lib/os-release" || path == "etc/os-release")
    return true;
  if (path.starts_with("var/lib/dpkg/status.d/")) return !path.ends_with(".md5sums");
  if (path.ends_with(".dist-info/METADATA") || path.ends_with(".egg-info/PKG-INFO")) return true;
  return path.ends_with("/package.json") && path.find("node_modules/") != std::string_view::npos;
}

/// `Name: value` lines up to an empty one; indented lines go on with the value before.
using Fields = std::map<std::string, std::string, std::less<>>;
std::vector<Fields> paragraphs(std::string_view text, char separator) {
  std::vector<Fields> made(1);
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (!made.back().empty()) made.emplace_back();
      continue;
    }
    const std::size_t at = line.find(separator);
    if (line[0] == ' ' || line[0] == '\t' || at == std::string_view::npos) continue;
    made.back().try_emplace(std::string(line.substr(0, at)), trim(line.substr(at + 1)));
  }
  return made;
}

std::string field(const Fields& fields, std::string_view name) {
  const auto held = fields.find(name);
  return held == fields.end() ? std::string() : held->second;
}

/// A part of a package URL.
std::string encoded(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '~';
    made += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return made;
}

class Finder {
 public:
  explicit Finder(const FileSystem& system) : system_(system) { find_system(); }

  std::vector<Package> all() {
    for (const auto& [path, item] : system_)
      if (is_record(item)) look_at(path, item.text);
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  void find_system() {
    for (const char* path : {"usr/lib/os-release", "etc/os-release"}) {
      const auto held = system_.find(path);
      if (held == system_.end() || held->second.text.empty()) continue;
      std::string id = field(paragraphs(held->second.text, '=')[0], "ID");
      std::erase(id, '"');
      if (!id.empty()) system_id_ = id;
    }
  }
  void look_at(const std::string& path, std::string_view text) {
    if (path.starts_with("var/lib/dpkg/")) return debian(path, text);
    if (path == "lib/apk/db/installed") return alpine(path, text);
    if (path.ends_with(".json")) return npm(path, text);
    if (path.ends_with("METADATA") || path.ends_with("PKG-INFO")) python(path, text);
  }
  void add(Package package) {
    if (!package.name.empty() && !package.version.empty()) found_.push_back(std::move(package));
  }
  void debian(const std::string& path, std::string_view text) {
    for (const Fields& one : paragraphs(text, ':')) {
      const std::string status = field(one, "Status");
      // What was removed may have left its configuration; images without dpkg have no status.
      if (!status.empty() && !status.ends_with(" installed")) continue;
      const std::string name = field(one, "Package");
      const std::string version = field(one, "Version");
      add({name,
           version,
           {},
           fmt::format("pkg:deb/{}/{}@{}?arch={}", system_id_.empty() ? "debian" : system_id_,
                       encoded(name), encoded(version), encoded(field(one, "Architecture"))),
           path});
    }
  }
  void alpine(const std::string& path, std::string_view text) {
    for (const Fields& one : paragraphs(text, ':')) {
      const std::string name = field(one, "P");
      const std::string version = field(one, "V");
      add({name, version, field(one, "L"),
           fmt::format("pkg:apk/{}/{}@{}?arch={}", system_id_.empty() ? "alpine" : system_id_,
                       encoded(name), encoded(version), encoded(field(one, "A"))),
           path});
    }
  }
  void python(const std::string& path, std::string_view text) {
    const Fields fields = paragraphs(text, ':')[0];
    const std::string name = field(fields, "Name");
    const std::string version = field(fields, "Version");
    const std::string expression = field(fields, "License-Expression");
    add({name, version, expression.empty() ? field(fields, "License") : expression,
         fmt::format("pkg:pypi/{}@{}", encoded(normal_python_name(name).value_or(name)),
                     encoded(version)),
         path});
  }
  void npm(const std::string& path, std::string_view text) {
    const json all = json::parse(text, nullptr, false);
    if (!all.is_object()) return;
    const auto text_of = [&](const char* key) {
      const auto held = all.find(key);
      return held != all.end() && held->is_string() ? held->get<std::string>() : std::string();
    };
    const std::string name = text_of("name");
    std::string purl = "pkg:npm/";
    const std::size_t slash = name.find('/');
    purl += slash == std::string::npos
                ? encoded(name)
                : encoded(name.substr(0, slash)) + '/' + encoded(name.substr(slash + 1));
    add({name, text_of("version"), text_of("license"), purl + '@' + encoded(text_of("version")),
         path});
  }

  const FileSystem& system_;
  std::string system_id_;
  std::vector<Package> found_;
};

}  // namespace

Result<std::vector<Package>> packages_of(Files& files, const Layout& layout,
                                         const FoundImage& image) {
  const Result<FileSystem> system = file_system(files, layout, image, is_record);
  if (!system) return std::unexpected(system.error());
  return Finder(*system).all();
}

}  // namespace devgraph::oci
