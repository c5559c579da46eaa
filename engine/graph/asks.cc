#include "engine/graph/asks.h"

#include <algorithm>
#include <array>

#include "engine/graph/builder.h"

namespace devgraph {
namespace {

constexpr std::array<std::string_view, 3> kWords = {"file", "git", "image"};
constexpr std::string_view kSha = "sha256:";
constexpr std::size_t kShaDigits = 64;
constexpr std::size_t kCommitDigits = 40;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_sha(std::string_view text) {
  return text.starts_with(kSha) && text.size() == kSha.size() + kShaDigits &&
         is_hex(text.substr(kSha.size()));
}

}  // namespace

std::vector<Asked> asks_of(const Graph& graph, NodeId node) {
  std::vector<Asked> made;
  const Value& list = graph.value(graph.node(node).asks);
  if (list.tag != ValueTag::List) return made;
  for (const ValueId id : graph.items(list)) {
    const Value& row = graph.value(id);
    if (row.tag != ValueTag::List || graph.items(row).size() != 4) continue;
    const std::span<const ValueId> fields = graph.items(row);
    const auto text = [&](std::size_t i) {
      const Value& value = graph.value(fields[i]);
      return value.tag == ValueTag::Str ? std::string(graph.str(StrId{value.a})) : std::string();
    };
    const std::optional<AskKind> kind = ask_kind(text(0));
    if (!kind) continue;
    Asked asked{.ask = {.kind = *kind, .name = text(1), .rev = text(2)}, .locked = std::nullopt};
    if (graph.value(fields[3]).tag == ValueTag::Str) asked.locked = text(3);
    made.push_back(std::move(asked));
  }
  return made;
}

ValueId value_of(GraphBuilder& builder, const std::vector<Asked>& asked) {
  if (asked.empty()) return builder.none();
  std::vector<ValueId> rows;
  rows.reserve(asked.size());
  for (const auto& [ask, locked] : asked) {
    rows.push_back(
        builder.list(ValueTag::List,
                     {builder.string(word_of(ask.kind)), builder.string(ask.name),
                      builder.string(ask.rev), locked ? builder.string(*locked) : builder.none()}));
  }
  return builder.list(ValueTag::List, rows);
}

std::string_view word_of(AskKind kind) {
  return kWords[static_cast<std::size_t>(kind)];
}

std::optional<AskKind> ask_kind(std::string_view word) {
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<AskKind>(found - kWords.begin());
}

bool is_locked_form(AskKind kind, std::string_view value) {
  switch (kind) {
    case AskKind::File:
      return is_sha(value);
    case AskKind::Git:
      return (value.size() == kCommitDigits || value.size() == kShaDigits) && is_hex(value);
    case AskKind::Image: {
      const std::size_t at = value.find('@');
      return at != std::string_view::npos && at > 0 && is_sha(value.substr(at + 1));
    }
  }
  return false;
}

std::string show(const Ask& ask) {
  std::string text(word_of(ask.kind));
  text += " " + ask.name;
  if (!ask.rev.empty()) text += " " + ask.rev;
  return text;
}

std::string without_login(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t host = scheme + 3;
  const std::size_t at = url.substr(0, url.find_first_of("/?#", host)).rfind('@');
  if (at == std::string_view::npos || at < host) return std::string(url);
  return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

}  // namespace devgraph
