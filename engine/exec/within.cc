#include "engine/exec/within.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/actions/oci/config.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/child.h"
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
    request.layers = narrowed(all.at("layers").get<std::string>());
    request.scratch = narrowed(all.at("scratch").get<std::string>());
    request.folder = narrowed(all.at("folder").get<std::string>());
    request.network = all.at("network").get<bool>();
    request.bash = texts_of(all.at("bash"));
    request.readable = texts_of(all.at("readable"));
    request.writable = texts_of(all.at("writable"));
    request.environment = texts_of(all.at("environment"));
    request.kept = texts_of(all.at("kept"));
    request.argv = texts_of(all.at("argv"));
    for (const json& layer : all.at("image")) {
      std::vector<std::string> texts = texts_of(layer);
      request.image.push_back({texts.at(0), texts.at(1), texts.at(2)});
    }
    return request;
  } catch (const std::exception&) {
    return fail(fmt::format("{} cannot be read", printable(path)));
  }
}

void set_variable(std::vector<std::string>& variables, const std::string& entry) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string::npos) return;
  const std::string start = entry.substr(0, equals + 1);
  for (std::string& old : variables) {
    if (old.starts_with(start)) {
      old = entry;
      return;
    }
  }
  variables.push_back(entry);
}

/// The image's variables, those of the request over them, and PATH and HOME in any case.
std::vector<std::string> environment_of(const std::string& config_text,
                                        const EnterRequest& request) {
  std::vector<std::string> made = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      ::geteuid() == 0 ? "HOME=/root" : "HOME=/tmp"};
  const json config = json::parse(config_text, nullptr, false);
  if (config.is_object() && config.contains("config") && config["config"].is_object()) {
    const json env = config["config"].value("Env", json::array());
    for (const json& one : env) {
      if (one.is_string()) set_variable(made, one.get<std::string>());
    }
  }
  for (const std::string& one : request.environment)
    set_variable(made, one);
  return made;
}

/// All up to the command, which replaces this process.
Status enter(EnterRequest request) {
  for (const std::string& name : request.kept) {
    if (const char* value = std::getenv(name.c_str()))
      set_variable(request.environment, name + '=' + value);
  }
  DiskFiles files;
  if (Status done = unpack_layers(files, request.image, request.layers); !done) return done;
  if (Status done = mount_image(request); !done) return done;
  return become(request.bash.empty() ? request.argv : bash_command(request), request.environment);
}

/// By a process of its own, which ends at once: what it has unshared is gone then.
Status try_namespaces() {
  const Result<ChildOutput> tried =
      output_of({fmt::format("/proc/{}/exe", ::getpid()), std::string(kEnterWord), ""}, {});
  // A shortage; the command itself will say so.
  if (!tried || tried->status == 0 || tried->status == ChildOutput::kKilled) return {};
  return fail(
      fmt::format("this machine does not let us make namespaces, which it takes to run within an "
                  "image; in a container, start that with --privileged; elsewhere, build as root, "
                  "or allow them to users (sysctl kernel.unprivileged_userns_clone=1): {}",
                  std::generic_category().message(tried->status)),
      kNoEntry);
}

}  // namespace

const Status& can_enter_images() {
  static const Status kCan = try_namespaces();
  return kCan;
}

Status set_image(Files& files, const std::string& layout_path, EnterRequest& request) {
  const auto in_words = [](const Error& error) {
    return fail(fmt::format("cannot run within the image: {}", error.message), error.code);
  };
  const Result<oci::Layout> layout = oci::Layout::open(files, layout_path);
  if (!layout) return in_words(layout.error());
  const Result<oci::FoundImage> image = oci::image_for_here(*layout);
  if (!image) return in_words(image.error());
  Result<std::vector<LayerPlace>> layers = layers_of(*layout, *image);
  if (!layers) return in_words(layers.error());
  request.image = std::move(*layers);
  request.environment = environment_of(image->config, request);
  return {};
}

Status write_request(const EnterRequest& request, const std::string& path) {
  json image = json::array();
  for (const LayerPlace& layer : request.image)
    image.push_back(list_of({layer.name, layer.blob, layer.folder}));
  const json all = {{"image", image},
                    {"layers", widened(request.layers)},
                    {"scratch", widened(request.scratch)},
                    {"folder", widened(request.folder)},
                    {"network", request.network},
                    {"bash", list_of(request.bash)},
                    {"readable", list_of(request.readable)},
                    {"writable", list_of(request.writable)},
                    {"environment", list_of(request.environment)},
                    {"kept", list_of(request.kept)},
                    {"argv", list_of(request.argv)}};
  DiskFiles files;
  return files.write(path, all.dump(), 0600, false);
}

int enter_image(const std::string& request_path) {
  if (request_path.empty()) {
    const Status done = unshare_namespaces(false);
    return done ? 0 : done.error().code;
  }
  Result<EnterRequest> request = read_request(request_path);
  const Status done =
      request ? enter(*std::move(request)) : Status(std::unexpected(request.error()));
  std::fprintf(stderr, "devgraph: cannot run within the image: %s\n",
               done ? "no command" : done.error().message.c_str());
  return kCannotEnter;
}

}  // namespace devgraph::exec
