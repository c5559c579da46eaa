#pragma once
/// Commands within an image: a file system made of its layers, in which only the declared inputs of
/// the node can be seen beside them.
///
/// The engine starts itself again under a name of its own (kEnterWord). That process unpacks the
/// layers that are not there yet, makes the mounts in a namespace, and becomes the command. So the
/// work is done where the command's time, log and signals are, and ends with them.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace devgraph::exec {

/// The first argument of the process that enters an image; the second is the file with the request.
inline constexpr std::string_view kEnterWord = "--enter-image";

/// The exit status where the image could not be entered.
inline constexpr int kCannotEnter = 125;

/// Paths are absolute.
struct EnterRequest {
  std::string layout;                 ///< The image.
  std::string layers;                 ///< Where unpacked layers are kept, for all images.
  std::string scratch;                ///< A folder for the mounts, on a disk; not seen inside.
  std::string folder;                 ///< Where the command runs.
  bool network = false;               ///< Without it there is only the loopback interface, down.
  std::vector<std::string> readable;  ///< Files and folders, at their own paths.
  std::vector<std::string> writable;
  /// `NAME=value` over the image's own variables.
  std::vector<std::string> environment;
  std::vector<std::string> argv;
  /// What files_of_bash gave: the first word is `bash`, and means that of this machine, which comes
  /// along, as images need not have one. Empty: the first word is a program of the image.
  std::vector<std::string> bash;
};

/// The bash of this machine: the loader, bash itself, and the libraries that it loads. Absolute.
/// Looked up once.
const Result<std::vector<std::string>>& files_of_bash();

Status write_request(const EnterRequest& request, const std::string& path);

/// In the process that enters: returns only if that fails, having said why on stderr.
int enter_image(const std::string& request_path);

}  // namespace devgraph::exec
