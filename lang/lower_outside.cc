/// Nodes that fetch: what they name by a tag, a branch or a URL alone is looked up in the lock
/// file. Nobody is asked here; what is not locked yet is noted in the graph for the commands.

#include "lang/lower.h"

namespace devgraph::lang {
namespace {

constexpr std::string_view kSha = "sha256:";

std::string text_of(const Value& value) {
  return value.is(ValueKind::String) ? std::string(value.text()) : std::string();
}

}  // namespace

std::string_view Lowerer::Outside::value() const {
  const std::string_view locked = *asked.locked;
  return asked.ask.kind == AskKind::File ? locked.substr(kSha.size()) : locked;
}

std::optional<Lowerer::Outside> Lowerer::outside_of(Cell& cell) {
  const std::string_view rule = cell.family->rule_name;
  const auto parameter = [&](std::string_view name) {
    return text_of(eval_.parameter(cell, name));
  };
  Outside made;
  if (rule == "fetch") {
    const std::vector<Value> urls = eval_.elements(eval_.parameter(cell, "url"));
    if (!eval_.parameter(cell, "sha256").is_none() || urls.empty()) return std::nullopt;
    // Mirrors have the same file: the first one names it.
    made = {.asked = {{AskKind::File, without_login(text_of(urls[0]))}, {}}, .argument = "sha256"};
  } else if (rule == "git_clone") {
    const std::string rev = parameter("rev");
    if (is_locked_form(AskKind::Git, rev)) return std::nullopt;
    made = {
        .asked = {{AskKind::Git, without_login(parameter("url")), rev.empty() ? "HEAD" : rev}, {}},
        .argument = "rev"};
  } else if (rule == "image_pull") {
    const std::string ref = parameter("ref");
    if (ref.find("@sha256:") != std::string::npos) return std::nullopt;
    made = {.asked = {{AskKind::Image, ref}, {}}, .argument = "ref"};
  } else {
    return std::nullopt;
  }
  if (made.asked.ask.name.empty()) return std::nullopt;  // The action says what is wrong.
  made.asked.locked = eval_.locked(made.asked.ask);
  return made;
}

}  // namespace devgraph::lang
