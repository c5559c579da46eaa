#include <fmt/format.h>

#include "engine/actions/gzip.h"
#include "engine/actions/stream.h"
#include "engine/actions/tar_writer.h"
#include "engine/actions/wheel/natives.h"
#include "engine/actions/wheel/node.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;
using actions::TarEntry;
using actions::TarWriter;

Status add_file(TarWriter& tar, const std::string& path, std::string_view bytes, bool executable) {
  TarEntry entry;
  entry.path = path;
  entry.size = bytes.size();
  entry.mode = executable ? 0755 : 0644;
  entry.mtime = kSourceDate;
  if (const Status done = tar.begin(entry); !done) return done;
  if (const Status done = tar.data(bytes); !done) return done;
  return tar.end();
}

/// All sources below one folder, and PKG-INFO.
Status write_tar(const Context& context, const Loaded& loaded, const std::string& folder,
                 TarWriter& tar) {
  const Project& project = loaded.pyproject.project;
  for (const auto& [path, file] : loaded.sources.files) {
    if (actions::stopped(context)) return actions::interrupted();
    if (path == "PKG-INFO") continue;
    if (!is_valid_utf8(path))
      return fail(fmt::format("the name `{}` is not UTF-8", printable(path)));
    const Result<FileStat> stat = context.files.stat(file.absolute);
    if (!stat) return std::unexpected(stat.error());
    const Result<std::unique_ptr<MappedFile>> content = context.files.map(file.absolute);
    if (!content) return std::unexpected(content.error());
    const Status done =
        add_file(tar, join_path(folder, path), (*content)->bytes(), stat->executable);
    if (!done) return done;
  }
  // From 2.2 on what stands in it is what wheels of it will say (PEP 643).
  const std::string info =
      metadata_text(project, loaded.texts, metadata_version_of(context, project, "2.2"));
  if (const Status done = add_file(tar, folder + "/PKG-INFO", info, false); !done) return done;
  return tar.finish();
}

}  // namespace

}  // namespace devgraph::wheel

namespace devgraph::actions {

/// sdist(src, version, metadata_version)
Status run_sdist(const Context& context) {
  const Result<wheel::Loaded> loaded = wheel::load_project(context, wheel::Kind::Sdist);
  if (!loaded) return std::unexpected(loaded.error());
  const wheel::Project& project = loaded->pyproject.project;
  const std::string stem = python_file_stem(project.normal_name, project.version);
  if (const Status done = wheel::check_output_name(context, stem + ".tar.gz"); !done) return done;
  std::string bytes;
  TarWriter tar([&](std::string_view part) -> Status {
    bytes += part;
    return {};
  });
  if (const Status done = wheel::write_tar(context, *loaded, stem, tar); !done) return done;
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return std::unexpected(out.error());
  if (const Status done = gzip(context, bytes, *out); !done) return done;
  return out->finish();
}

}  // namespace devgraph::actions
