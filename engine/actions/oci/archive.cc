#include "engine/actions/oci/archive.h"

#include <limits>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/oci/config.h"
#include "engine/actions/oci/layer.h"
#include "engine/actions/stream.h"
#include "engine/actions/tar_writer.h"
#include "engine/base/path.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using actions::OutStream;
using actions::TarEntry;
using actions::TarWriter;
using nlohmann::json;

/// A member of the archive: text, or a blob's file, which may have to be unpacked.
struct Member {
  std::string text;
  std::string path;
  bool unpack = false;
};

std::string blob_name(const Sha256& digest) {
  return "blobs/sha256/" + hex(digest);
}

Status add_folder(TarWriter& tar, const std::string& path) {
  TarEntry entry;
  entry.kind = TarEntry::Kind::Folder;
  entry.path = path;
  entry.mode = 0755;
  entry.mtime = kSourceDate;
  return tar.begin(entry);
}

Status add_file(TarWriter& tar, const std::string& path, std::string_view bytes) {
  TarEntry entry;
  entry.path = path;
  entry.size = bytes.size();
  entry.mtime = kSourceDate;
  if (Status done = tar.begin(entry); !done) return done;
  if (Status done = tar.data(bytes); !done) return done;
  return tar.end();
}

/// What a compressed layer holds: read twice, as a tar wants the size first.
Status add_unpacked(TarWriter& tar, const std::string& path, std::string_view bytes,
                    const std::function<bool()>& stopped) {
  constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
  TarEntry entry;
  entry.path = path;
  entry.mtime = kSourceDate;
  Status done = decompress(bytes, kNoLimit, [&](std::string_view block) -> Status {
    entry.size += block.size();
    return stopped() ? Status(fail("interrupted")) : Status();
  });
  if (!done) return done;
  if (done = tar.begin(entry); !done) return done;
  done = decompress(bytes, kNoLimit, [&](std::string_view block) { return tar.data(block); });
  if (!done) return done;
  return tar.end();
}

/// docker's own list of what is in the archive (Docker Image Specification v1.2, "Combined Image
/// JSON + Filesystem Changeset Format").
std::string docker_list(const FoundImage& image, const std::vector<Sha256>& diff_ids,
                        const std::vector<std::string>& names) {
  json layers = json::array();
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const Descriptor& layer = image.manifest.layers[i];
    layers.push_back(blob_name(layer.media_type == kZstdType ? diff_ids.at(i) : layer.digest));
  }
  const json one = {
      {"Config", blob_name(image.manifest.config.digest)}, {"Layers", layers}, {"RepoTags", names}};
  return json::array({one}).dump();
}

Result<std::map<std::string, Member>> members_of(const Layout& layout, const FoundImage& image,
                                                 const ArchiveGoal& goal) {
  const Result<ConfigFacts> facts = read_config(image.config);
  if (!facts) return std::unexpected(facts.error());
  if (facts->diff_ids.size() != image.manifest.layers.size()) {
    return fail("the configuration names another number of layers than the manifest");
  }
  std::map<std::string, Member> members;
  const auto add = [&](const Sha256& digest) {
    members[blob_name(digest)] = {"", layout.blob(digest), false};
  };
  add(image.descriptor.digest);
  members[blob_name(image.manifest.config.digest)] = {image.config, "", false};
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const Descriptor& layer = image.manifest.layers[i];
    if (is_foreign(layer.media_type)) {
      return fail(fmt::format("its layer {} is not kept in images but fetched from elsewhere",
                              show(layer.digest)));
    }
    add(layer.digest);
    // Older dockers do not read zstd.
    if (layer.media_type == kZstdType) {
      members[blob_name(facts->diff_ids[i])] = {"", layout.blob(layer.digest), true};
    }
  }
  members["manifest.json"] = {docker_list(image, facts->diff_ids, goal.names), "", false};
  if (goal.is_docker_only) return members;
  Index index;
  index.manifests.push_back(image.descriptor);
  index.manifests[0].annotations["org.opencontainers.image.ref.name"] = "latest";
  Result<std::string> text = to_json(index);
  if (!text) return std::unexpected(text.error());
  members["index.json"] = {std::move(*text), "", false};
  members["oci-layout"] = {R"({"imageLayoutVersion":"1.0.0"})", "", false};
  return members;
}

/// A member of the folder, by the name that a document in it gives; nothing outside of it.
Result<std::string> inside(const std::string& folder, const std::string& name) {
  const std::optional<std::string> path = canonical(name);
  if (path && !path->empty() && !name.starts_with('/')) return join_path(folder, *path);
  return fail(fmt::format("its manifest.json names `{}`, which is not in it", printable(name)));
}

Result<json> docker_entry(Files& files, const std::string& folder) {
  const Result<std::string> text = files.read(folder + "/manifest.json");
  if (!text) return fail("it holds neither index.json nor manifest.json: no image");
  json list = json::parse(*text, nullptr, false);
  const bool good = list.is_array() && !list.empty() && list[0].is_object() &&
                    list[0].contains("Config") && list[0]["Config"].is_string() &&
                    list[0].contains("Layers") && list[0]["Layers"].is_array();
  if (!good) return fail("its manifest.json is not as `docker save` writes it");
  if (list.size() != 1) {
    return fail(fmt::format("it holds {} images; save one at a time", list.size()));
  }
  return std::move(list[0]);
}

}  // namespace

Status write_archive(Files& files, const Layout& layout, const FoundImage& image,
                     const ArchiveGoal& goal) {
  const Result<std::map<std::string, Member>> members = members_of(layout, image, goal);
  if (!members) return std::unexpected(members.error());
  Result<OutStream> out = OutStream::create(files, goal.path);
  if (!out) return std::unexpected(out.error());
  TarWriter tar([&](std::string_view bytes) { return out->write(bytes); });
  for (const char* folder : {"blobs", "blobs/sha256"}) {
    if (Status done = add_folder(tar, folder); !done) return done;
  }
  for (const auto& [name, member] : *members) {
    if (goal.stopped()) return fail("interrupted");
    Status done;
    if (member.path.empty()) {
      done = add_file(tar, name, member.text);
    } else {
      const Result<std::unique_ptr<MappedFile>> file = files.map(member.path);
      if (!file) return std::unexpected(file.error());
      const std::string_view bytes = (*file)->bytes();
      done =
          member.unpack ? add_unpacked(tar, name, bytes, goal.stopped) : add_file(tar, name, bytes);
    }
    if (!done) return done;
  }
  if (Status done = tar.finish(); !done) return done;
  return out->finish();
}

Result<Descriptor> import_docker_archive(Files& files, const std::string& folder,
                                         LayoutWriter& writer,
                                         const std::function<bool()>& stopped) {
  const Result<json> entry = docker_entry(files, folder);
  if (!entry) return std::unexpected(entry.error());
  const Result<std::string> config_path = inside(folder, (*entry)["Config"].get<std::string>());
  if (!config_path) return std::unexpected(config_path.error());
  const Result<std::string> config = files.read(*config_path);
  if (!config) return std::unexpected(config.error());
  const Result<ConfigFacts> facts = read_config(*config);
  if (!facts) return std::unexpected(facts.error());
  if (facts->diff_ids.size() != (*entry)["Layers"].size()) {
    return fail("its configuration names another number of layers than its manifest.json");
  }
  Manifest manifest;
  for (std::size_t i = 0; i < facts->diff_ids.size(); ++i) {
    const json& name = (*entry)["Layers"][i];
    if (!name.is_string()) return fail("its manifest.json is not as `docker save` writes it");
    const Result<std::string> path = inside(folder, name.get<std::string>());
    if (!path) return std::unexpected(path.error());
    const Result<LayerFacts> layer = read_layer(files, *path, stopped);
    if (!layer) return fail(fmt::format("its layer {}: {}", i + 1, layer.error().message));
    if (layer->diff_id != facts->diff_ids[i]) {
      return fail(fmt::format("its layer {} is {}, but its configuration says {}", i + 1,
                              show(layer->diff_id), show(facts->diff_ids[i])));
    }
    if (Status done = writer.add_blob(layer->descriptor.digest, *path); !done) {
      return std::unexpected(done.error());
    }
    manifest.layers.push_back(layer->descriptor);
  }
  const Result<Descriptor> stored = writer.add_document(kConfigType, *config);
  if (!stored) return std::unexpected(stored.error());
  manifest.config = *stored;
  const Result<std::string> text = to_json(manifest);
  if (!text) return std::unexpected(text.error());
  Result<Descriptor> root = writer.add_document(kManifestType, *text);
  if (root) root->platform = facts->platform;
  return root;
}

}  // namespace devgraph::oci
