#include "engine/actions/venv/site.h"

#include <fmt/format.h>

#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;

// For bash and zsh. It finds itself, and so works where the environment was moved to.
constexpr std::string_view kActivate =
    R"(# Read by a shell, bash or zsh:  . bin/activate   Undone by:  deactivate
deactivate() {
  PATH=$_devgraph_path
  export PATH
  unset VIRTUAL_ENV _devgraph_path
  unset -f deactivate
  hash -r 2> /dev/null
}
if [ -n "${VIRTUAL_ENV-}" ] && [ -n "${_devgraph_path-}" ]; then PATH=$_devgraph_path; fi
_devgraph_path=$PATH
VIRTUAL_ENV=$(cd -- "$(dirname -- "${BASH_SOURCE[0]:-${(%):-%x}}")/.." > /dev/null && pwd)
PATH=$VIRTUAL_ENV/bin:$PATH
export PATH VIRTUAL_ENV
hash -r 2> /dev/null
)";

}  // namespace

Site::Site(const Context& context, const Interpreter& interpreter, std::string root,
           actions::Extractor extractor)
    : context_(&context),
      interpreter_(interpreter),
      root_(std::move(root)),
      packages_(fmt::format("lib/python3.{}/site-packages", interpreter.minor)),
      extractor_(std::move(extractor)) {}

Result<Site> Site::open(const Context& context, const Interpreter& interpreter,
                        const std::string& root) {
  Result<actions::Extractor> extractor = actions::Extractor::open(context.files, root, {});
  if (!extractor) return std::unexpected(extractor.error());
  Site site(context, interpreter, root, std::move(*extractor));
  const std::string config =
      fmt::format("home = {}\ninclude-system-site-packages = false\nversion = {}\n",
                  parent_path(interpreter.program), interpreter.version());
  Status done = site.extractor_.folder(site.packages_);
  if (done) done = site.add("pyvenv.cfg", config, false, "devgraph");
  if (done) done = site.add("bin/activate", kActivate, false, "devgraph");
  if (!done) return std::unexpected(done.error());
  return site;
}

/// Packages may bring the same file, if it is the same.
Status Site::add(const std::string& path, std::string_view bytes, bool executable,
                 const std::string& file) {
  const Result<std::string> name = extractor_.checked_name(path);
  if (!name) return std::unexpected(name.error());
  if (name->empty()) return fail(fmt::format("`{}` is no name of a file", printable(path)));
  const Sha256 sha = sha256_of(bytes);
  const auto [held, is_new] = held_.try_emplace(*name, Held{sha, file});
  if (!is_new && held->second.sha == sha) return {};
  if (!is_new) {
    return fail(fmt::format("{} and {} both have `{}`, with different content", held->second.file,
                            file, printable(*name)));
  }
  Status done = extractor_.begin_file(*name, executable);
  if (done) done = extractor_.data(bytes, 0);
  if (done) done = extractor_.end_file(bytes.size());
  return done;
}

Status Site::link_interpreter() const {
  const std::string own = fmt::format("python3.{}", interpreter_.minor);
  const std::string bin = join_path(root_, "bin");
  for (const std::string& name : {std::string("python"), std::string("python3"), own}) {
    if (held_.contains("bin/" + name))
      return fail(fmt::format("{} has a program `{}`, which is the interpreter's name",
                              held_.at("bin/" + name).file, name));
    const std::string target = name == own ? interpreter_.program : own;
    if (const Status done = context_->files.symlink(target, join_path(bin, name)); !done)
      return done;
  }
  return {};
}

/// Makes bytecode, so that nobody who imports writes some later. It is valid whatever the times of
/// the files are, and names them without the folder that they lie in.
Status Site::compile() const {
  const actions::Program program{
      .argv = {interpreter_.program, "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "1",
               "--invalidation-mode", "unchecked-hash", "-s", root_, "-p", "/",
               join_path(root_, packages_)},
      .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PYTHONHASHSEED=0"},
      .folder = context_->scratch};
  const Result<std::string> said = actions::run_program(*context_, program);
  if (actions::stopped(*context_)) return actions::interrupted();
  // Packages may hold files for another version of Python, which cannot be compiled, nor imported.
  if (!said) context_->log("some files are not for this Python, and were not compiled");
  return {};
}

Status Site::finish() {
  if (const Status done = extractor_.finish(); !done) return done;
  if (const Status done = link_interpreter(); !done) return done;
  return compile();
}

}  // namespace devgraph::wheel
