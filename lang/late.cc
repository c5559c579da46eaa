#include "lang/late.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/decode.h"

namespace devgraph::lang {
namespace {

const std::string kNul(1, '\0');

std::unexpected<LateFault> fault(std::string message) {
  return std::unexpected(LateFault{std::move(message), false});
}

template <class T>
void add_each_once(std::vector<T*>& all, const std::vector<T*>& more) {
  for (T* one : more) {
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  }
}

LateValues names_in(Files& files, const std::string& folder) {
  const Result<std::vector<FolderEntry>> entries = files.list(folder);
  if (!entries) return fault(entries.error().message);
  std::vector<std::string> names;
  for (const FolderEntry& entry : *entries)
    names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

LateValues lines_in(std::string_view text, bool drop_comments) {
  std::vector<std::string> lines;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view bare = trim(line);
    if (!bare.empty() && !(drop_comments && bare.starts_with('#'))) lines.emplace_back(line);
  }
  return lines;
}

/// `line 3, column 5: `; empty if the place is not known.
std::string place_words(std::string_view text, const std::optional<DataPlace>& place) {
  if (!place) return {};
  const std::string_view before = text.substr(0, place->begin);
  const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("line {}, column {}: ", std::count(before.begin(), before.end(), '\n') + 1,
                     before.size() - start + 1);
}

LateValues values_of(const Value& list) {
  if (!list.is(ValueKind::List))
    return fault(fmt::format("an axis is a list, this is {}", kind_name(list)));
  std::vector<std::string> values;
  for (const Value& one : list.items()) {
    const bool is_plain =
        one.is(ValueKind::String) || one.is(ValueKind::Int) || one.is(ValueKind::Bool);
    if (!is_plain || one.kind() != list.items()[0].kind())
      return fault(fmt::format("the values are strings, ints or bools, all of one type; here is {}",
                               show(one)));
    scalar_text(one, values.emplace_back());
  }
  return values;
}

LateValues json_in(std::string_view text, const std::vector<std::string>& steps) {
  const Decoded<Value> value = decode("json", text);
  if (!value)
    return fault(
        fmt::format("{}{}", place_words(text, value.error().place), value.error().message));
  const Value* at = &*value;
  for (const std::string& step : steps) {
    at = at->is(ValueKind::Map) ? at->find(step) : nullptr;
    if (at == nullptr) return fault(fmt::format("it has no `{}`", printable(step)));
  }
  return values_of(*at);
}

LateValues decode_any(Files& files, const std::string& path, const LatePlace& place) {
  const Result<FileStat> stat = files.stat(path);
  if (!stat) return fault(stat.error().message);
  if (!stat->exists()) return std::unexpected(LateFault{"it is not there", true});
  if (place.decoder == "names") {
    if (stat->kind != FileKind::Folder) return fault("it is no folder");
    return names_in(files, path);
  }
  if (stat->kind != FileKind::Regular) return fault("it is no regular file");
  const Result<std::string> text = files.read(path);
  if (!text) return fault(text.error().message);
  const std::string_view bare = without_mark(*text);
  if (place.decoder == "json") return json_in(bare, place.steps);
  return lines_in(bare, place.decoder == "rows");
}

}  // namespace

std::string LatePlace::text() const {
  std::string text = decoder + kNul + path;
  for (const std::string& step : steps)
    text += kNul + step;
  return text;
}

LatePlace LatePlace::parse(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '\0');
  LatePlace place;
  place.decoder = std::string(parts[0]);
  if (parts.size() > 1) place.path = std::string(parts[1]);
  for (std::size_t i = 2; i < parts.size(); ++i)
    place.steps.emplace_back(parts[i]);
  return place;
}

LateValues decode_late(Files& files, const std::string& workspace, const LatePlace& place) {
  LateValues values = decode_any(files, join_path(workspace, place.path), place);
  if (!values) return values;
  std::set<std::string_view> seen;
  for (const std::string& value : *values) {
    if (value.find('\0') != value.npos) return fault("a value holds the byte NUL");
    if (!seen.insert(value).second)
      return fault(fmt::format("it has the value \"{}\" twice", printable(value)));
  }
  return values;
}

Digest digest_of_late(const LateValues& values) {
  Hasher hasher;
  hasher.number(values ? 1 : 0);
  if (!values) hasher.field(values.error().message);
  if (values) {
    for (const std::string& value : *values)
      hasher.field(value);
  }
  return hasher.finish();
}

void LateNeeds::add(const LateNeeds& other) {
  add_each_once(deciders, other.deciders);
  add_each_once(families, other.families);
  if (waits.empty()) waits = other.waits;
}

}  // namespace devgraph::lang
