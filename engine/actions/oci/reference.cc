#include "engine/actions/oci/reference.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/oci/spec.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Lower-case words, joined by `.`, `_`, `__` or dashes.
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) {
    return false;
  }
  std::string_view between;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_lower_or_digit(text[i])) {
      between = {};
      continue;
    }
    between = {text.data() + i - between.size(), between.size() + 1};
    const bool dashes = between.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && between != "." && between != "_" && between != "__") return false;
  }
  return true;
}

bool is_repository(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  return text.size() <= 255 && std::all_of(parts.begin(), parts.end(), is_component);
}

bool is_registry(std::string_view text) {
  if (text.empty()) return false;
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             ".:-[]") == std::string_view::npos;
}

std::unexpected<Error> wrong(std::string_view text, std::string_view why) {
  return fail(fmt::format("`{}` is no name of an image: {}", printable(text), why));
}

}  // namespace

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text[0] == '.' || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
  });
}

Result<Reference> parse_reference(std::string_view text) {
  Reference made;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    const Result<Sha256> digest = parse_oci_digest(rest.substr(at + 1));
    if (!digest) return wrong(text, digest.error().message);
    made.digest = *digest;
    rest = rest.substr(0, at);
  }
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos &&
      colon > 0) {
    made.tag = rest.substr(colon + 1);
    if (!is_tag(made.tag)) return wrong(text, "a tag has letters, digits and _ . -, up to 128");
    rest = rest.substr(0, colon);
  }
  const std::size_t slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  // The first part is a host if it looks like one; else the name is docker's.
  const bool has_host =
      slash != std::string_view::npos &&
      (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  made.registry = has_host ? first : "docker.io";
  made.repository = has_host ? rest.substr(slash + 1) : rest;
  if (!is_registry(made.registry)) return wrong(text, "its registry is no host");
  if (!is_repository(made.repository)) {
    return wrong(text, "a repository has lower-case letters, digits, and . _ - between them");
  }
  if (made.registry == "docker.io" && made.repository.find('/') == std::string::npos) {
    made.repository = "library/" + made.repository;
  }
  return made;
}

std::string show(const Reference& reference) {
  std::string made = reference.registry + "/" + reference.repository;
  if (!reference.tag.empty()) made += ":" + reference.tag;
  if (reference.digest) made += "@" + show(*reference.digest);
  return made;
}

}  // namespace devgraph::oci
