#pragma once
/// A wheel or source distribution as an index shows it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/python_name.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

struct FileName {
  std::string project;  ///< Normal name.
  PythonVersion version;
  bool is_wheel = false;
};

/// Of `acme-1.0-py3-none-any.whl`, `acme-1.0.tar.gz`; the message says what is wrong.
Result<FileName> parse_file_name(std::string_view name);

/// The first value of a field in METADATA or PKG-INFO; empty if there is none.
std::string metadata_field(std::string_view metadata, std::string_view name);
/// All its values, in their order.
std::vector<std::string> metadata_fields(std::string_view metadata, std::string_view name);

/// A text as it stands in HTML, in quotes or not.
std::string escape_html(std::string_view text);

}  // namespace devgraph::wheel
