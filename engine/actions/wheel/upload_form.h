#pragma once
/// The form by which files are sent to a package index: the upload API of PyPI, version 1.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"

namespace devgraph::wheel {

struct FormField {
  std::string name;
  std::string value;
  friend bool operator==(const FormField&, const FormField&) = default;
};

/// `metadata`: METADATA of a wheel, PKG-INFO of a source distribution. `file`: its name, which
/// `parse_file_name` takes. Fields of the metadata that the form does not know are left out.
std::vector<FormField> upload_fields(std::string_view metadata, std::string_view file,
                                     const Sha256& digest);

/// multipart/form-data (RFC 7578): a request is `before`, the bytes of the file, and `after`.
struct Form {
  std::string content_type;
  std::string before;
  std::string after;
};
/// `boundary` must not occur in the fields and the file.
Form multipart(const std::vector<FormField>& fields, std::string_view file,
               std::string_view boundary);

}  // namespace devgraph::wheel
