#include "lang/params.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::lang {
namespace {

/// `name` of the current project, or `//sub:name`.
std::string full_name(std::string_view name, const std::string& project) {
  if (name.starts_with("//")) return std::string(name);
  if (name.starts_with(':')) name.remove_prefix(1);
  return fmt::format("//{}:{}", project, name);
}

Status read_params(std::string_view text, const std::string& file, const std::string& project,
                   std::map<std::string, std::string>& out) {
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line[0] == '#') continue;
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos || trim(line.substr(0, sign)).empty()) {
      return fail(fmt::format("{}, line {}: a parameter is written name = value", file, number));
    }
    out[full_name(trim(line.substr(0, sign)), project)] = std::string(trim(line.substr(sign + 1)));
  }
  return {};
}

std::optional<Value> parse_number(std::string_view text, const Type& type) {
  struct Unit {
    std::string_view name;
    Kind kind;
    std::int64_t factor;
  };
  static constexpr Unit kUnits[] = {{"", Kind::Int, 1},
                                    {"ms", Kind::Duration, 1},
                                    {"s", Kind::Duration, 1000},
                                    {"m", Kind::Duration, 60'000},
                                    {"h", Kind::Duration, 3'600'000},
                                    {"d", Kind::Duration, 86'400'000},
                                    {"B", Kind::Size, 1},
                                    {"kB", Kind::Size, 1000},
                                    {"MB", Kind::Size, 1'000'000},
                                    {"GB", Kind::Size, 1'000'000'000},
                                    {"TB", Kind::Size, 1'000'000'000'000},
                                    {"KiB", Kind::Size, 1LL << 10},
                                    {"MiB", Kind::Size, 1LL << 20},
                                    {"GiB", Kind::Size, 1LL << 30},
                                    {"TiB", Kind::Size, 1LL << 40}};
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& one : kUnits) {
    std::int64_t value = 0;
    if (one.name != unit || one.kind != type.kind) continue;
    if (__builtin_mul_overflow(number, one.factor, &value)) return std::nullopt;
    const ValueKind kind = type.kind == Kind::Int    ? ValueKind::Int
                           : type.kind == Kind::Size ? ValueKind::Size
                                                     : ValueKind::Duration;
    return Value(kind, value);
  }
  return std::nullopt;
}

std::optional<Value> parse_path(std::string_view text, const Type& type,
                                const std::string& project) {
  const bool from_workspace = text.starts_with("//");
  const std::optional<std::string> clean = relative_name(from_workspace ? text.substr(2) : text);
  if (!clean) return std::nullopt;
  std::string path = from_workspace ? *clean : join_path(project, *clean);
  if (type.kind == Kind::Path)
    return Value::path(std::move(path), text.starts_with("./") || from_workspace);
  return Value::file(std::move(path), {},
                     type.kind == Kind::Tree ? ValueKind::Tree : ValueKind::File);
}

}  // namespace

Result<std::map<std::string, std::string>> param_texts(Files& files, const LoadOptions& options) {
  std::map<std::string, std::string> texts;
  for (const std::string& file : options.param_files) {
    const Result<std::string> text = files.read(file);
    if (!text)
      return fail(fmt::format("cannot read the parameters of {}: {}", printable(file),
                              text.error().message));
    if (Status done = read_params(*text, printable(file), options.project, texts); !done)
      return std::unexpected(done.error());
  }
  for (const auto& [name, value] : options.defines)
    texts[full_name(name, options.project)] = value;
  return texts;
}

std::optional<Value> parse_param(std::string_view text, const Type& type,
                                 const std::string& project) {
  switch (type.kind) {
    case Kind::Any:
    case Kind::String:
      return Value::string(std::string(text));
    case Kind::Literal:
      return text == type.text ? std::optional(Value::string(std::string(text))) : std::nullopt;
    case Kind::Bool:
      if (text == "true" || text == "false") return Value::boolean(text == "true");
      return std::nullopt;
    case Kind::Int:
    case Kind::Duration:
    case Kind::Size:
      return parse_number(text, type);
    case Kind::Version: {
      std::optional<SemVer> version = parse_semver(text);
      if (!version) return std::nullopt;
      auto object = std::make_shared<VersionObject>();
      object->version = std::move(*version);
      return Value(ValueKind::Version, 0, std::move(object));
    }
    case Kind::File:
    case Kind::Tree:
    case Kind::Path:
      return parse_path(text, type, project);
    case Kind::Optional:
      if (text == "none") return Value();
      return parse_param(text, *type.item, project);
    case Kind::List: {
      std::vector<Value> items;
      if (text.empty()) return Value::list({});
      for (std::string_view part : split(text, ',')) {
        std::optional<Value> item = parse_param(trim(part), *type.item, project);
        if (!item) return std::nullopt;
        items.push_back(std::move(*item));
      }
      return Value::list(std::move(items));
    }
    case Kind::Union:
      for (const TypeRef& item : type.items) {
        std::optional<Value> value = parse_param(text, *item, project);
        if (value) return value;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

void check_params(const Program& program, const std::map<std::string, std::string>& texts,
                  Diagnostics& found) {
  for (const auto& [label, text] : texts) {
    const std::size_t colon = label.rfind(':');
    const std::string project =
        label.substr(2, colon == std::string::npos ? std::string::npos : colon - 2);
    const std::string name = colon == std::string::npos ? "" : label.substr(colon + 1);
    const Module* module = program.project(project);
    const bool is_known = std::binary_search(program.project_folders().begin(),
                                             program.project_folders().end(), project);
    // A project that this load does not reach may declare it.
    if (!module && is_known) continue;
    std::vector<std::string> names;
    bool declared = false;
    for (const ast::Decl* decl : module ? module->file.decls : std::vector<const ast::Decl*>()) {
      const auto* param = std::get_if<ast::Param>(&decl->value);
      if (!param) continue;
      names.emplace_back(param->name.text);
      declared = declared || param->name.text == name;
    }
    if (declared) continue;
    Diagnostic fault;
    fault.code = "E410";
    fault.message =
        module ? fmt::format("`//{}` has no parameter `{}`", printable(project), printable(name))
               : fmt::format("no project `//{}` for the parameter `{}`", printable(project),
                             printable(name));
    const std::optional<std::string> near = nearest(name, names);
    if (near) fault.helps.push_back(fmt::format("did you mean `{}`?", *near));
    if (!names.empty())
      fault.helps.push_back(fmt::format("its parameters are {}", fmt::join(names, ", ")));
    found.add(std::move(fault));
  }
}

}  // namespace devgraph::lang
