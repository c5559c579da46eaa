/// docker without BuildKit, as Debian 12 has it: images go in as archives and come out as one.

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/dockerfile/engine.h"
#include "engine/actions/oci/archive.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Result<std::string> docker(const Context& context, std::vector<std::string> words, bool watched) {
  Program program;
  program.argv = {"docker"};
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  program.environment = engine_environment();
  program.environment.emplace_back("DOCKER_BUILDKIT=0");
  program.folder = context.scratch;
  program.is_watched = watched;
  return run_program(context, program);
}

/// The name of an image in the daemon: only the daemon's images can be named in FROM.
std::string tag_of(const NamedImage& image) {
  return "devgraph/base:" + hex(image.image.manifest.config.digest).substr(0, 32);
}

Status load(const Context& context, const NamedImage& image) {
  const std::string archive = join_path(context.scratch, "base.tar");
  const Status written =
      oci::write_archive(context.files, image.layout, image.image,
                         {{tag_of(image)}, archive, [&] { return stopped(context); }});
  if (!written) return written;
  const Result<std::string> said = docker(context, {"load", "--quiet", "-i", archive}, false);
  if (!said) return fail("docker load: " + said.error().message);
  return context.files.remove(archive);
}

/// A Dockerfile with the daemon's names of the images. The evaluator wrote FROM as one line of the
/// form `FROM image` or `FROM image AS name`, flags before the image.
std::string with_tags(std::string_view text, const DockerBuild& build) {
  std::string made;
  for (const std::string_view line : split(text, '\n')) {
    std::vector<std::string> words;
    for (const std::string_view word : split(line, ' '))
      words.emplace_back(word);
    const bool is_from = words[0] == "FROM";
    const bool is_copy = line.starts_with("COPY ") || line.starts_with("ADD ");
    for (std::size_t i = 1; i < words.size(); ++i) {
      const bool is_flag = words[i].starts_with("--");
      if (is_from && is_flag) continue;
      if (!is_from && !(is_copy && is_flag)) break;
      for (const NamedImage& image : build.images) {
        if (is_from && words[i] == image.name) words[i] = tag_of(image);
        if (is_copy && words[i] == "--from=" + image.name) words[i] = "--from=" + tag_of(image);
      }
      if (is_from) break;
    }
    made += fmt::format("{}\n", fmt::join(words, " "));
  }
  made.pop_back();
  return made;
}

Result<std::vector<std::string>> command(const Context& context, const DockerBuild& build,
                                         const std::string& id_file) {
  const Result<std::string> text = context.files.read(build.dockerfile);
  if (!text) return std::unexpected(text.error());
  const std::string file = build.dockerfile + ".tagged";
  if (Status done = context.files.write(file, with_tags(*text, build), 0644, false); !done) {
    return std::unexpected(done.error());
  }
  std::vector<std::string> words = {"build", "--force-rm", "--iidfile=" + id_file,
                                    "--file=" + file};
  if (context.afresh) words.emplace_back("--no-cache");
  if (!build.target.empty()) words.push_back("--target=" + build.target);
  const Result<std::vector<std::string>> args = build_args(context, build);
  if (!args) return std::unexpected(args.error());
  for (const std::string& one : *args)
    words.push_back("--build-arg=" + one);
  words.push_back(build.context);
  return words;
}

}  // namespace

Status build_with_docker(const Context& context, const DockerBuild& build) {
  if (!build.secrets.empty()) {
    return fail(
        "docker without BuildKit gives a RUN no secrets: install buildah, or choose another "
        "`engine`");
  }
  for (const NamedImage& image : build.images) {
    if (Status done = load(context, image); !done) return done;
  }
  const std::string id_file = join_path(context.scratch, "image.id");
  Result<std::vector<std::string>> words = command(context, build, id_file);
  if (!words) return std::unexpected(words.error());
  if (const Result<std::string> said = docker(context, *std::move(words), true); !said) {
    return std::unexpected(said.error());
  }
  const Result<std::string> id = context.files.read(id_file);
  if (!id) return std::unexpected(id.error());
  const std::string archive = join_path(context.scratch, "saved.tar");
  const std::string name(trim(*id));
  if (const Result<std::string> said = docker(context, {"save", "-o", archive, name}, false);
      !said) {
    return fail("docker save: " + said.error().message);
  }
  return take_archive(context, archive, build.made);
}

}  // namespace devgraph::actions
