#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/actions/stream.h"
#include "engine/actions/wheel/natives.h"
#include "engine/actions/wheel/node.h"
#include "engine/actions/wheel/record.h"
#include "engine/actions/wheel/zip_writer.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;

/// Adds entries in the order in which they are given, and notes them in RECORD.
class Archive {
 public:
  Archive(const Context& context, actions::OutStream& out)
      : context_(context), zip_([&out](std::string_view bytes) { return out.write(bytes); }) {}

  Status text(const std::string& path, std::string_view bytes, bool executable = false) {
    if (actions::stopped(context_)) return actions::interrupted();
    record_ += record_line(path, bytes);
    return zip_.add(path, bytes, executable);
  }
  Status file(const std::string& path, const SourceFile& file) {
    const Result<FileStat> stat = context_.files.stat(file.absolute);
    if (!stat) return std::unexpected(stat.error());
    const Result<std::unique_ptr<MappedFile>> content = context_.files.map(file.absolute);
    if (!content) return std::unexpected(content.error());
    return text(path, (*content)->bytes(), stat->executable);
  }
  Status finish(const std::string& path) {
    record_ += record_own_line(path);
    if (const Status done = zip_.add(path, record_, false); !done) return done;
    return zip_.finish();
  }

 private:
  const Context& context_;
  ZipWriter zip_;
  std::string record_;
};

/// The interpreter that the node is for has to be one that the project takes.
Status check_python(const Context& context, const Project& project) {
  const std::string_view python = actions::string_arg(context, "python");
  if (python.empty()) return {};
  const std::optional<PythonVersion> version = parse_python_version(python);
  if (!version) {
    return fail(
        fmt::format("`python` is `{}`; write a version, such as \"3.11\"", printable(python)));
  }
  // `3.11` is any of its patch releases: the first, or one that no project excludes.
  PythonVersion last = *version;
  if (last.release.size() < 3) last.release.emplace_back("999");
  const std::vector<Clause>& wanted = project.requires_python;
  if (admits(wanted, *version) || admits(wanted, last)) return {};
  return fail(fmt::format("the node is for Python {}, and requires-python is `{}`",
                          printable(python), show(wanted)));
}

/// `py3-none-any`, or that of the platform.
Result<std::string> tag_of(const Context& context) {
  const std::string_view platform = actions::string_arg(context, "platform");
  std::optional<std::string> tag =
      python_wheel_tag(actions::string_arg(context, "python"), platform);
  if (tag) return std::move(*tag);
  return fail(
      fmt::format("`platform` is `{}`; write a tag such as \"manylinux2014_x86_64\", "
                  "several with dots between them",
                  printable(platform)));
}

Result<bool> is_machine_code(const Context& context, const Packed& one) {
  for (const std::string_view suffix : {".so", ".pyd", ".dylib", ".dll"}) {
    if (one.path.ends_with(suffix)) return true;
  }
  const Result<std::unique_ptr<MappedFile>> content = context.files.map(one.file.absolute);
  if (!content) return std::unexpected(content.error());
  return (*content)->bytes().starts_with(
      "\x7f"
      "ELF");
}

/// What an extension module is for, by its name: `cp311` of `x.cpython-311-x86_64-linux-gnu.so`;
/// empty: code that no interpreter loads as a module.
std::string interpreter_of(std::string_view path) {
  constexpr std::string_view kMark = ".cpython-";
  const std::string_view name = base_name(path);
  if (name.ends_with(".abi3.so")) return "abi3";
  const std::size_t at = name.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = name.substr(at + kMark.size());
  return fmt::format("cp{}", rest.substr(0, rest.find_first_of("-.")));
}

/// Machine code is for one platform, and an extension module for one interpreter.
Status check_code(const Context& context, const std::vector<Packed>& files, std::string_view tag) {
  for (const Packed& one : files) {
    const Result<bool> is_code = is_machine_code(context, one);
    if (!is_code) return std::unexpected(is_code.error());
    if (!*is_code) continue;
    if (tag.ends_with("-any")) {
      return fail(
          fmt::format("`{}` is machine code, so the wheel is for one platform; say which, as "
                      "in platform = \"manylinux2014_x86_64\"",
                      printable(one.path)));
    }
    const std::string interpreter = interpreter_of(one.path);
    const std::string_view python = tag.substr(0, tag.find('-'));
    if (interpreter.empty() || interpreter == python) continue;
    if (interpreter == "abi3" && python.starts_with("cp")) continue;
    return fail(
        fmt::format("`{}` is an extension module, and the tag of the wheel would be {}; say for "
                    "which interpreter it is, as in python = \"3.11\"",
                    printable(one.path), tag));
  }
  return {};
}

std::vector<Located> chosen_packages(const Context& context, const Selection& selection) {
  std::vector<Located> chosen;
  for (const std::string_view one : actions::strings_arg(context, "packages"))
    chosen.push_back({std::string(one), "`packages`"});
  return chosen.empty() ? selection.packages : chosen;
}

struct Plan {
  Loaded loaded;
  std::vector<Packed> files;
  std::string tag;
  std::string stem;      ///< `acme_tools-1.0`
  std::string metadata;  ///< The text.
};

Result<Plan> plan_of(const Context& context) {
  Result<Loaded> loaded = load_project(context, Kind::Wheel);
  if (!loaded) return std::unexpected(loaded.error());
  const Project& project = loaded->pyproject.project;
  if (const Status done = check_python(context, project); !done)
    return std::unexpected(done.error());
  Result<std::string> tag = tag_of(context);
  if (!tag) return std::unexpected(tag.error());
  Result<std::vector<Packed>> files = package_files(
      loaded->sources.files, project, chosen_packages(context, loaded->pyproject.selection));
  if (!files) return std::unexpected(files.error());
  if (const Status done = check_code(context, *files, *tag); !done)
    return std::unexpected(done.error());
  Plan plan;
  plan.stem = python_file_stem(project.normal_name, project.version);
  plan.metadata =
      metadata_text(project, loaded->texts, metadata_version_of(context, project, "2.1"));
  plan.tag = std::move(*tag);
  plan.files = std::move(*files);
  plan.loaded = std::move(*loaded);
  return plan;
}

Status write_wheel(const Plan& plan, Archive& archive) {
  for (const Packed& one : plan.files) {
    if (const Status done = archive.file(one.path, one.file); !done) return done;
  }
  const std::string info = plan.stem + ".dist-info";
  std::map<std::string, std::string> texts = {
      {info + "/METADATA", plan.metadata},
      {info + "/WHEEL", wheel_text(plan.tag)},
  };
  const std::string entry_points = entry_points_text(plan.loaded.pyproject.project);
  if (!entry_points.empty()) texts.emplace(info + "/entry_points.txt", entry_points);
  // The metadata comes last, so that installers find it in one piece at the end.
  for (const auto& [path, text] : texts) {
    if (const Status done = archive.text(path, text); !done) return done;
  }
  for (const std::string& file : plan.loaded.texts.license_files) {
    const auto at = plan.loaded.sources.files.find(file);
    if (at == plan.loaded.sources.files.end()) continue;
    const Status done = archive.file(join_path(info + "/licenses", file), at->second);
    if (!done) return done;
  }
  return archive.finish(info + "/RECORD");
}

}  // namespace

}  // namespace devgraph::wheel

namespace devgraph::actions {

/// wheel(src, python, version, platform, packages, metadata_version): the wheel, and its METADATA
/// beside it.
Status run_wheel(const Context& context) {
  const Result<wheel::Plan> plan = wheel::plan_of(context);
  if (!plan) return std::unexpected(plan.error());
  const std::string name = fmt::format("{}-{}.whl", plan->stem, plan->tag);
  if (const Status done = wheel::check_output_name(context, name); !done) return done;
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return std::unexpected(out.error());
  wheel::Archive archive(context, *out);
  if (const Status done = wheel::write_wheel(*plan, archive); !done) return done;
  if (const Status done = out->finish(); !done) return done;
  return context.files.write(context.out_path(1), plan->metadata, 0644, false);
}

}  // namespace devgraph::actions
