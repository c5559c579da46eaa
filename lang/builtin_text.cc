/// Functions of strings and versions.

#include <charconv>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/base/text.h"
#include "lang/builtin.h"

namespace devgraph::lang {
namespace {

std::string mapped(std::string text, char from, char to, int shift) {
  for (char& c : text) {
    if (c >= from && c <= to) c = static_cast<char>(c + shift);
  }
  return text;
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t hit = text.find(from); hit != std::string::npos; hit = text.find(from, at)) {
    out += text.substr(at, hit - at) + to;
    at = hit + from.size();
  }
  return out + text.substr(at);
}

Value parts_of(const std::string& text, const std::string& separator) {
  std::vector<Value> parts;
  std::size_t at = 0;
  for (std::size_t hit = text.find(separator); hit != std::string::npos;
       hit = text.find(separator, at)) {
    parts.push_back(Value::string(text.substr(at, hit - at)));
    at = hit + separator.size();
  }
  parts.push_back(Value::string(text.substr(at)));
  return Value::list(std::move(parts));
}

Value version_value(SemVer version) {
  auto object = std::make_shared<VersionObject>();
  object->version = std::move(version);
  return Value(ValueKind::Version, 0, std::move(object));
}

}  // namespace

std::optional<Value> BuiltinCall::text_functions() {
  switch (builtin_.id) {
    case BuiltinId::Split:
    case BuiltinId::Replace:
    case BuiltinId::Before:
    case BuiltinId::AfterLast:
    case BuiltinId::Starts:
    case BuiltinId::Ends:
    case BuiltinId::Trim:
    case BuiltinId::Lower:
    case BuiltinId::Upper:
    case BuiltinId::Int:
    case BuiltinId::Bool:
    case BuiltinId::Version:
      break;
    case BuiltinId::Find:
      return find(false, false);
    case BuiltinId::FindAll:
      return find(true, false);
    case BuiltinId::Matches:
      return find(false, true);
    case BuiltinId::Sub:
      return sub();
    case BuiltinId::Bump:
      return version_part(true);
    case BuiltinId::Floor:
      return version_part(false);
    case BuiltinId::Str: {
      std::string shown;
      if (scalar_text(arg(0), shown)) return Value::string(std::move(shown));
      return wrong_kind(0, "a string, int, bool or version");
    }
    default:
      return std::nullopt;
  }
  return plain_text();
}

/// Functions whose arguments are all strings.
Value BuiltinCall::plain_text() {
  const std::optional<std::string> s = text(0);
  const std::optional<std::string> second = args_.size() > 1 ? text(1) : std::string();
  if (!s || !second) return Value::error();
  switch (builtin_.id) {
    case BuiltinId::Trim:
      return Value::string(std::string(trim(*s)));
    case BuiltinId::Lower:
      return Value::string(mapped(*s, 'A', 'Z', 'a' - 'A'));
    case BuiltinId::Upper:
      return Value::string(mapped(*s, 'a', 'z', 'A' - 'a'));
    case BuiltinId::Starts:
      return Value::boolean(s->starts_with(*second));
    case BuiltinId::Ends:
      return Value::boolean(s->ends_with(*second));
    case BuiltinId::Before:
      return Value::string(s->substr(0, s->find(*second)));
    case BuiltinId::AfterLast: {
      const std::size_t at = s->rfind(*second);
      return Value::string(at == std::string::npos ? *s : s->substr(at + second->size()));
    }
    case BuiltinId::Split:
      if (second->empty()) return wrong("`split` needs a separator that is not empty");
      return parts_of(*s, *second);
    case BuiltinId::Replace: {
      const std::optional<std::string> to = text(2);
      if (!to) return Value::error();
      if (second->empty()) return wrong("`replace` needs a text to look for that is not empty");
      return Value::string(replaced(*s, *second, *to));
    }
    default:
      return parsed(*s);
  }
}

/// `int`, `bool` and `version`.
Value BuiltinCall::parsed(const std::string& s) {
  if (builtin_.id == BuiltinId::Int) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(s.data(), s.data() + s.size(), number);
    if (problem == std::errc{} && end == s.data() + s.size()) return Value::integer(number);
    return wrong(fmt::format("`{}` is no int", printable(s)),
                 "only digits, with a minus before them");
  }
  if (builtin_.id == BuiltinId::Bool) {
    if (s == "true" || s == "false") return Value::boolean(s == "true");
    return wrong(fmt::format("`{}` is no bool", printable(s)), "`true` or `false`");
  }
  std::optional<SemVer> version = parse_semver(s);
  if (version) return version_value(std::move(*version));
  return wrong(fmt::format("`{}` is no version", printable(s)),
               "a SemVer version has three numbers: 1.10.0, 2.0.0-rc.1");
}

Value BuiltinCall::find(bool all, bool asks) {
  const std::optional<std::string> s = text(0);
  const std::optional<std::string> pattern = text(1);
  if (!s || !pattern) return Value::error();
  const re2::RE2 expression(*pattern, re2::RE2::Quiet);
  if (!expression.ok()) {
    return eval_.fault("E408", place(1),
                       fmt::format("`{}` is no regular expression", printable(*pattern)),
                       expression.error());
  }
  const int groups = expression.NumberOfCapturingGroups() > 0 ? 2 : 1;
  std::vector<Value> found;
  std::size_t at = 0;
  re2::StringPiece match[2];
  while (at <= s->size() &&
         expression.Match(*s, at, s->size(), re2::RE2::UNANCHORED, match, groups)) {
    if (asks) return Value::boolean(true);
    const re2::StringPiece& taken = match[groups - 1];
    Value text =
        Value::string(taken.data() ? std::string(taken.data(), taken.size()) : std::string());
    if (!all) return text;
    found.push_back(std::move(text));
    const std::size_t end = static_cast<std::size_t>(match[0].data() - s->data()) + match[0].size();
    at = match[0].empty() ? end + 1 : end;
  }
  if (asks) return Value::boolean(false);
  if (all) return Value::list(std::move(found));
  return wrong(
      fmt::format("`{}` matches nowhere in this text", printable(*pattern)),
      fmt::format("the text is {}; ask `matches` first where it may not match", show(arg(0))));
}

Value BuiltinCall::sub() {
  const std::optional<std::string> s = text(0);
  const std::optional<std::string> pattern = text(1);
  const std::optional<std::string> to = text(2);
  if (!s || !pattern || !to) return Value::error();
  const re2::RE2 expression(*pattern, re2::RE2::Quiet);
  std::string problem = expression.error();
  if (!expression.ok() || !expression.CheckRewriteString(*to, &problem)) {
    return eval_.fault("E408", expression.ok() ? place(2) : place(1),
                       "this pattern or replacement is not valid", problem);
  }
  std::string out = *s;
  re2::RE2::GlobalReplace(&out, expression, *to);
  return Value::string(std::move(out));
}

Value BuiltinCall::version_part(bool bump) {
  if (!arg(0).is(ValueKind::Version)) return wrong_kind(0, "a version");
  const std::optional<std::string> part = text(1);
  if (!part) return Value::error();
  SemVer version = arg(0).as<VersionObject>().version;
  const bool was_pre = !version.pre.empty();
  version.pre.clear();
  version.build.clear();
  if (*part == "major") {
    // 2.0.0-rc.1 is on its way to 2.0.0 already.
    const bool is_next = was_pre && version.minor_part == 0 && version.patch_part == 0;
    version.minor_part = version.patch_part = 0;
    if (bump && !is_next) ++version.major_part;
  } else if (*part == "minor") {
    const bool is_next = was_pre && version.patch_part == 0;
    version.patch_part = 0;
    if (bump && !is_next) ++version.minor_part;
  } else if (*part == "patch") {
    if (bump && !was_pre) ++version.patch_part;
  } else {
    return wrong(fmt::format("a version has no part `{}`", printable(*part)),
                 "\"major\", \"minor\" or \"patch\"");
  }
  return version_value(std::move(version));
}

}  // namespace devgraph::lang
