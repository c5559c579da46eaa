#include "lang/semver.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::lang {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool has_leading_zero(std::string_view digits) {
  return digits.size() > 1 && digits[0] == '0';
}

std::optional<std::uint64_t> number(std::string_view text) {
  if (!is_digits(text) || has_leading_zero(text)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::strong_ordering compare_identifiers(const std::string& a, const std::string& b) {
  const bool a_number = is_digits(a);
  const bool b_number = is_digits(b);
  if (a_number != b_number)
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  // Numbers without leading zeros: the longer one is the larger one.
  if (a_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace

std::optional<SemVer> parse_semver(std::string_view text) {
  SemVer version;
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    for (std::string_view part : split(version.build, '.')) {
      if (!is_identifier(part)) return std::nullopt;
    }
    text = text.substr(0, plus);
  }
  const std::size_t minus = text.find('-');
  if (minus != std::string_view::npos) {
    for (std::string_view part : split(text.substr(minus + 1), '.')) {
      if (!is_identifier(part) || (is_digits(part) && has_leading_zero(part))) return std::nullopt;
      version.pre.emplace_back(part);
    }
    text = text.substr(0, minus);
  }
  const std::vector<std::string_view> core = split(text, '.');
  if (core.size() != 3) return std::nullopt;
  const std::optional<std::uint64_t> major_part = number(core[0]);
  const std::optional<std::uint64_t> minor_part = number(core[1]);
  const std::optional<std::uint64_t> patch_part = number(core[2]);
  if (!major_part || !minor_part || !patch_part) return std::nullopt;
  version.major_part = *major_part;
  version.minor_part = *minor_part;
  version.patch_part = *patch_part;
  return version;
}

std::string show(const SemVer& version) {
  std::string text =
      fmt::format("{}.{}.{}", version.major_part, version.minor_part, version.patch_part);
  for (std::size_t i = 0; i < version.pre.size(); ++i) {
    text += (i == 0 ? "-" : ".") + version.pre[i];
  }
  if (!version.build.empty()) text += "+" + version.build;
  return text;
}

std::strong_ordering compare(const SemVer& a, const SemVer& b) {
  if (a.major_part != b.major_part) return a.major_part <=> b.major_part;
  if (a.minor_part != b.minor_part) return a.minor_part <=> b.minor_part;
  if (a.patch_part != b.patch_part) return a.patch_part <=> b.patch_part;
  // A pre-release comes before its release.
  if (a.pre.empty() != b.pre.empty()) {
    return a.pre.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  for (std::size_t i = 0; i < std::min(a.pre.size(), b.pre.size()); ++i) {
    const std::strong_ordering order = compare_identifiers(a.pre[i], b.pre[i]);
    if (order != std::strong_ordering::equal) return order;
  }
  return a.pre.size() <=> b.pre.size();
}

}  // namespace devgraph::lang
