#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// A name of the shell (POSIX, XCU 2.5.3).
bool is_shell_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), is_part);
}

/// A text, or the content of a file without a newline at its end.
Result<std::string> value_text(const Context& context, ValueId id) {
  const Value& value = context.graph.value(id);
  if (value.tag == ValueTag::Str) return std::string(context.graph.str(StrId{value.a}));
  Result<std::string> text = context.files.read(context.path_of(InputId{value.a}));
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

}  // namespace

/// env_file(vars): a line `NAME=value` each, in written order, quoted for a shell.
Status run_env_file(const Context& context) {
  std::string lines;
  for (const auto& [name, value] : map_arg(context, "vars")) {
    if (!is_shell_name(name)) {
      return fail(fmt::format("`{}` is no name of a shell's variable: letters, digits and _",
                              printable(name)));
    }
    const Result<std::string> text = value_text(context, value);
    if (!text) return std::unexpected(text.error());
    if (text->find('\0') != std::string::npos) {
      return fail(fmt::format("the value of {} has a NUL byte, which no variable can hold", name));
    }
    lines += fmt::format("{}={}\n", name, shell_word(*text));
  }
  return context.files.write(context.out_path(0), lines, 0644, false);
}

}  // namespace devgraph::actions
