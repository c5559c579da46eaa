#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/actions/oci/reference.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::size_t kDigits = 12;

/// `repository:tag` as it is written, for tools look for exactly this text.
Result<std::string> full_name(const Context& context, std::string_view name,
                              const oci::Descriptor& root) {
  std::string text(name);
  if (bool_arg(context, "hashed")) text += hex(root.digest).substr(0, kDigits);
  const Result<oci::Reference> reference = oci::parse_reference(text);
  if (!reference) return std::unexpected(reference.error());
  if (reference->tag.empty() || reference->digest) {
    return fail(fmt::format("`{}` has no tag; write `{}:latest`", printable(text),
                            printable(text.substr(0, text.find('@')))));
  }
  return text;
}

}  // namespace

/// image_tag(image, names, hashed)
Status run_image_tag(const Context& context) {
  const std::optional<InputId> image = oci::image_arg(context, "image");
  if (!image) return fail("`image` is missing: it is left out by `allow_failed`");
  const Result<oci::Layout> from = oci::Layout::open(context.files, context.path_of(*image));
  if (!from) return std::unexpected(from.error());
  const Result<oci::Descriptor> root = oci::root_of(*from);
  if (!root) return std::unexpected(root.error());
  std::vector<std::string> names;
  for (const std::string_view name : strings_arg(context, "names")) {
    Result<std::string> full = full_name(context, name, *root);
    if (!full) return std::unexpected(full.error());
    names.push_back(std::move(*full));
  }
  if (names.empty()) return fail("`names` is empty: nothing would be tagged");
  oci::LayoutWriter writer(context.files, context.out_path(0));
  if (Status done = writer.begin(); !done) return done;
  if (Status done = writer.add_all(*from, *root); !done) return done;
  if (Status done = writer.finish_as(*root, names); !done) return done;
  return oci::write_digest(context, *root);
}

}  // namespace devgraph::actions
