/// docker without BuildKit, as Debian 12 has it: images go in as archives and come out as one. The
/// daemon keeps what it is given and all that it makes of it: see kept.h.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/actions/dockerfile/docker_text.h"
#include "engine/actions/dockerfile/engine.h"
#include "engine/actions/dockerfile/kept.h"
#include "engine/actions/local_engine.h"
#include "engine/actions/oci/archive.h"
#include "engine/actions/oci/config.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/label.h"

namespace devgraph::actions {

namespace {

class Docker {
 public:
  Docker(const Context& context, const DockerBuild& build)
      : context_(context),
        build_(build),
        workspace_(workspace_id(context.files, context.workspace)),
        label_(label_of(context.graph, context.node)) {}

  Status build();

 private:
  enum class Output { LoggedOnError, Watched, Unheard };
  Result<std::string> run(std::vector<std::string> words, Output output = Output::LoggedOnError);
  Status note_names();
  Status put(const NamedImage& image);
  Result<std::string> load(const oci::Layout& layout, const oci::FoundImage& image,
                           const std::string& name);
  Result<std::vector<std::string>> command(const std::string& id_file);
  Result<std::string> untag(const std::string& name);
  Status keep(const std::string& made, std::string_view log);

  const Context& context_;
  const DockerBuild& build_;
  std::string workspace_;
  std::string label_;
  std::map<std::string, std::string> images_;  // A name in the Dockerfile -> the daemon's word.
};

Result<std::string> Docker::run(std::vector<std::string> words, Output output) {
  Program program;
  program.argv = {"docker"};
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  program.environment = engine_environment();
  program.environment.emplace_back("DOCKER_BUILDKIT=0");
  program.folder = context_.scratch;
  program.is_watched = output == Output::Watched;
  program.is_secret = output == Output::Unheard;
  return run_program(context_, program);
}

/// Written before the daemon is told: `gc` knows where to look for what a killed build left. A
/// build that is done again has been noted by the one that failed.
Status Docker::note_names() {
  if (build_.is_again) return {};
  Result<Placed> here = engine_here(context_, "docker");
  if (!here) return fail("docker: " + here.error().message);
  here->label = label_;
  here->name = built_name(workspace_, label_);
  std::vector<Placed> all = {*here};
  for (const NamedImage& image : build_.images) {
    all.push_back(*here);
    all.back().name = base_name(workspace_, label_, image.name);
  }
  return note_placed(context_.files, join_path(context_.workspace, ".devgraph"), all);
}

/// The daemon's word for an image that it has now.
Result<std::string> Docker::load(const oci::Layout& layout, const oci::FoundImage& image,
                                 const std::string& name) {
  const std::string archive = join_path(context_.scratch, "base.tar");
  const Status written = oci::write_archive(
      context_.files, layout, image, {{name}, archive, [&] { return stopped(context_); }, true});
  if (!written) return std::unexpected(written.error());
  const Result<std::string> said = run({"load", "--quiet", "-i", archive});
  if (!said) return fail("docker load: " + said.error().message);
  if (Status done = context_.files.remove(archive); !done) return std::unexpected(done.error());
  const Result<std::string> id = run({"image", "inspect", "--format", "{{.Id}}", name});
  if (!id) return fail("docker load: " + id.error().message);
  return bare_id(*id);
}

/// Its label makes it an image of this workspace only: nobody else's goes with its name.
Status Docker::put(const NamedImage& image) {
  const Result<std::string> config = oci::labelled_config(image.image.config, workspace_);
  if (!config) return std::unexpected(config.error());
  oci::FoundImage labelled = image.image;
  labelled.config = *config;
  labelled.manifest.config.digest = sha256_of(*config);
  labelled.manifest.config.size = config->size();
  const std::string id = hex(labelled.manifest.config.digest);
  const std::string name = base_name(workspace_, label_, image.name);
  // Most often it is there, from an earlier build or another node: docker says so at once.
  if (run({"tag", id, name}, Output::Unheard)) {
    images_.emplace(image.name, id);
    return {};
  }
  const Result<std::string> loaded = load(image.layout, labelled, name);
  if (!loaded) return std::unexpected(loaded.error());
  images_.emplace(image.name, *loaded);
  return {};
}

Result<std::vector<std::string>> Docker::command(const std::string& id_file) {
  const Result<std::string> text = context_.files.read(build_.dockerfile);
  if (!text) return std::unexpected(text.error());
  const std::string file = build_.dockerfile + ".tagged";
  const std::string made =
      text_for_docker(*text, images_, fmt::format("LABEL {}={}", oci::kWorkspaceLabel, workspace_));
  if (Status done = context_.files.write(file, made, 0644, false); !done) {
    return std::unexpected(done.error());
  }
  std::vector<std::string> words = {"build", "--force-rm", "--iidfile=" + id_file,
                                    "--file=" + file};
  if (context_.afresh) words.emplace_back("--no-cache");
  if (!build_.target.empty()) words.push_back("--target=" + build_.target);
  const Result<std::vector<std::string>> args = build_args(context_, build_);
  if (!args) return std::unexpected(args.error());
  for (const std::string& one : *args)
    words.push_back("--build-arg=" + one);
  words.push_back(build_.context);
  return words;
}

Result<std::string> Docker::untag(const std::string& name) {
  return run({"image", "rm", "--no-prune", name}, Output::Unheard);
}

/// Gives names to the result, and to other stages, upon which the result is not made; those that
/// the build before this one had more lose theirs.
Status Docker::keep(const std::string& made, std::string_view log) {
  if (build_.is_again) return {};
  const Result<std::string> said = run({"tag", made, built_name(workspace_, label_)});
  if (!said) return fail("docker tag: " + said.error().message);
  const std::vector<std::string> stages = stages_in(log);
  std::size_t stage = 1;
  for (; stage < stages.size(); ++stage) {
    const std::string& id = stages[stage - 1];
    // A command may print what looks like a line of docker's.
    const Result<std::string> label =
        run({"image", "inspect", "--format",
             fmt::format(R"({{{{index .Config.Labels "{}"}}}})", oci::kWorkspaceLabel), id},
            Output::Unheard);
    const std::string name = built_name(workspace_, label_, stage);
    const bool is_ours = label && trim(*label) == workspace_;
    (void)(is_ours ? run({"tag", id, name}, Output::Unheard) : untag(name));
  }
  while (untag(built_name(workspace_, label_, stage)))
    ++stage;
  return {};
}

Status Docker::build() {
  if (Status done = note_names(); !done) return done;
  for (const NamedImage& image : build_.images) {
    if (Status done = put(image); !done) return done;
  }
  const std::string id_file = join_path(context_.scratch, "image.id");
  Result<std::vector<std::string>> words = command(id_file);
  if (!words) return std::unexpected(words.error());
  const Result<std::string> log = run(*std::move(words), Output::Watched);
  if (!log) return std::unexpected(log.error());
  const Result<std::string> id = context_.files.read(id_file);
  if (!id) return std::unexpected(id.error());
  const std::string made(trim(*id));
  if (Status done = keep(made, *log); !done) return done;
  const std::string archive = join_path(context_.scratch, "saved.tar");
  if (const Result<std::string> said = run({"save", "-o", archive, made}); !said) {
    return fail("docker save: " + said.error().message);
  }
  return take_archive(context_, archive, build_.made);
}

}  // namespace

Status build_with_docker(const Context& context, const DockerBuild& build) {
  if (!build.secrets.empty()) {
    return fail(
        "docker without BuildKit gives a RUN no secrets: install buildah, or choose another "
        "`engine`");
  }
  return Docker(context, build).build();
}

}  // namespace devgraph::actions
