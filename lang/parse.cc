#include "lang/parse.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/actions.h"
#include "lang/grammar.h"
#include "lang/parse_builder.h"
#include "lang/parse_faults.h"

namespace devgraph::lang {

namespace {

namespace p = tao::pegtl;

constexpr std::size_t kMaxFile = std::size_t{64} << 20;

using Input = p::memory_input<p::tracking_mode::lazy>;

/// Runs one rule at an offset; the offset behind it, or none after a fault (which is recorded).
template <typename Rule>
std::optional<std::uint32_t> run(Builder& builder, std::string_view text, std::uint32_t at) {
  Input input(text.data() + at, text.data() + text.size(), "");
  try {
    if (!p::parse<Rule, grammar::action, grammar::control>(input, builder)) return at;
  } catch (const grammar::Abandoned&) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(input.current() - text.data());
}

/// Bytes of the well-formed UTF-8 sequence of two to four bytes that the text starts with, or 0.
std::size_t utf8_length(std::string_view text) {
  for (std::size_t size = 2; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (is_valid_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

/// The offset of the first byte that no manifest may hold; the size of the text if there is none.
std::size_t first_bad_byte(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) return i;
    if (byte < 0x80) {
      ++i;
      continue;
    }
    const std::size_t size = utf8_length(text.substr(i));
    if (size == 0) return i;
    i += size;
  }
  return i;
}

bool is_readable(SourceId source, std::string_view text, Diagnostics& found) {
  if (text.size() > kMaxFile) {
    found.error("E013", {source, 0, 0}, "this manifest is larger than 64 MiB");
    return false;
  }
  const std::size_t bad = first_bad_byte(text);
  if (bad == text.size()) return true;
  const auto at = static_cast<std::uint32_t>(bad);
  const auto byte = static_cast<unsigned char>(text[bad]);
  Diagnostic& diagnostic =
      found.error("E012", {source, at, at + 1},
                  byte == 0 ? std::string("a manifest cannot hold a NUL byte")
                            : fmt::format("the byte 0x{:02X} is not UTF-8 here", byte));
  diagnostic.helps.emplace_back(
      byte == 0 ? "is this a text file?"
                : "save the file as UTF-8; in a string write \\xNN for a byte of a file name");
  return false;
}

}  // namespace

ast::File parse(const Sources& sources, SourceId source, Diagnostics& found) {
  const std::string_view text = sources.text(source);
  Builder builder(source, text, found);
  if (!is_readable(source, text, found)) return builder.finish();

  const auto end = static_cast<std::uint32_t>(text.size());
  std::uint32_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const auto advance = [&](std::optional<std::uint32_t> next) {
    at = next ? *next : builder.recover(at);
  };
  advance(run<grammar::file_head>(builder, text, at));
  while (at < end) {
    advance(run<grammar::file_item>(builder, text, at));
  }
  return builder.finish();
}

}  // namespace devgraph::lang
