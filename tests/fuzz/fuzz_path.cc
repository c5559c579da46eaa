/// Any bytes as a path and as a label value: what is canonical stays so, no way leads out, and a
/// value comes back from its label.

#include <cstdlib>
#include <optional>
#include <string>

#include "engine/base/path.h"
#include "tests/fuzz/target.h"

using namespace devgraph;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto expect = [](bool holds) {
    if (!holds) std::abort();
  };
  if (const std::optional<std::string> path = canonical(text)) {
    expect(canonical(*path) == path);
    expect(!path->starts_with("../") && *path != ".." && path->find("/../") == std::string::npos);
    expect(path->find('\0') == std::string::npos);
    expect(path->starts_with('/') == text.starts_with('/'));
    const std::string parent(parent_path(*path));
    expect(is_within(*path, parent));
    if (!path->empty() && *path != "/") {
      expect(join_path(parent, base_name(*path)) == *path);
      expect(base_name(*path).find('/') == std::string_view::npos);
    }
  }
  expect(unescape_label_value(escape_label_value(text)) == text);
  const std::string component = path_component(text);
  expect(!component.empty() && component != "." && component != ".." && component.size() <= 217);
  expect(component.find('/') == std::string::npos && component.find('\0') == std::string::npos);
  static_cast<void>(unescape_label_value(text));
  return 0;
}
