#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/plan/key.h"

namespace devgraph::plan {
namespace {

constexpr std::size_t kLongest = 60;

std::int64_t int_of(const Value& value) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(value.b) << 32) | value.a);
}

std::string show_plain(const Graph& graph, const Value& value) {
  switch (value.tag) {
    case ValueTag::None:
      return "none";
    case ValueTag::False:
      return "false";
    case ValueTag::True:
      return "true";
    case ValueTag::Int:
      return fmt::format("{}", int_of(value));
    case ValueTag::Str:
      return fmt::format("\"{}\"", printable(graph.str(StrId{value.a})));
    case ValueTag::Input:
      return input_name(graph, InputId{value.a});
    case ValueTag::Text:
      return fmt::format("text of {}", input_name(graph, InputId{value.a}));
    case ValueTag::Out:
      return "{out}";
    case ValueTag::Secret:
      return fmt::format("secret {} epoch {}", graph.str(StrId{value.a}), value.b);
    default:
      return "";
  }
}

void show_into(const Graph& graph, ValueId id, std::string& out, unsigned depth);

void show_items(const Graph& graph, const Value& value, std::string& out, unsigned depth) {
  out += value.tag == ValueTag::Join ? "join(" : value.tag == ValueTag::Rsp ? "rsp(" : "[";
  bool first = true;
  for (const ValueId item : graph.items(value)) {
    if (out.size() > kLongest) break;
    if (!first) out += ", ";
    first = false;
    show_into(graph, item, out, depth + 1);
  }
  out += value.tag == ValueTag::List ? "]" : ")";
}

void show_into(const Graph& graph, ValueId id, std::string& out, unsigned depth) {
  constexpr unsigned kDeepest = 8;
  const Value& value = graph.value(id);
  if (out.size() > kLongest || depth > kDeepest) {
    out += "…";
    return;
  }
  if (value.tag == ValueTag::List || value.tag == ValueTag::Join || value.tag == ValueTag::Rsp) {
    show_items(graph, value, out, depth);
  } else if (value.tag == ValueTag::Map) {
    out += "{";
    bool first = true;
    for (const Field& field : graph.fields(value)) {
      if (out.size() > kLongest) break;
      if (!first) out += ", ";
      first = false;
      out += fmt::format("{} = ", printable(graph.str(field.name)));
      show_into(graph, field.value, out, depth + 1);
    }
    out += "}";
  } else {
    out += show_plain(graph, value);
  }
}

}  // namespace

std::string show_value(const Graph& graph, ValueId id) {
  std::string out;
  show_into(graph, id, out, 0);
  if (out.size() <= kLongest) return out;
  // Cut between code points.
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U)
    --end;
  return out.substr(0, end) + "…";
}

}  // namespace devgraph::plan
