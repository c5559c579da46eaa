/// From a wheel to files of an environment (PEP 427, "Installing a wheel").

#include <functional>

#include <fmt/format.h>

#include "engine/actions/venv/launcher.h"
#include "engine/actions/venv/site.h"
#include "engine/actions/wheel/archived.h"
#include "engine/actions/wheel/record.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

/// One package on its way into a Site.
class Installation {
 public:
  Installation(Site& site, std::string_view file, FileName name)
      : site_(site), file_(file), name_(std::move(name)) {}

  Status entry(const std::string& path, bool executable, const std::string& bytes);
  /// Checks RECORD against what came, and writes what an installer adds.
  Status finish(bool has_record);

 private:
  Result<std::string> target_of(const std::string& path) const;
  bool is_ours(std::string_view folder, std::string_view suffix) const;
  Status add(const std::string& target, std::string_view bytes, bool executable);
  Status check_record() const;
  Status check_wheel() const;
  Status note_metadata();
  const std::string& info_text(const std::string& name) const;

  Site& site_;
  std::string file_;
  FileName name_;
  std::string info_;                          ///< `acme-1.0.dist-info`
  std::map<std::string, std::string> texts_;  ///< Of `.dist-info`, by name in it.
  std::map<std::string, Sha256> came_;        ///< By path in the wheel.
  std::string record_;                        ///< Of what was installed.
};

/// Whether a folder of the wheel is its `.dist-info` or `.data`: that of the name of the file.
bool Installation::is_ours(std::string_view folder, std::string_view suffix) const {
  if (!folder.ends_with(suffix)) return false;
  folder.remove_suffix(suffix.size());
  const std::size_t dash = folder.find('-');
  if (dash == std::string_view::npos) return false;
  const auto version = parse_python_version(folder.substr(dash + 1));
  return normal_python_name(folder.substr(0, dash)) == name_.project && version &&
         compare(*version, name_.version) == 0;
}

/// Where a file of the wheel goes in the environment.
Result<std::string> Installation::target_of(const std::string& path) const {
  const std::size_t slash = path.find('/');
  const std::string_view first = std::string_view(path).substr(0, slash);
  if (slash == std::string::npos || !first.ends_with(".data"))
    return join_path(site_.packages(), path);
  const std::string_view rest = std::string_view(path).substr(slash + 1);
  const std::string_view scheme = rest.substr(0, rest.find('/'));
  const std::string below(rest.substr(std::min(rest.size(), scheme.size() + 1)));
  if (!is_ours(first, ".data") || below.empty())
    return fail(fmt::format("`{}` lies where no installer looks", printable(path)));
  if (scheme == "purelib" || scheme == "platlib") return join_path(site_.packages(), below);
  if (scheme == "scripts") return "bin/" + below;
  if (scheme == "data") return below;
  if (scheme == "headers") {
    return fmt::format("include/site/python3.{}/{}/{}", site_.interpreter().minor, name_.project,
                       below);
  }
  return fail(
      fmt::format("`{}`: there is no `{}` to install into", printable(path), printable(scheme)));
}

/// The RECORD of an environment has paths from site-packages on.
Status Installation::add(const std::string& target, std::string_view bytes, bool executable) {
  if (const Status done = site_.add(target, bytes, executable, file_); !done) return done;
  const std::string start = site_.packages() + '/';
  record_ += record_line(
      target.starts_with(start) ? target.substr(start.size()) : "../../../" + target, bytes);
  return {};
}

Status Installation::entry(const std::string& path, bool executable, const std::string& bytes) {
  if (!came_.emplace(path, sha256_of(bytes)).second)
    return fail(fmt::format("it holds `{}` twice", printable(path)));
  const std::size_t slash = path.find('/');
  const std::string_view folder = std::string_view(path).substr(0, slash);
  if (slash != std::string::npos && is_ours(folder, ".dist-info")) {
    if (!info_.empty() && info_ != folder)
      return fail(
          fmt::format("it describes itself twice: in {} and in {}", info_, printable(folder)));
    info_ = folder;
    const std::string name = path.substr(slash + 1);
    const bool is_text =
        name == "RECORD" || name == "METADATA" || name == "WHEEL" || name == "entry_points.txt";
    if (is_text) texts_.emplace(name, bytes);
    // What an installer writes itself.
    if (name == "RECORD" || name == "INSTALLER" || name == "REQUESTED" || name == "direct_url.json")
      return {};
  }
  const Result<std::string> target = target_of(path);
  if (!target) return std::unexpected(target.error());
  const bool is_script = target->starts_with("bin/");
  if (!is_script) return add(*target, bytes, executable);
  return add(*target, launched_script(bytes), true);
}

const std::string& Installation::info_text(const std::string& name) const {
  static const std::string kNothing;
  const auto held = texts_.find(name);
  return held == texts_.end() ? kNothing : held->second;
}

/// Each file has to be in RECORD with its hash, but for RECORD and its signatures.
Status Installation::check_record() const {
  const std::string& text = info_text("RECORD");
  if (text.empty()) return fail("it holds no RECORD");
  const std::map<std::string, std::string> lines = recorded_hashes(text);
  for (const auto& [path, sha] : came_) {
    const bool is_own =
        path == info_ + "/RECORD" || path == info_ + "/RECORD.jws" || path == info_ + "/RECORD.p7s";
    if (is_own) continue;
    const auto found = lines.find(path);
    if (found == lines.end())
      return fail(fmt::format("its RECORD does not name `{}`", printable(path)));
    const std::string& hash = found->second;
    if (hash.starts_with("sha256=") && hash.substr(7) != base64_url(sha))
      return fail(fmt::format("`{}` has another hash than its RECORD says", printable(path)));
  }
  for (const auto& [path, hash] : lines) {
    if (!hash.empty() && !came_.contains(path))
      return fail(fmt::format("its RECORD names `{}`, which is not in it", printable(path)));
  }
  return {};
}

Status Installation::check_wheel() const {
  const std::string version = metadata_field(info_text("WHEEL"), "Wheel-Version");
  if (version.starts_with("1.")) return {};
  return fail(version.empty() ? std::string("it holds no file WHEEL with a Wheel-Version")
                              : fmt::format("it is a wheel of version {}; devgraph installs 1.x",
                                            printable(version)));
}

Status Installation::note_metadata() {
  const std::string& metadata = info_text("METADATA");
  Installed made{.file = file_,
                 .name = metadata_field(metadata, "Name"),
                 .version = name_.version,
                 .requires_python = {},
                 .needs = {},
                 .extras = metadata_fields(metadata, "Provides-Extra")};
  const auto version = parse_python_version(metadata_field(metadata, "Version"));
  if (normal_python_name(made.name) != name_.project || !version ||
      compare(*version, name_.version) != 0)
    return fail(fmt::format("its METADATA is of {} {}", printable(made.name),
                            printable(metadata_field(metadata, "Version"))));
  Result<std::vector<Clause>> python =
      parse_specifiers(metadata_field(metadata, "Requires-Python"));
  if (python) made.requires_python = std::move(*python);
  for (const std::string& text : metadata_fields(metadata, "Requires-Dist")) {
    Result<Requirement> one = parse_requirement(text);
    if (!one)
      return fail(fmt::format("its dependency `{}`: {}", printable(text), one.error().message));
    made.needs.push_back(std::move(*one));
  }
  const auto [held, is_new] = site_.installed_.emplace(name_.project, made);
  if (is_new) return {};
  return fail(fmt::format("{} is there already, from {}", name_.project, held->second.file));
}

Status Installation::finish(bool has_record) {
  if (info_.empty())
    return fail(
        fmt::format("it holds no folder {}-{}.dist-info", name_.project, show(name_.version)));
  Status done = has_record ? check_record() : Status();
  if (done) done = check_wheel();
  if (done) done = note_metadata();
  if (!done) return done;
  const Result<std::vector<EntryPoint>> programs = entry_points_of(info_text("entry_points.txt"));
  if (!programs) return std::unexpected(programs.error());
  for (const EntryPoint& one : *programs) {
    if (done = add("bin/" + one.name, launcher_text(one), true); !done) return done;
  }
  const std::string folder = join_path(site_.packages(), info_);
  if (done = add(folder + "/INSTALLER", "devgraph\n", false); !done) return done;
  record_ += record_own_line(info_ + "/RECORD");
  return site_.add(folder + "/RECORD", record_, false, file_);
}

namespace {

Status told(std::string_view file, const Status& done) {
  if (done) return done;
  return fail(fmt::format("{}: {}", printable(file), done.error().message), done.error().code);
}

}  // namespace

Status Site::install(std::string_view file, std::string_view archive) {
  const Result<FileName> name = parse_file_name(file);
  if (!name) return std::unexpected(name.error());
  if (!name->is_wheel)
    return fail(
        fmt::format("{} is a source distribution; only wheels can be installed", printable(file)));
  if (std::string why = misfit(file, interpreter_); !why.empty()) return fail(std::move(why));
  Installation one(*this, file, *name);
  Status done = visit_wheel(
      *context_, archive, [&](const std::string& path, bool executable, const std::string& bytes) {
        return one.entry(path, executable, bytes);
      });
  if (done) done = one.finish(true);
  return told(file, done);
}

Status Site::install_files(std::string_view file, const std::string& info,
                           const std::map<std::string, std::string>& files) {
  const Result<FileName> name = parse_file_name(info + "-py3-none-any.whl");
  if (!name) return std::unexpected(name.error());
  Installation one(*this, file, *name);
  Status done;
  for (const auto& [path, bytes] : files)
    if (done) done = one.entry(path, false, bytes);
  if (done) done = one.finish(false);
  return told(file, done);
}

}  // namespace devgraph::wheel
