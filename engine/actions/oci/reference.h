#pragma once
/// Names of images in registries: `registry/repository:tag@digest`, as docker reads them
/// (distribution/reference).

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/digest.h"
#include "engine/base/result.h"

namespace devgraph::oci {

struct Reference {
  std::string registry;  ///< `ghcr.io`, `localhost:5000`; `docker.io` if the name has none.
  std::string repository;
  std::string tag;  ///< May be empty.
  std::optional<Sha256> digest;
};

/// `python:3.11` is docker.io/library/python:3.11.
Result<Reference> parse_reference(std::string_view text);
/// Whether registries take it as a tag: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}` (distribution-spec).
bool is_tag(std::string_view text);

/// `registry/repository`, then `:tag` and `@digest` if they are there.
std::string show(const Reference& reference);

}  // namespace devgraph::oci
