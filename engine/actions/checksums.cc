#include <map>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

/// checksums(files): a line each, sorted by name, in the format of coreutils' sha256sum.
Status run_checksums(const Context& context) {
  std::map<std::string, std::string> lines;
  for (const InputId input : inputs_arg(context, "files")) {
    const std::string name(base_name(input_name(context, input)));
    if (name.find_first_of("\n\r\\") != std::string::npos) {
      return fail(fmt::format("`{}` has a name that a list of checksums cannot hold plainly",
                              printable(name)));
    }
    const Result<FileHash> hash = context.files.hash(context.path_of(input), true);
    if (!hash) return std::unexpected(hash.error());
    const std::optional<Sha256>& digest = hash->sha;
    if (!digest) return fail(fmt::format("{} has no digest", printable(name)));
    if (!lines.emplace(name, hex(*digest)).second) {
      return fail(fmt::format("two files are called `{}`", printable(name)));
    }
  }
  std::string text;
  for (const auto& [name, digest] : lines)
    text += fmt::format("{}  {}\n", digest, name);
  return context.files.write(context.out_path(0), text, 0644, false);
}

}  // namespace devgraph::actions
