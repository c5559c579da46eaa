#include "engine/actions/wheel/node.h"

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

using actions::Context;

Error first_of(const Context& context, const Error& error) {
  const std::vector<std::string_view> lines = split(error.message, '\n');
  if (lines.size() == 1) return error;
  for (const std::string_view line : lines)
    context.log(line);
  return Error{fmt::format("{} (and {} more, in the log)", lines[0], lines.size() - 1)};
}

Result<Loaded> load_project(const Context& context, Kind kind) {
  Result<Sources> sources = collect_sources(context);
  if (!sources) return std::unexpected(sources.error());
  const SourceFile& manifest = sources->files.at("pyproject.toml");
  const Result<std::string> text = context.files.read(manifest.absolute);
  if (!text) return std::unexpected(text.error());
  Result<Pyproject> pyproject = read_pyproject(*text, printable(sources->manifest),
                                               actions::string_arg(context, "version"), kind);
  if (!pyproject) return std::unexpected(first_of(context, pyproject.error()));
  if (const Status done = check_setup_files(context, sources->files); !done)
    return std::unexpected(done.error());
  Result<Texts> texts = read_texts(context, sources->files, pyproject->project);
  if (!texts) return std::unexpected(texts.error());
  return Loaded{std::move(*sources), std::move(*pyproject), std::move(*texts)};
}

Status check_output_name(const Context& context, const std::string& name) {
  const Output& output = context.graph.outputs(context.node)[0];
  const std::string_view declared = base_name(context.graph.str(output.declared));
  if (declared == name) return {};
  return fail(fmt::format(
      "the file has to be called {}, but the graph calls it {}: names come from a pyproject.toml "
      "that is a source file with a valid name and version, not from one that is built",
      name, printable(declared)));
}

std::string metadata_version_of(const Context& context, const Project& project,
                                std::string_view least) {
  const std::string_view asked = actions::string_arg(context, "metadata_version");
  return std::string(asked.empty() ? metadata_version(project, least) : asked);
}

}  // namespace devgraph::wheel
