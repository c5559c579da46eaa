#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/wheel/archived.h"
#include "engine/actions/wheel/distribution.h"
#include "engine/actions/wheel/natives.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;
using nlohmann::ordered_json;

struct Entry {
  std::string file;  ///< Its name.
  PythonVersion version;
  std::string sha256;
  std::uint64_t size = 0;
  std::string metadata_sha256;  ///< Empty: a source distribution.
  std::string requires_python;
};
/// By normal name.
using Index = std::map<std::string, std::vector<Entry>>;

/// `a b+c` -> `a%20b%2Bc`: a name as a part of a URL.
std::string as_url(std::string_view name) {
  std::string made;
  for (const char c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    made += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return made;
}

class Builder {
 public:
  explicit Builder(const Context& context) : context_(context), root_(context.out_path(0)) {}

  Status add(InputId input);
  Status write_pages();

 private:
  Status write(const std::string& path, std::string_view text) {
    return context_.files.write(join_path(root_, path), text, 0644, false);
  }
  Status write_project(const std::string& name, std::vector<Entry>& entries);

  const Context& context_;
  std::string root_;
  Index index_;
};

Status Builder::add(InputId input) {
  const std::string file(base_name(actions::input_name(context_, input)));
  // The metadata beside a wheel is taken out of the wheel itself.
  if (file.ends_with(".whl.metadata")) return {};
  Result<FileName> name = parse_file_name(file);
  if (!name) return std::unexpected(name.error());
  const std::string path = context_.path_of(input);
  const Result<std::unique_ptr<MappedFile>> content = context_.files.map(path);
  if (!content) return std::unexpected(content.error());
  const std::string_view bytes = (*content)->bytes();
  Entry entry{.file = file,
              .version = name->version,
              .sha256 = hex(sha256_of(bytes)),
              .size = bytes.size(),
              .metadata_sha256 = {},
              .requires_python = {}};
  std::vector<Entry>& entries = index_[name->project];
  const auto twin = std::find_if(entries.begin(), entries.end(),
                                 [&](const Entry& one) { return one.file == file; });
  if (twin != entries.end() && twin->sha256 == entry.sha256) return {};
  if (twin != entries.end())
    return fail(fmt::format("two different files are called {}", printable(file)));
  const Result<std::string> metadata = package_metadata(context_, bytes, file, *name);
  if (!metadata) return std::unexpected(metadata.error());
  entry.requires_python = metadata_field(*metadata, "Requires-Python");
  const Status made = context_.files.make_folders(join_path(root_, name->project));
  if (!made) return made;
  const std::string target = join_path(name->project, file);
  if (name->is_wheel) {
    entry.metadata_sha256 = hex(sha256_of(*metadata));
    if (const Status done = write(target + ".metadata", *metadata); !done) return done;
  }
  entries.push_back(std::move(entry));
  return context_.files.copy(path, join_path(root_, target));
}

std::string page(std::string_view title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"pypi:repository-version\" content=\"1.1\">\n<title>{}</title>\n</head>\n"
      "<body>\n{}</body>\n</html>\n",
      title, body);
}

std::string link_to(const Entry& entry) {
  std::string attributes;
  if (!entry.requires_python.empty())
    attributes += fmt::format(" data-requires-python=\"{}\"", escape_html(entry.requires_python));
  if (!entry.metadata_sha256.empty()) {
    // The second is what pip before 23.3 looks for.
    attributes +=
        fmt::format(" data-core-metadata=\"sha256={0}\" data-dist-info-metadata=\"sha256={0}\"",
                    entry.metadata_sha256);
  }
  return fmt::format("<a href=\"{}#sha256={}\"{}>{}</a><br>\n", as_url(entry.file), entry.sha256,
                     attributes, escape_html(entry.file));
}

ordered_json as_json(const Entry& entry) {
  ordered_json file;
  file["filename"] = entry.file;
  file["url"] = as_url(entry.file);
  file["hashes"]["sha256"] = entry.sha256;
  file["size"] = entry.size;
  if (!entry.requires_python.empty()) file["requires-python"] = entry.requires_python;
  if (!entry.metadata_sha256.empty()) {
    file["core-metadata"]["sha256"] = entry.metadata_sha256;
    file["dist-info-metadata"]["sha256"] = entry.metadata_sha256;
  }
  return file;
}

std::string dumped(const ordered_json& value) {
  return value.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Status Builder::write_project(const std::string& name, std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    const auto order = compare(a.version, b.version);
    return order != 0 ? order < 0 : a.file < b.file;
  });
  std::string links;
  ordered_json json;
  json["meta"]["api-version"] = "1.1";
  json["name"] = name;
  json["versions"] = ordered_json::array();
  json["files"] = ordered_json::array();
  for (const Entry& entry : entries) {
    links += link_to(entry);
    json["files"].push_back(as_json(entry));
    const std::string version = show(entry.version);
    if (json["versions"].empty() || json["versions"].back() != version)
      json["versions"].push_back(version);
  }
  const Status done = write(name + "/index.html", page("Links for " + name, links));
  if (!done) return done;
  return write(name + "/index.json", dumped(json));
}

Status Builder::write_pages() {
  std::string links;
  ordered_json json;
  json["meta"]["api-version"] = "1.1";
  json["projects"] = ordered_json::array();
  for (auto& [name, entries] : index_) {
    if (const Status done = write_project(name, entries); !done) return done;
    links += fmt::format("<a href=\"{0}/\">{0}</a><br>\n", name);
    ordered_json project;
    project["name"] = name;
    json["projects"].push_back(std::move(project));
  }
  if (const Status done = write("index.html", page("Simple index", links)); !done) return done;
  return write("index.json", dumped(json));
}

}  // namespace

}  // namespace devgraph::wheel

namespace devgraph::actions {

/// package_index(files): PEP 503 pages, PEP 691 answers, PEP 658 metadata, and the files.
Status run_package_index(const Context& context) {
  wheel::Builder builder(context);
  for (const InputId input : inputs_arg(context, "files")) {
    if (stopped(context)) return interrupted();
    if (const Status done = builder.add(input); !done) return done;
  }
  return builder.write_pages();
}

}  // namespace devgraph::actions
