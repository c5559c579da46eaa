#include "engine/actions/venv/download.h"

#include <array>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

/// The user's settings of pip count: they say where packages come from. What comes is checked by
/// its hash.
std::vector<std::string> environment_of_pip() {
  constexpr std::array<std::string_view, 11> kNames = {
      "HOME=",          "PATH=",         "http_proxy=",        "https_proxy=",
      "no_proxy=",      "HTTP_PROXY=",   "HTTPS_PROXY=",       "NO_PROXY=",
      "SSL_CERT_FILE=", "SSL_CERT_DIR=", "REQUESTS_CA_BUNDLE="};
  std::vector<std::string> made = {"LC_ALL=C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK=1",
                                   "PIP_NO_INPUT=1", "PIP_PROGRESS_BAR=off"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view one = *entry;
    bool is_wanted = one.starts_with("PIP_");
    for (const std::string_view name : kNames)
      is_wanted = is_wanted || one.starts_with(name);
    if (is_wanted) made.emplace_back(one);
  }
  return made;
}

}  // namespace

Result<std::vector<std::string>> download_wheels(const actions::Context& context,
                                                 const Interpreter& interpreter,
                                                 const std::string& requirements,
                                                 const std::vector<std::string>& near) {
  const std::string folder = join_path(context.scratch, "downloaded");
  if (const Status done = context.files.make_folders(folder); !done)
    return std::unexpected(done.error());
  const actions::Program question{.argv = {interpreter.program, "-m", "pip", "--version"},
                                  .environment = environment_of_pip(),
                                  .folder = context.scratch,
                                  .is_secret = true};
  if (!actions::run_program(context, question))
    return fail(
        fmt::format("{} has no pip, which downloads what a lock file names; on Debian: "
                    "apt-get install python3-pip",
                    printable(interpreter.program)));
  actions::Program program{
      .argv = {interpreter.program, "-m", "pip", "download", "--no-deps", "--require-hashes",
               "--only-binary", ":all:", "--dest", folder, "--requirement", requirements},
      .environment = environment_of_pip(),
      .folder = context.scratch,
      .is_watched = true};
  for (const std::string& one : near) {
    program.argv.emplace_back("--find-links");
    program.argv.push_back(one);
  }
  if (const Result<std::string> said = actions::run_program(context, program); !said)
    return std::unexpected(said.error());
  const Result<std::vector<FolderEntry>> entries = context.files.list(folder);
  if (!entries) return std::unexpected(entries.error());
  std::vector<std::string> wheels;
  for (const FolderEntry& entry : *entries)
    wheels.push_back(join_path(folder, entry.name));
  return wheels;
}

}  // namespace devgraph::wheel
