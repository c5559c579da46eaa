#include "engine/actions/oci/config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using nlohmann::json;

struct Wrong {
  std::string message;
};

json& object_at(json& parent, const char* key) {
  json& found = parent[key];
  if (found.is_null()) found = json::object();
  if (!found.is_object()) throw Wrong{fmt::format("`{}` of the base's configuration", key)};
  return found;
}

json& list_at(json& parent, const char* key) {
  json& found = parent[key];
  if (found.is_null()) found = json::array();
  if (!found.is_array()) throw Wrong{fmt::format("`{}` of the base's configuration", key)};
  return found;
}

void set_variables(json& config, const ConfigChange::Pairs& variables) {
  if (variables.empty()) return;
  json& env = list_at(config, "Env");
  for (const auto& [name, value] : variables) {
    const std::string start = name + "=";
    const auto same = std::find_if(env.begin(), env.end(), [&](const json& one) {
      return one.is_string() && one.get_ref<const std::string&>().starts_with(start);
    });
    if (same != env.end()) {
      *same = start + value;
    } else {
      env.push_back(start + value);
    }
  }
}

/// `8080` -> `8080/tcp`; ranges and words are refused.
std::string port_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view digits = text.substr(0, slash);
  const std::string_view protocol =
      slash == std::string_view::npos ? "tcp" : text.substr(slash + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool good = error == std::errc() && end == digits.data() + digits.size() && number > 0 &&
                    number < 65536 &&
                    (protocol == "tcp" || protocol == "udp" || protocol == "sctp");
  if (!good) {
    throw Wrong{fmt::format("`{}` in `ports`: write a port as 8080 or 53/udp", printable(text))};
  }
  return fmt::format("{}/{}", number, protocol);
}

void apply(json& config, const ConfigChange& change) {
  if (change.user) config["User"] = *change.user;
  if (change.workdir) {
    if (!change.workdir->starts_with('/')) {
      throw Wrong{
          fmt::format("`workdir` `{}`: it has to begin with /", printable(*change.workdir))};
    }
    config["WorkingDir"] = *change.workdir;
  }
  if (change.entrypoint) {
    config["Entrypoint"] = *change.entrypoint;
    if (!change.cmd) config.erase("Cmd");
  }
  if (change.cmd) config["Cmd"] = *change.cmd;
  set_variables(config, change.env);
  for (const auto& [name, value] : change.labels)
    object_at(config, "Labels")[name] = value;
  for (const std::string& port : change.ports)
    object_at(config, "ExposedPorts")[port_of(port)] = json::object();
  for (const std::string& volume : change.volumes) {
    if (!volume.starts_with('/')) {
      throw Wrong{fmt::format("`volumes` `{}`: it has to begin with /", printable(volume))};
    }
    object_at(config, "Volumes")[volume] = json::object();
  }
}

/// Nobody could run an image whose base is made for another processor.
void check_base(const json& base, const Platform& platform) {
  const auto text = [&](const char* key) {
    const auto found = base.find(key);
    return found != base.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const Platform below{text("os"), text("architecture"), text("variant")};
  if (below.os.empty() || below.architecture.empty() || fits(below, platform)) return;
  throw Wrong{
      fmt::format("the base image is for {}, not for {}", printable(show(below)), show(platform))};
}

json with_layers(json document, std::span<const AddedLayer> layers) {
  json& rootfs = object_at(document, "rootfs");
  rootfs["type"] = "layers";
  json& diff_ids = list_at(rootfs, "diff_ids");
  json& history = list_at(document, "history");
  for (const AddedLayer& layer : layers) {
    diff_ids.push_back(show(layer.diff_id));
    history.push_back({{"created", kSourceDateText}, {"created_by", layer.created_by}});
  }
  if (history.empty()) document.erase("history");
  return document;
}

}  // namespace

Result<std::string> make_config(std::string_view base, const Platform& platform,
                                const ConfigChange& change, std::span<const AddedLayer> layers) {
  try {
    json document = base.empty() ? json::object() : json::parse(base);
    if (!document.is_object()) throw Wrong{"the base's configuration is no object"};
    check_base(document, platform);
    // Docker's own record of the container that a build step ran in: not of this image.
    document.erase("container");
    document.erase("container_config");
    document["created"] = kSourceDateText;
    document["os"] = platform.os;
    document["architecture"] = platform.architecture;
    if (!platform.variant.empty()) document["variant"] = platform.variant;
    apply(object_at(document, "config"), change);
    if (document["config"].empty()) document.erase("config");
    return with_layers(std::move(document), layers).dump();
  } catch (const Wrong& wrong) {
    return fail(wrong.message);
  } catch (const json::parse_error&) {
    return fail("the base's configuration is no JSON");
  } catch (const json::exception&) {
    return fail("a text of the image's configuration is not UTF-8");
  }
}

namespace {

/// The fields of `config` that speak of the image, and not of the container it was built in:
/// image-spec, config.md, and those of Docker that all engines keep.
constexpr std::array<const char*, 13> kConfigFields = {
    "User",   "ExposedPorts", "Env",     "Entrypoint",  "Cmd",         "Volumes", "WorkingDir",
    "Labels", "StopSignal",   "OnBuild", "Healthcheck", "ArgsEscaped", "Shell"};

json settled_fields(const json& fields) {
  json made = json::object();
  for (const char* name : kConfigFields) {
    const auto found = fields.find(name);
    if (found == fields.end() || found->is_null()) continue;
    const bool is_nothing = (found->is_structured() && found->empty()) ||
                            (found->is_string() && found->get_ref<const std::string&>().empty()) ||
                            *found == json(false);
    if (!is_nothing) made[name] = *found;
  }
  return made;
}

constexpr std::string_view kMark = "devgraph upon ";

/// A step that is there for the engine only: a mark, or the workspace's label.
bool is_our_step(const json& step) {
  if (!step.is_object()) return false;
  const std::string made_by = step.value("created_by", "");
  return made_by.starts_with(kMark) || (made_by.find("LABEL") != std::string::npos &&
                                        made_by.find(kWorkspaceLabel) != std::string::npos);
}

}  // namespace

Result<std::string> marked_config(std::string_view config, std::string_view mark) {
  try {
    json document = json::parse(config);
    if (!document.is_object()) return fail("no object");
    json& history = list_at(document, "history");
    if (history.empty()) {
      for (std::size_t i = 0; i < list_at(object_at(document, "rootfs"), "diff_ids").size(); ++i)
        history.push_back({{"created", kSourceDateText}});
    }
    history.push_back({{"created", kSourceDateText},
                       {"created_by", std::string(kMark).append(mark)},
                       {"empty_layer", true}});
    return document.dump();
  } catch (const Wrong& wrong) {
    return fail(wrong.message);
  } catch (const json::exception&) {
    return fail("the configuration of an image is damaged");
  }
}

Result<std::string> labelled_config(std::string_view config, std::string_view workspace) {
  try {
    json document = json::parse(config);
    if (!document.is_object()) return fail("no object");
    json& labels = object_at(object_at(document, "config"), "Labels");
    labels[std::string(kWorkspaceLabel)] = workspace;
    return document.dump();
  } catch (const Wrong& wrong) {
    return fail(wrong.message);
  } catch (const json::exception&) {
    return fail("the configuration of an image is damaged");
  }
}

Result<std::string> settled_config(std::string_view built, std::string_view base) {
  try {
    json document = json::parse(built);
    const json below = base.empty() ? json::object() : json::parse(base);
    if (!document.is_object() || !below.is_object()) return fail("no object");
    for (const char* key : {"container", "container_config", "docker_version", "id", "parent"})
      document.erase(key);
    document["created"] = kSourceDateText;
    json& fields = object_at(document, "config");
    object_at(fields, "Labels").erase(std::string(kWorkspaceLabel));
    fields = settled_fields(fields);
    if (fields.empty()) document.erase("config");
    json& history = list_at(document, "history");
    std::erase_if(history.get_ref<json::array_t&>(), is_our_step);
    const json old = below.value("history", json::array());
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (i < old.size()) {
        history[i] = old[i];
        continue;
      }
      history[i]["created"] = kSourceDateText;
      const std::string comment = history[i].value("comment", "");
      if (comment.starts_with("FROM ") || comment.starts_with("buildkit.")) {
        history[i].erase("comment");
      }
    }
    if (history.empty()) document.erase("history");
    return document.dump();
  } catch (const Wrong& wrong) {
    return fail(wrong.message);
  } catch (const json::exception&) {
    return fail("the configuration that the engine wrote is damaged");
  }
}

Result<ConfigFacts> read_config(std::string_view text) {
  try {
    const json document = json::parse(text);
    ConfigFacts facts;
    facts.platform.os = document.value("os", "");
    facts.platform.architecture = document.value("architecture", "");
    facts.platform.variant = document.value("variant", "");
    for (const json& one : document.at("rootfs").at("diff_ids")) {
      const Result<Sha256> digest = parse_oci_digest(one.get<std::string>());
      if (!digest) return std::unexpected(digest.error());
      facts.diff_ids.push_back(*digest);
    }
    const auto config = document.find("config");
    if (config == document.end() || !config->is_object()) return facts;
    const auto triggers = config->find("OnBuild");
    facts.has_triggers = triggers != config->end() && !triggers->empty();
    const auto folder = config->find("WorkingDir");
    if (folder != config->end() && folder->is_string()) facts.folder = folder->get<std::string>();
    const auto labels = config->find("Labels");
    if (labels == config->end() || !labels->is_object()) return facts;
    for (const auto& [name, value] : labels->items())
      facts.labels.emplace_back(name, value.get<std::string>());
    return facts;
  } catch (const json::exception&) {
    return fail("the configuration of the image is damaged");
  }
}

}  // namespace devgraph::oci
