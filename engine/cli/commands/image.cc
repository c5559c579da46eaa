#include <optional>

#include <fmt/format.h>

#include "engine/actions/oci/diff.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/image_goal.h"
#include "engine/cli/json.h"

namespace devgraph::cli {
namespace {

struct Side {
  oci::FileSystem system;
  std::string config;
};

/// A folder that is a layout, or a label. None: the fault is in `context.found`.
std::optional<std::string> layout_of(Context& context, const std::string& word) {
  std::string folder = join_path(context.folder, word);
  const Result<FileStat> index = context.files.stat(folder + "/index.json");
  if (index && index->exists()) return folder;
  return find_image(context, word);
}

Result<Side> read_side(Files& files, const std::string& folder) {
  const Result<oci::Layout> layout = oci::Layout::open(files, folder);
  if (!layout) return std::unexpected(layout.error());
  Result<oci::FoundImage> image = oci::image_for_here(*layout);
  if (!image) return std::unexpected(image.error());
  Result<oci::FileSystem> system = oci::file_system(files, *layout, *image);
  if (!system) return std::unexpected(system.error());
  return Side{std::move(*system), std::move(image->config)};
}

std::optional<Side> side_of(Context& context, const std::string& word) {
  const std::optional<std::string> folder = layout_of(context, word);
  if (!folder) return std::nullopt;
  Result<Side> side = read_side(context.files, *folder);
  if (side) return std::move(*side);
  add_fault(context, "E912",
            fmt::format("cannot read the image {}: {}", printable(word), side.error().message));
  return std::nullopt;
}

const char* sign_of(oci::Difference::Kind kind) {
  switch (kind) {
    case oci::Difference::Kind::Added:
      return "+";
    case oci::Difference::Kind::Removed:
      return "-";
    case oci::Difference::Kind::Changed:
      return "~";
  }
  return "";
}

const char* word_of(oci::Difference::Kind kind) {
  switch (kind) {
    case oci::Difference::Kind::Added:
      return "added";
    case oci::Difference::Kind::Removed:
      return "removed";
    case oci::Difference::Kind::Changed:
      return "changed";
  }
  return "";
}

}  // namespace

int image_command(Context& context) {
  const std::vector<std::string>& words = context.options.words;
  if (words[0] != "diff") {
    add_fault(context, "E901",
              fmt::format("`devgraph image {}` is no command; write  devgraph image "
                          "diff A B",
                          printable(words[0])));
    return refuse(context);
  }
  const std::optional<Side> before = side_of(context, words[1]);
  const std::optional<Side> after = side_of(context, words[2]);
  if (!before || !after) return refuse(context);
  const Result<std::vector<oci::Difference>> found =
      oci::differences(before->system, after->system, before->config, after->config);
  if (!found) {
    add_fault(context, "E912", found.error().message);
    return refuse(context);
  }
  Json list = Json::array();
  for (const oci::Difference& one : *found) {
    if (context.options.format == "json") {
      list.push_back({{"what", json_text(one.what)},
                      {"change", word_of(one.kind)},
                      {"words", json_text(one.words)}});
    } else {
      context.console.data(fmt::format("{} {}  {}\n", sign_of(one.kind), one.what, one.words));
    }
  }
  if (context.options.format == "json") context.console.data(dump(list));
  return kExitDone;
}

}  // namespace devgraph::cli
