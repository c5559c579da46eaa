/// BuildKit, by way of docker's buildx: images go in as layouts, and the result comes out as one.

#include <fmt/format.h>

#include "engine/actions/dockerfile/engine.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Result<std::string> buildx(const Context& context, std::vector<std::string> words, bool watched) {
  Program program;
  program.argv = {"docker", "buildx"};
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  program.environment = engine_environment();
  program.folder = context.scratch;
  program.is_watched = watched;
  return run_program(context, program);
}

/// A layout that holds nothing but an image; several names may mean it. Its folder.
Result<std::string> layout_of(const Context& context, const NamedImage& image) {
  std::string folder = join_path(context.scratch, hex(image.image.descriptor.digest));
  const Result<FileStat> there = context.files.stat(folder);
  if (!there) return std::unexpected(there.error());
  if (there->exists()) return folder;
  oci::LayoutWriter writer(context.files, folder);
  Status done = writer.begin();
  if (done) done = writer.add_image(image.layout, image.image);
  if (done) done = writer.finish(image.image.descriptor);
  if (!done) return std::unexpected(done.error());
  return folder;
}

Result<std::vector<std::string>> command(const Context& context, const DockerBuild& build) {
  std::vector<std::string> words = {
      "build", "--progress=plain", "--provenance=false", "--sbom=false",
      "--platform=" + oci::show(build.platform), "--file=" + build.dockerfile,
      // Layers come plain: they are packed as those of the other engines are.
      fmt::format("--output=type=oci,tar=false,dest={},rewrite-timestamp=true,"
                  "compression=uncompressed",
                  build.made)};
  // A layer does not know which secrets its command had.
  if (context.afresh || !build.secrets.empty()) words.emplace_back("--no-cache");
  if (!build.target.empty()) words.push_back("--target=" + build.target);
  const Result<std::vector<std::string>> args = build_args(context, build);
  if (!args) return std::unexpected(args.error());
  // BuildKit dates what it makes by this argument, whether the file asks for it or not.
  bool has_epoch = false;
  for (const std::string& one : *args) {
    has_epoch = has_epoch || one.starts_with("SOURCE_DATE_EPOCH=");
    words.push_back("--build-arg=" + one);
  }
  if (!has_epoch) words.push_back(fmt::format("--build-arg=SOURCE_DATE_EPOCH={}", kSourceDate));
  for (const std::string& one : build_secrets(build))
    words.push_back("--secret=" + one);
  for (const NamedImage& image : build.images) {
    const Result<std::string> folder = layout_of(context, image);
    if (!folder) return std::unexpected(folder.error());
    words.push_back(fmt::format("--build-context={}=oci-layout://{}@{}", image.name, *folder,
                                oci::show(image.image.descriptor.digest)));
  }
  words.push_back(build.context);
  return words;
}

}  // namespace

Status build_with_buildkit(const Context& context, const DockerBuild& build) {
  if (const Result<std::string> version = buildx(context, {"version"}, false); !version) {
    return fail(
        fmt::format("docker has no buildx, through which BuildKit is spoken to ({}): install that "
                    "plugin, or leave `engine` to devgraph",
                    version.error().message));
  }
  Result<std::vector<std::string>> words = command(context, build);
  if (!words) return std::unexpected(words.error());
  if (const Result<std::string> said = buildx(context, *std::move(words), true); !said)
    return std::unexpected(said.error());
  return {};
}

}  // namespace devgraph::actions
