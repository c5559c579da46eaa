#pragma once
/// The configuration document of an image (image-spec, config.md): what runs in it, and its
/// history.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/actions/oci/spec.h"

namespace devgraph::oci {

/// What an image says over the one below it. Absent fields are inherited.
struct ConfigChange {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  std::optional<std::string> user;
  std::optional<std::string> workdir;
  /// Setting it drops an inherited `cmd`, whose words were meant for the other entry point.
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  Pairs env;     ///< A name that the base has gets the new value at its old place.
  Pairs labels;  ///< Added to those of the base, over equal names.
  std::vector<std::string> ports;    ///< `8080` or `53/udp`; without a protocol TCP.
  std::vector<std::string> volumes;  ///< Absolute folders.
};

struct AddedLayer {
  Sha256 diff_id;          ///< SHA-256 of the uncompressed archive.
  std::string created_by;  ///< For the history.
};

/// The configuration of an image. `base` is that of the image below or empty; its layers and
/// history come first and are not touched. Everything new is dated 1980-01-01, as the files are.
Result<std::string> make_config(std::string_view base, const Platform& platform,
                                const ConfigChange& change, std::span<const AddedLayer> layers);

/// The configuration of an image that an engine built, without what says when and where that was:
/// every date is 1980-01-01, and comments that name the engine's own images go. `base` is that of
/// the image below or empty: its history stays as it is.
Result<std::string> settled_config(std::string_view built, std::string_view base);

/// The configuration with a step in its history that adds no layer. Engines compare histories, and
/// nothing else of an image, when they look whether they have done a step before.
/// `settled_config` takes it out again.
Result<std::string> marked_config(std::string_view config, std::string_view mark);

/// The label of what a build keeps in an engine; its value is the workspace. Images that are made
/// upon it have it too; `settled_config` takes it out, with the step that set it.
inline constexpr std::string_view kWorkspaceLabel = "dev.devgraph.workspace";
Result<std::string> labelled_config(std::string_view config, std::string_view workspace);

/// What one document says.
struct ConfigFacts {
  Platform platform;
  std::vector<Sha256> diff_ids;
  std::vector<std::pair<std::string, std::string>> labels;
  bool has_triggers = false;  ///< ONBUILD instructions.
  std::string folder;         ///< Where its commands start; may be empty.
};
Result<ConfigFacts> read_config(std::string_view text);

}  // namespace devgraph::oci
