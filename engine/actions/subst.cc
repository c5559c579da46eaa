#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/actions/natives.h"
#include "engine/base/text.h"

namespace devgraph::actions {

/// subst(file, replace): each pattern in written order, on the result of those before it.
Status run_subst(const Context& context) {
  const std::vector<InputId> files = inputs_arg(context, "file");
  if (files.size() != 1) return fail("`file` is missing: it is left out by `allow_failed`");
  const std::string path = context.path_of(files[0]);
  const std::string name = printable(input_name(context, files[0]));
  Result<std::string> text = context.files.read(path);
  if (!text) return std::unexpected(text.error());
  const Result<FileStat> stat = context.files.stat(path);
  if (!stat) return std::unexpected(stat.error());

  for (const auto& [pattern, value] : map_arg(context, "replace")) {
    RE2::Options options;
    options.set_log_errors(false);
    // Bytes that are no UTF-8 are matched one by one.
    if (!is_valid_utf8(*text)) options.set_encoding(RE2::Options::EncodingLatin1);
    const RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), options);
    const std::string shown = printable(pattern);
    if (!expression.ok()) {
      return fail(fmt::format("`{}` is no regular expression: {}", shown, expression.error()));
    }
    const std::string_view replacement = context.graph.str(StrId{context.graph.value(value).a});
    const re2::StringPiece rewrite(replacement.data(), replacement.size());
    std::string fault;
    if (!expression.CheckRewriteString(rewrite, &fault)) {
      return fail(fmt::format("the text for `{}` cannot be used: {}; write `\\\\` for a backslash",
                              shown, fault));
    }
    if (RE2::GlobalReplace(&*text, expression, rewrite) == 0) {
      return fail(fmt::format("`{}` matches nothing in {}", shown, name));
    }
  }
  return context.files.write(context.out_path(0), *text, stat->executable ? 0755 : 0644, false);
}

}  // namespace devgraph::actions
