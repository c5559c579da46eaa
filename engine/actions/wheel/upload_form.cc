#include "engine/actions/wheel/upload_form.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

/// The name of a field in the form, for its name in the metadata. Of the first kind the first one
/// counts, of the second there may be many.
struct Known {
  std::string_view header;
  std::string_view field;
  bool is_list = false;
};
constexpr std::array<Known, 30> kKnown = {{
    {"metadata-version", "metadata_version"},
    {"name", "name"},
    {"version", "version"},
    {"summary", "summary"},
    {"description", "description"},
    {"description-content-type", "description_content_type"},
    {"keywords", "keywords"},
    {"home-page", "home_page"},
    {"download-url", "download_url"},
    {"author", "author"},
    {"author-email", "author_email"},
    {"maintainer", "maintainer"},
    {"maintainer-email", "maintainer_email"},
    {"license", "license"},
    {"license-expression", "license_expression"},
    {"requires-python", "requires_python"},
    {"license-file", "license_file", true},
    {"classifier", "classifiers", true},
    {"platform", "platform", true},
    {"supported-platform", "supported_platform", true},
    {"requires-dist", "requires_dist", true},
    {"provides-dist", "provides_dist", true},
    {"obsoletes-dist", "obsoletes_dist", true},
    {"requires-external", "requires_external", true},
    {"project-url", "project_urls", true},
    {"provides-extra", "provides_extra", true},
    {"requires", "requires", true},
    {"provides", "provides", true},
    {"obsoletes", "obsoletes", true},
    {"dynamic", "dynamic", true},
}};

struct Header {
  std::string name;  ///< Lower case.
  std::string value;
};
struct Metadata {
  std::vector<Header> headers;
  std::string body;
};

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

/// A line that goes on with the value before it: setuptools indents by eight spaces, others by
/// seven and a bar.
std::string_view unfolded(std::string_view line) {
  for (const std::string_view indent : {"        ", "       |"}) {
    if (line.starts_with(indent)) return line.substr(indent.size());
  }
  return trim(line);
}

Metadata read_metadata(std::string_view text) {
  Metadata found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if ((line[0] == ' ' || line[0] == '\t') && !found.headers.empty()) {
      found.headers.back().value += fmt::format("\n{}", unfolded(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    found.headers.push_back(
        {lower_case(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
  }
  found.body = text;
  return found;
}

/// Whether the metadata is of this version at least. License-File is in older ones by mistake of
/// setuptools, and an index refuses it there.
bool is_at_least(const Metadata& metadata, std::string_view least) {
  for (const Header& header : metadata.headers) {
    if (header.name != "metadata-version") continue;
    const auto version = parse_python_version(header.value);
    const auto lowest = parse_python_version(least);
    return version && lowest && compare(*version, *lowest) >= 0;
  }
  return false;
}

/// As browsers write a name in quotes.
std::string quoted(std::string_view name) {
  std::string made = "\"";
  for (const char c : name) {
    if (c == '"') {
      made += "%22";
    } else if (c == '\r') {
      made += "%0D";
    } else if (c == '\n') {
      made += "%0A";
    } else {
      made += c;
    }
  }
  return made + '"';
}

/// `cp311` of `acme-1.0-cp311-cp311-linux_x86_64.whl`.
std::string python_tag(std::string_view file) {
  const std::vector<std::string_view> parts = split(file, '-');
  return std::string(parts[parts.size() - 3]);
}

}  // namespace

std::vector<FormField> upload_fields(std::string_view metadata, std::string_view file,
                                     const Sha256& digest) {
  const bool is_wheel = file.ends_with(".whl");
  std::vector<FormField> fields = {{":action", "file_upload"},
                                   {"protocol_version", "1"},
                                   {"sha256_digest", hex(digest)},
                                   {"filetype", is_wheel ? "bdist_wheel" : "sdist"},
                                   {"pyversion", is_wheel ? python_tag(file) : "source"}};
  const Metadata found = read_metadata(metadata);
  const bool has_license_files = is_at_least(found, "2.4");
  bool is_described = false;
  for (const Known& known : kKnown) {
    if (known.field == "license_file" && !has_license_files) continue;
    for (const Header& header : found.headers) {
      if (header.name != known.header) continue;
      fields.push_back({std::string(known.field), header.value});
      is_described = is_described || known.field == "description";
      if (!known.is_list) break;
    }
  }
  if (!is_described && !found.body.empty()) fields.push_back({"description", found.body});
  return fields;
}

Form multipart(const std::vector<FormField>& fields, std::string_view file,
               std::string_view boundary) {
  Form form;
  form.content_type = fmt::format("multipart/form-data; boundary={}", boundary);
  for (const FormField& field : fields) {
    form.before += fmt::format("--{}\r\nContent-Disposition: form-data; name={}\r\n\r\n{}\r\n",
                               boundary, quoted(field.name), field.value);
  }
  form.before += fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"content\"; filename={}\r\n"
      "Content-Type: application/octet-stream\r\n\r\n",
      boundary, quoted(file));
  form.after = fmt::format("\r\n--{}--\r\n", boundary);
  return form;
}

}  // namespace devgraph::wheel
