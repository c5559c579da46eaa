#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/pages.h"

namespace devgraph::cli {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

/// `# E203: unknown name` -> `unknown name`
std::string_view title_of(const Page& page) {
  const std::string_view line = page.text.substr(0, page.text.find('\n'));
  const std::size_t colon = line.find(": ");
  return colon == std::string_view::npos ? line : line.substr(colon + 2);
}

}  // namespace

int explain_command(Context& context) {
  if (context.options.words.empty()) {
    for (const Page& page : error_pages())
      context.console.data(fmt::format("{}  {}\n", page.code, title_of(page)));
    return kExitDone;
  }
  const std::string code = upper(context.options.words[0]);
  std::vector<std::string> codes;
  for (const Page& page : error_pages()) {
    codes.emplace_back(page.code);
    if (page.code != code) continue;
    context.console.data(page.text);
    return kExitDone;
  }
  std::vector<std::string> helps = {"`devgraph explain` lists all codes"};
  if (const auto near = nearest(code, codes)) {
    helps.insert(helps.begin(), fmt::format("did you mean  devgraph explain {}", *near));
  }
  return refuse(context, "E914", fmt::format("there is no page on `{}`", printable(code)),
                std::move(helps));
}

}  // namespace devgraph::cli
