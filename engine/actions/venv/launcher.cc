#include "engine/actions/venv/launcher.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

// To a shell the second line is a command that never returns; to Python, the second and third are
// a text that nobody uses.
constexpr std::string_view kHead =
    "#!/bin/sh\n"
    "'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")/python3\" \"$0\" \"$@\"\n"
    "' '''\n";

bool is_dotted_name(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  const std::vector<std::string_view> parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return !part.empty() && (part[0] < '0' || part[0] > '9') &&
           std::all_of(part.begin(), part.end(), is_part);
  });
}

Result<EntryPoint> parsed(std::string_view line) {
  const std::size_t equals = line.find('=');
  const std::size_t colon = line.find(':', equals == std::string_view::npos ? 0 : equals);
  if (equals != std::string_view::npos && colon != std::string_view::npos) {
    // `[extra]` behind it is of no use any more.
    const std::string_view object = line.substr(colon + 1);
    EntryPoint made{std::string(trim(line.substr(0, equals))),
                    std::string(trim(line.substr(equals + 1, colon - equals - 1))),
                    std::string(trim(object.substr(0, object.find('['))))};
    const bool is_file = !made.name.empty() && made.name[0] != '.' &&
                         made.name.find('/') == std::string::npos &&
                         made.name.find('\0') == std::string::npos;
    if (is_file && is_dotted_name(made.module) && is_dotted_name(made.object)) return made;
  }
  return fail(
      fmt::format("its entry_points.txt has a program `{}`, which is not written as in "
                  "name = package.module:function",
                  printable(line)));
}

}  // namespace

Result<std::vector<EntryPoint>> entry_points_of(std::string_view text) {
  std::vector<EntryPoint> made;
  bool is_program = false;
  for (const std::string_view raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      is_program = line == "[console_scripts]" || line == "[gui_scripts]";
      continue;
    }
    if (!is_program) continue;
    Result<EntryPoint> one = parsed(line);
    if (!one) return std::unexpected(one.error());
    made.push_back(std::move(*one));
  }
  return made;
}

std::string launcher_text(const EntryPoint& entry) {
  const std::string first = entry.object.substr(0, entry.object.find('.'));
  return fmt::format(
      "{}import sys\n\nfrom {} import {}\n\nif __name__ == \"__main__\":\n    sys.exit({}())\n",
      kHead, entry.module, first, entry.object);
}

std::string launched_script(std::string_view script) {
  if (!script.starts_with("#!python")) return std::string(script);
  const std::size_t end = script.find('\n');
  return std::string(kHead) +
         std::string(end == std::string_view::npos ? std::string_view() : script.substr(end + 1));
}

}  // namespace devgraph::wheel
