#include "engine/exec/within.h"

#include <cerrno>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/actions/oci/config.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/files.h"
#include "engine/base/text.h"
#include "engine/exec/image_layers.h"
#include "engine/exec/image_mounts.h"

namespace devgraph::exec {
namespace {

using nlohmann::json;

// JSON holds text; paths are bytes. Each byte becomes a code point, and back.
std::string widened(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | (byte >> 6U));
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

std::string narrowed(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80 || i + 1 == text.size()) {
      bytes += text[i];
    } else {
      const auto low = static_cast<unsigned char>(text[++i]);
      bytes += static_cast<char>(((byte & 0x03U) << 6U) | (low & 0x3FU));
    }
  }
  return bytes;
}

json list_of(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& text : texts)
    list.push_back(widened(text));
  return list;
}

std::vector<std::string> texts_of(const json& list) {
  std::vector<std::string> texts;
  for (const json& text : list)
    texts.push_back(narrowed(text.get<std::string>()));
  return texts;
}

Result<EnterRequest> read_request(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  try {
    const json all = json::parse(text.str());
    EnterRequest request;
    request.layout = narrowed(all.at("layout").get<std::string>());
    request.layers = narrowed(all.at("layers").get<std::string>());
    request.scratch = narrowed(all.at("scratch").get<std::string>());
    request.folder = narrowed(all.at("folder").get<std::string>());
    request.network = all.at("network").get<bool>();
    request.bash = texts_of(all.at("bash"));
    request.readable = texts_of(all.at("readable"));
    request.writable = texts_of(all.at("writable"));
    request.environment = texts_of(all.at("environment"));
    request.argv = texts_of(all.at("argv"));
    return request;
  } catch (const json::exception&) {
    return fail(fmt::format("{} cannot be read", printable(path)));
  }
}

/// The image's variables, those of the request over them, and PATH and HOME in any case.
std::vector<std::string> environment_of(const oci::FoundImage& image, const EnterRequest& request) {
  std::vector<std::string> made = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      ::geteuid() == 0 ? "HOME=/root" : "HOME=/tmp"};
  const auto set = [&](const std::string& entry) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) return;
    const std::string start = entry.substr(0, equals + 1);
    for (std::string& old : made) {
      if (old.starts_with(start)) {
        old = entry;
        return;
      }
    }
    made.push_back(entry);
  };
  const json config = json::parse(image.config, nullptr, false);
  if (config.is_object() && config.contains("config") && config["config"].is_object()) {
    const json env = config["config"].value("Env", json::array());
    for (const json& one : env) {
      if (one.is_string()) set(one.get<std::string>());
    }
  }
  for (const std::string& one : request.environment)
    set(one);
  return made;
}

/// All up to the command, which replaces this process.
Status enter(const EnterRequest& request) {
  DiskFiles files;
  const Result<oci::Layout> layout = oci::Layout::open(files, request.layout);
  if (!layout) return std::unexpected(layout.error());
  const Result<oci::FoundImage> found = oci::image_for_here(*layout);
  if (!found) return std::unexpected(found.error());
  const oci::FoundImage& image = *found;
  const Result<std::vector<std::string>> layers =
      unpacked_layers(files, *layout, image, request.layers);
  if (!layers) return std::unexpected(layers.error());
  const std::vector<std::string> environment = environment_of(image, request);
  if (Status done = mount_image(request, *layers); !done) return done;
  return become(request.bash.empty() ? request.argv : bash_command(request), environment);
}

}  // namespace

Status write_request(const EnterRequest& request, const std::string& path) {
  const json all = {{"layout", widened(request.layout)},
                    {"layers", widened(request.layers)},
                    {"scratch", widened(request.scratch)},
                    {"folder", widened(request.folder)},
                    {"network", request.network},
                    {"bash", list_of(request.bash)},
                    {"readable", list_of(request.readable)},
                    {"writable", list_of(request.writable)},
                    {"environment", list_of(request.environment)},
                    {"argv", list_of(request.argv)}};
  DiskFiles files;
  return files.write(path, all.dump(), 0600, false);
}

int enter_image(const std::string& request_path) {
  const Result<EnterRequest> request = read_request(request_path);
  const Status done = request ? enter(*request) : Status(std::unexpected(request.error()));
  std::fprintf(stderr, "devgraph: cannot run within the image: %s\n",
               done ? "no command" : done.error().message.c_str());
  return kCannotEnter;
}

}  // namespace devgraph::exec
