#include "engine/actions/wheel/distribution.h"

#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

Result<FileName> made_of(std::string_view file, std::string_view name, std::string_view version,
                         bool is_wheel) {
  std::optional<std::string> normal = normal_python_name(name);
  std::optional<PythonVersion> parsed = parse_python_version(version);
  if (!normal || !parsed) {
    return fail(fmt::format("`{}` is not named after a package and its version, as in {}",
                            printable(file),
                            is_wheel ? "acme-1.0-py3-none-any.whl" : "acme-1.0.tar.gz"));
  }
  return FileName{std::move(*normal), std::move(*parsed), is_wheel};
}

}  // namespace

Result<FileName> parse_file_name(std::string_view name) {
  constexpr std::string_view kWheel = ".whl";
  if (name.ends_with(kWheel)) {
    const std::string stem(name.substr(0, name.size() - kWheel.size()));
    const std::vector<std::string_view> parts = split(stem, '-');
    // Name, version, perhaps a build number, and three tags.
    const bool is_good = parts.size() == 5 || parts.size() == 6;
    return made_of(name, is_good ? parts[0] : std::string_view(),
                   is_good ? parts[1] : std::string_view(), true);
  }
  for (const std::string_view suffix : {".tar.gz", ".zip"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string_view stem = name.substr(0, name.size() - suffix.size());
    const std::size_t dash = stem.rfind('-');
    if (dash == std::string_view::npos) return made_of(name, {}, {}, false);
    return made_of(name, stem.substr(0, dash), stem.substr(dash + 1), false);
  }
  return fail(fmt::format("`{}` is neither a wheel nor a source distribution", printable(name)));
}

std::vector<std::string> metadata_fields(std::string_view metadata, std::string_view name) {
  std::vector<std::string> found;
  for (std::string_view line : split(metadata, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      found.emplace_back(trim(line.substr(name.size() + 1)));
  }
  return found;
}

std::string metadata_field(std::string_view metadata, std::string_view name) {
  std::vector<std::string> found = metadata_fields(metadata, name);
  return found.empty() ? std::string() : std::move(found[0]);
}

std::string escape_html(std::string_view text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      default:
        made += c;
    }
  }
  return made;
}

}  // namespace devgraph::wheel
