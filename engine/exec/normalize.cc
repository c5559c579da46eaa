#include "engine/exec/normalize.h"

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

/// What starts a line comment in files of this name.
std::string_view comment_mark(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  const std::string_view ending = dot == name.npos ? std::string_view() : name.substr(dot + 1);
  for (const std::string_view c : {"c", "cc", "cpp", "cxx", "h", "hh", "hpp", "go", "rs", "js",
                                   "ts", "java", "proto", "swift", "kt"}) {
    if (ending == c) return "//";
  }
  for (const std::string_view sql : {"sql", "lua", "hs"}) {
    if (ending == sql) return "--";
  }
  return "#";
}

}  // namespace

std::string normalize(std::string_view text, std::string_view path, std::string_view filters) {
  bool comments = false, crlf = false, blank = false;
  for (const std::string_view filter : split(filters, ',')) {
    comments = comments || filter == "comments";
    crlf = crlf || filter == "crlf";
    blank = blank || filter == "blank";
  }
  const std::string_view mark = comment_mark(path);
  std::string out;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    const std::string_view line_end = end == text.npos ? "" : "\n";
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (crlf && line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view words = trim(line);
    // `#!` on the first line chooses the program, so it matters.
    const bool interpreter = first && line.starts_with("#!");
    first = false;
    if (comments && !interpreter && words.starts_with(mark)) continue;
    if (blank && words.empty()) continue;
    out.append(line).append(line_end);
  }
  return out;
}

}  // namespace devgraph::exec
