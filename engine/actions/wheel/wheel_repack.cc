/// A wheel of anyone, written as devgraph writes wheels.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/actions/stream.h"
#include "engine/actions/wheel/archived.h"
#include "engine/actions/wheel/distribution.h"
#include "engine/actions/wheel/natives.h"
#include "engine/actions/wheel/record.h"
#include "engine/actions/wheel/zip_writer.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;

struct File {
  std::string bytes;
  bool executable = false;
};

/// The one wheel in a folder.
Result<std::string> find_wheel(const Context& context) {
  const std::vector<InputId> inputs = actions::inputs_arg(context, "made");
  if (inputs.size() != 1) return fail("`made` is missing: it is left out by `allow_failed`");
  const std::string folder = context.path_of(inputs[0]);
  const Result<std::vector<FolderEntry>> entries = context.files.list(folder);
  if (!entries) return std::unexpected(entries.error());
  std::vector<std::string> names;
  for (const FolderEntry& entry : *entries)
    if (entry.name.ends_with(".whl")) names.push_back(entry.name);
  if (names.size() == 1) return join_path(folder, names[0]);
  return fail(names.empty()
                  ? std::string("the build backend made no wheel")
                  : fmt::format("the build backend made {} wheels, not one", names.size()));
}

/// The order of names in a zip: what describes the package comes last, and of that RECORD.
bool comes_before(std::string_view a, std::string_view b) {
  const auto describes = [](std::string_view path) {
    return path.substr(0, path.find('/')).ends_with(".dist-info");
  };
  if (describes(a) != describes(b)) return describes(b);
  return a < b;
}

Status write_wheel(const std::map<std::string, File>& files, actions::OutStream& out) {
  std::vector<std::string_view> order;
  std::string record_path;
  for (const auto& [path, file] : files) {
    const bool is_record =
        path.ends_with(".dist-info/RECORD") && std::count(path.begin(), path.end(), '/') == 1;
    if (is_record) {
      record_path = path;
    } else {
      order.emplace_back(path);
    }
  }
  if (record_path.empty()) return fail("the wheel of the build backend holds no RECORD");
  std::sort(order.begin(), order.end(), comes_before);
  ZipWriter zip([&out](std::string_view bytes) { return out.write(bytes); });
  std::string record;
  for (const std::string_view path : order) {
    const File& file = files.find(std::string(path))->second;
    record += record_line(path, file.bytes);
    if (const Status done = zip.add(std::string(path), file.bytes, file.executable); !done)
      return done;
  }
  record += record_own_line(record_path);
  if (const Status done = zip.add(record_path, record, false); !done) return done;
  return zip.finish();
}

/// Backends write the same name and version in different ways: `Acme_Tools-1.0.0` and
/// `acme_tools-1.0.0`. The tags have to be those of the graph.
Status check_name(const Context& context, std::string_view made) {
  const Output& output = context.graph.outputs(context.node)[0];
  const std::string declared(base_name(context.graph.str(output.declared)));
  const Result<FileName> ours = parse_file_name(declared);
  const Result<FileName> theirs = parse_file_name(made);
  const auto tags = [](std::string_view name) {
    const std::vector<std::string_view> parts = split(name, '-');
    return fmt::format("{}", fmt::join(parts.end() - std::min<std::ptrdiff_t>(3, std::ssize(parts)),
                                       parts.end(), "-"));
  };
  if (ours && theirs && ours->project == theirs->project &&
      compare(ours->version, theirs->version) == 0 && tags(declared) == tags(made))
    return {};
  return fail(fmt::format(
      "the build backend made {}, but the graph calls it {}: the name and version of the graph are "
      "those of [project], or `version`, and the tags follow `python` and `platform`",
      printable(made), printable(declared)));
}

}  // namespace

}  // namespace devgraph::wheel

namespace devgraph::actions {

/// wheel_repack(made, src, python, version, platform): the wheel that lies in the folder `made`,
/// and its METADATA beside it.
Status run_wheel_repack(const Context& context) {
  const Result<std::string> path = wheel::find_wheel(context);
  if (!path) return std::unexpected(path.error());
  if (const Status done = wheel::check_name(context, base_name(*path)); !done) return done;
  const Result<std::unique_ptr<MappedFile>> content = context.files.map(*path);
  if (!content) return std::unexpected(content.error());
  std::map<std::string, wheel::File> files;
  std::string metadata;
  Status done = wheel::visit_wheel(
      context, (*content)->bytes(),
      [&](const std::string& name, bool executable, const std::string& bytes) -> Status {
        if (!files.emplace(name, wheel::File{bytes, executable}).second)
          return fail(fmt::format("the wheel holds `{}` twice", printable(name)));
        const bool describes = std::count(name.begin(), name.end(), '/') == 1;
        if (describes && name.ends_with(".dist-info/METADATA")) metadata = bytes;
        return {};
      });
  if (!done) return done;
  if (metadata.empty()) return fail("the wheel of the build backend holds no METADATA");
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return std::unexpected(out.error());
  if (done = wheel::write_wheel(files, *out); !done) return done;
  if (done = out->finish(); !done) return done;
  return context.files.write(context.out_path(1), metadata, 0644, false);
}

}  // namespace devgraph::actions
