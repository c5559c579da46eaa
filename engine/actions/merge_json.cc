#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/natives.h"
#include "engine/actions/stream.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

using nlohmann::json;

/// Blanks and line ends outside of strings removed; all else, numbers above all, stays as written.
std::string compact(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      made += c;
      made += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
    made += c;
  }
  return made;
}

/// A compact value with its numbers as text, so that comparing two rounds none of them.
json comparable(std::string_view text) {
  std::string made;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '-' || (c >= '0' && c <= '9'))) {
      const std::size_t end = std::min(text.find_first_not_of("+-.eE0123456789", i), text.size());
      made += fmt::format("\"\\u0000{}\"", text.substr(i, end - i));
      i = end - 1;
      continue;
    }
    made += c;
    if (quoted && c == '\\') made += text[++i];
  }
  return json::parse(made);
}

/// The members of a compact object as they are written. The text is known to be JSON.
std::vector<std::pair<std::string_view, std::string_view>> members_of(std::string_view text) {
  std::vector<std::pair<std::string_view, std::string_view>> members;
  std::size_t begin = 1;
  std::size_t colon = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == ':' && depth == 1 && colon == 0) {
      colon = i;
    } else if ((c == ',' && depth == 1) || (c == '}' && depth == 1)) {
      if (colon != 0) {
        members.emplace_back(text.substr(begin, colon - begin),
                             text.substr(colon + 1, i - colon - 1));
      }
      begin = i + 1;
      colon = 0;
      if (c == '}') --depth;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return members;
}

/// The text of a part without white space; an error names the file and the place.
Result<std::string> read_part(const Context& context, InputId part) {
  Result<std::string> text = context.files.read(context.path_of(part));
  if (!text) return text;
  if (text->starts_with("\xef\xbb\xbf")) text->erase(0, 3);
  if (json::accept(*text)) return compact(*text);
  std::string reason;
  try {
    const json never = json::parse(*text);
    reason = never.type_name();
  } catch (const json::exception& fault) {
    reason = fault.what();  // `[json.exception.…] parse error at line 1, column 2: …`
    reason.erase(0, reason.find("] ") == std::string::npos ? 0 : reason.find("] ") + 2);
  }
  return fail(
      fmt::format("{} is no JSON: {}", printable(input_name(context, part)), printable(reason)));
}

struct Seen {
  std::string_view value;
  InputId part{};
};

class Merge {
 public:
  Merge(const Context& context, OutStream& out) : context_(context), out_(out) {}

  Status add_object(InputId part, std::string text);
  Status element(std::string_view text);
  Status finish(std::string_view empty, std::string_view close);
  Status open(std::string_view text) { return out_.write(text); }

 private:
  std::string name(InputId part) const { return printable(input_name(context_, part)); }
  const Context& context_;
  OutStream& out_;
  bool any_ = false;
  std::vector<std::unique_ptr<std::string>> texts_;  // `seen_` points into them.
  std::map<std::string, Seen> seen_;
};

Status Merge::element(std::string_view text) {
  if (const Status done = out_.write(any_ ? ",\n" : "\n"); !done) return done;
  any_ = true;
  return out_.write(text);
}

Status Merge::finish(std::string_view empty, std::string_view close) {
  return out_.write(any_ ? close : empty);
}

Status Merge::add_object(InputId part, std::string text) {
  if (!text.starts_with('{')) {
    return fail(
        fmt::format("{} is no JSON object, so it has no keys to join; "
                    "`by = \"list\"` makes a list of the parts",
                    name(part)));
  }
  texts_.push_back(std::make_unique<std::string>(std::move(text)));
  for (const auto& [key, value] : members_of(*texts_.back())) {
    const std::string decoded = json::parse(key).get<std::string>();
    const auto [at, added] = seen_.try_emplace(decoded, Seen{value, part});
    if (!added) {
      if (at->second.value == value || comparable(at->second.value) == comparable(value)) continue;
      return fail(at->second.part == part
                      ? fmt::format("the key `{}` stands twice in {}, with different values",
                                    printable(decoded), name(part))
                      : fmt::format("the key `{}` has one value in {} and another in {}",
                                    printable(decoded), name(at->second.part), name(part)));
    }
    if (const Status done = element(fmt::format("{}:{}", key, value)); !done) return done;
  }
  return {};
}

}  // namespace

/// merge_json(parts, by): one line for each key or part, in order, values as they were written.
Status run_merge_json(const Context& context) {
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return std::unexpected(out.error());
  const bool as_list = string_arg(context, "by") == "list";
  Merge merge(context, *out);
  if (const Status done = merge.open(as_list ? "[" : "{"); !done) return done;
  for (const InputId part : inputs_arg(context, "parts")) {
    if (stopped(context)) return interrupted();
    Result<std::string> text = read_part(context, part);
    if (!text) return std::unexpected(text.error());
    const Status done = as_list ? merge.element(*text) : merge.add_object(part, std::move(*text));
    if (!done) return done;
  }
  const Status closed = as_list ? merge.finish("]\n", "\n]\n") : merge.finish("}\n", "\n}\n");
  if (!closed) return closed;
  return out->finish();
}

}  // namespace devgraph::actions
