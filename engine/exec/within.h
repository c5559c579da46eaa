#pragma once
/// Commands within an image: a file system made of its layers, in which only the declared inputs of
/// the node can be seen beside them.
///
/// The engine starts itself again under a name of its own (kEnterWord). That process unpacks the
/// layers that are not there yet, makes the mounts in a namespace, and becomes the command. So the
/// work is done where the command's time, log and signals are, and ends with them. What the image
/// says is read before: 200 processes that load a parser and a crypto library take a second more.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/base/result.h"

namespace devgraph::exec {

/// The first argument of the process that enters an image; the second is the file with the request.
inline constexpr std::string_view kEnterWord = "--enter-image";

/// The exit status where the image could not be entered.
inline constexpr int kCannotEnter = 125;

/// A layer of an image: as it is in the layout, and unpacked.
struct LayerPlace {
  std::string name;    ///< For messages.
  std::string blob;    ///< Absolute.
  std::string folder;  ///< Its name in EnterRequest::layers.
};

/// Paths are absolute.
struct EnterRequest {
  std::string layers;                 ///< Where unpacked layers are kept, for all images.
  std::string scratch;                ///< A folder for the mounts, on a disk; not seen inside.
  std::string folder;                 ///< Where the command runs.
  bool network = false;               ///< Without it there is only the loopback interface, down.
  std::vector<std::string> readable;  ///< Files and folders, at their own paths.
  std::vector<std::string> writable;
  /// `NAME=value`; set_image puts the image's own variables beneath.
  std::vector<std::string> environment;
  /// Names of variables that the entering process has and the command gets: their values are
  /// secret, and the request is a file.
  std::vector<std::string> kept;
  std::vector<LayerPlace> image;  ///< By set_image; the lowest first.
  std::vector<std::string> argv;
  /// What files_of_bash gave: the first word is `bash`, and means that of this machine, which comes
  /// along, as images need not have one. Empty: the first word is a program of the image.
  std::vector<std::string> bash;
};

/// The bash of this machine: the loader, bash itself, and the libraries that it loads. Absolute.
/// Looked up once.
const Result<std::vector<std::string>>& files_of_bash();

/// The code of the error below; no errno.
inline constexpr int kNoEntry = -1;

/// Whether this machine lets us make the namespaces that it takes; found out once, by trying.
const Status& can_enter_images();

/// Adds what an image consists of and what it says about running it.
Status set_image(Files& files, const std::string& layout, EnterRequest& request);

Status write_request(const EnterRequest& request, const std::string& path);

/// In the process that enters: returns only if that fails, having said why on stderr.
int enter_image(const std::string& request_path);

}  // namespace devgraph::exec
