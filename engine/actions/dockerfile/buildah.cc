/// buildah, and podman, which is the same program with other words: no daemon, and a store of its
/// own in the state folder, so that layers of the last build serve the next one.

#include <map>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/actions/dockerfile/engine.h"
#include "engine/actions/dockerfile/marked.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// What works on this machine.
struct Facts {
  std::string driver;           ///< Of the store: `overlay`, or `vfs`, which always works.
  bool has_namespaces = false;  ///< Mounts can be made that end with the program that made them.
};

/// Another platform has a store of its own: these engines take a cached layer upon `scratch`
/// for that of any platform (seen with buildah 1.28).
std::string store_name(const DockerBuild& build) {
  const std::string name = ".devgraph/" + build.engine;
  const Result<oci::Platform> here = oci::platform_here();
  if (here && oci::fits(build.platform, *here)) return name;
  return join_path(name, oci::show(build.platform));
}

class Buildah {
 public:
  Buildah(const Context& context, const DockerBuild& build)
      : context_(context), build_(build), store_(join_path(context.workspace, store_name(build))) {}

  Status open();
  Status build();

 private:
  Result<Facts> find_facts();
  Result<std::string> run(std::vector<std::string> words, const std::string& folder, bool watched);
  Result<std::string> pull(const NamedImage& image);
  Result<std::vector<std::string>> command(const std::string& id_file);

  const Context& context_;
  const DockerBuild& build_;
  std::string store_;
  Facts facts_;
};

Result<std::string> Buildah::run(std::vector<std::string> words, const std::string& folder,
                                 bool watched) {
  Program program;
  if (facts_.has_namespaces) program.argv = {"unshare", "--mount", "--"};
  const std::vector<std::string> common = {build_.engine, "--root=" + join_path(store_, "store"),
                                           "--runroot=" + join_path(store_, "run"),
                                           "--storage-driver=" + facts_.driver};
  program.argv.insert(program.argv.end(), common.begin(), common.end());
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  program.environment = engine_environment();
  program.folder = folder;
  program.is_watched = watched;
  return run_program(context_, program);
}

Result<Facts> Buildah::find_facts() {
  if (Status done = context_.files.make_folders(join_path(store_, "images")); !done) {
    return std::unexpected(done.error());
  }
  // What a killed build has mounted would stay: nobody could delete the workspace. Without root the
  // engines make a namespace of their own.
  if (::geteuid() == 0) {
    Program probe;
    probe.argv = {"unshare", "--mount", "--", "true"};
    probe.environment = engine_environment();
    probe.folder = store_;
    probe.is_secret = true;
    facts_.has_namespaces = run_program(context_, probe).has_value();
  }
  const Result<FileStat> slow = context_.files.stat(join_path(store_, "store/vfs-images"));
  if (!slow) return std::unexpected(slow.error());
  facts_.driver = slow->exists() ? "vfs" : "overlay";
  if (!slow->exists() && !run({"info"}, store_, false)) {
    facts_.driver = "vfs";
    context_.log("no overlay file system here: each layer is a whole copy (driver vfs)");
  }
  // What killed builds left: there is one devgraph in a workspace at a time.
  if (const Result<std::string> done = run({"rm", "--all"}, store_, false); !done) {
    return std::unexpected(done.error());
  }
  return facts_;
}

/// The first build of a process looks what works here.
Status Buildah::open() {
  static std::mutex mutex;
  static std::map<std::string, Facts> known;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto held = known.find(store_);
  if (held != known.end()) {
    facts_ = held->second;
    return {};
  }
  const Result<Facts> found = find_facts();
  if (!found) return std::unexpected(found.error());
  known.emplace(store_, *found);
  return {};
}

/// Whether a RUN sees files of the context, a stage or an image by a mount. The layer cache of
/// these engines knows the words of such a step only: it takes the layer of the last build when the
/// files are others (seen with buildah 1.28).
bool mounts_files(std::string_view dockerfile) {
  constexpr std::string_view kFlag = "--mount=";
  for (std::size_t at = dockerfile.find(kFlag); at != std::string_view::npos;
       at = dockerfile.find(kFlag, at)) {
    at += kFlag.size();
    const std::size_t end = dockerfile.find_first_of(" \t\r\n\\", at);
    bool holds_none = false;
    for (const std::string_view option : split(dockerfile.substr(at, end - at), ',')) {
      if (option.starts_with("from=")) return true;
      holds_none = holds_none || option == "type=cache" || option == "type=secret" ||
                   option == "type=ssh" || option == "type=tmpfs";
    }
    if (!holds_none) return true;
  }
  return false;
}

/// Puts an image into the store; its id there. The name by which it is read says nothing of this
/// machine, because the engine writes it into what it builds.
Result<std::string> Buildah::pull(const NamedImage& image) {
  const std::string name = "images/" + hex(image.image.descriptor.digest);
  const std::string folder = join_path(context_.scratch, hex(image.image.descriptor.digest));
  const Result<FileStat> there = context_.files.stat(folder);
  if (!there) return std::unexpected(there.error());
  if (!there->exists()) {
    if (Status done = write_marked(context_, image, folder); !done) {
      return std::unexpected(done.error());
    }
  }
  // Several builds may stand on one image.
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  const std::string link = join_path(store_, name);
  if (Status done = context_.files.remove_all(link); !done) return std::unexpected(done.error());
  if (Status done = context_.files.symlink(folder, link); !done) {
    return std::unexpected(done.error());
  }
  // Without the platform it warns of one that is not this machine's, amid the id.
  const std::string platform = "--platform=" + oci::show(build_.platform);
  const Result<std::string> id = run({"pull", "--quiet", platform, "oci:" + name}, store_, false);
  if (Status done = context_.files.remove_all(link); !done) return std::unexpected(done.error());
  if (!id) return fail(fmt::format("{} pull: {}", build_.engine, id.error().message));
  return std::string(trim(*id));
}

Result<std::vector<std::string>> Buildah::command(const std::string& id_file) {
  std::vector<std::string> words = {"build",
                                    "--isolation=chroot",
                                    "--format=docker",
                                    "--layers",
                                    "--force-rm",
                                    "--pull=false",
                                    "--http-proxy=false",
                                    "--identity-label=false",
                                    fmt::format("--timestamp={}", kSourceDate),
                                    "--platform=" + oci::show(build_.platform),
                                    "--iidfile=" + id_file,
                                    "--file=" + build_.dockerfile};
  const Result<std::string> dockerfile = context_.files.read(build_.dockerfile);
  if (!dockerfile) return std::unexpected(dockerfile.error());
  // A layer does not know which secrets its command had.
  if (context_.afresh || !build_.secrets.empty() || mounts_files(*dockerfile))
    words.emplace_back("--no-cache");
  if (!build_.target.empty()) words.push_back("--target=" + build_.target);
  const Result<std::vector<std::string>> args = build_args(context_, build_);
  if (!args) return std::unexpected(args.error());
  for (const std::string& one : *args)
    words.push_back("--build-arg=" + one);
  for (const std::string& one : build_secrets(build_))
    words.push_back("--secret=" + one);
  for (const NamedImage& image : build_.images) {
    const Result<std::string> id = pull(image);
    if (!id) return std::unexpected(id.error());
    words.push_back(fmt::format("--build-context={}=container-image://{}", image.name, *id));
  }
  words.push_back(build_.context);
  return words;
}

Status Buildah::build() {
  const std::string id_file = join_path(context_.scratch, "image.id");
  Result<std::vector<std::string>> words = command(id_file);
  if (!words) return std::unexpected(words.error());
  if (const Result<std::string> said = run(*std::move(words), context_.scratch, true); !said) {
    return fail(said.error().message);
  }
  const Result<std::string> id = context_.files.read(id_file);
  if (!id) return std::unexpected(id.error());
  // This form is not compressed, so that the layers below are not packed again for nothing, and it
  // keeps what OCI has no word for, health checks for instance.
  const std::string name = "saved.tar";
  const Result<std::string> pushed =
      run({"push", "--quiet", std::string(trim(*id)), "docker-archive:" + name}, context_.scratch,
          false);
  if (!pushed) return fail(fmt::format("{} push: {}", build_.engine, pushed.error().message));
  return take_archive(context_, join_path(context_.scratch, name), build_.made);
}

}  // namespace

Status build_with_buildah(const Context& context, const DockerBuild& build) {
  Buildah buildah(context, build);
  if (Status done = buildah.open(); !done) return done;
  return buildah.build();
}

}  // namespace devgraph::actions
