/// Functions that look at the world.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/builtin.h"
#include "lang/git.h"

namespace devgraph::lang {
namespace {

/// The declared name of what a value stands for: relative to nothing in particular.
std::optional<std::string> declared_name(const Value& value) {
  if (value.is(ValueKind::File) || value.is(ValueKind::Tree)) return value.as<FileObject>().path;
  if (value.is(ValueKind::Path)) return std::string(value.as<PathObject>().text);
  if (value.is(ValueKind::String) || value.is(ValueKind::Tool)) return value.text();
  if (!value.is(ValueKind::Output)) return std::nullopt;
  const OutputObject& output = value.as<OutputObject>();
  return join_path(output.cell->outputs[output.index].declared, output.part);
}

}  // namespace

std::optional<Value> BuiltinCall::as_input(const Value& value) {
  switch (value.kind()) {
    case ValueKind::File:
    case ValueKind::Tree:
    case ValueKind::Tool:
    case ValueKind::Slot:
    case ValueKind::Output:
    case ValueKind::Text:
    case ValueKind::Glue:
      return value;
    case ValueKind::Node: {
      const std::optional<Value> out = eval_.handle_field(*value.as<NodeObject>().cell, "out");
      return out && !out->is_error() ? out : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

/// The path of a source; a built file is refused.
std::optional<std::string> BuiltinCall::source(std::size_t index) {
  const Value& value = arg(index);
  const bool is_source = value.is(ValueKind::File) || value.is(ValueKind::Tree);
  if (is_source && !eval_.world().is_output(value.as<FileObject>().path))
    return value.as<FileObject>().path;
  if (is_source || as_input(value)) {
    eval_.fault(
        "E404", place(index), fmt::format("`{}` reads sources; this is built", builtin_.name),
        "built by a node",
        "the graph is made before anything is built: read it in a script, or use a late axis");
  } else {
    wrong_kind(index, "a file");
  }
  return std::nullopt;
}

std::optional<Value> BuiltinCall::file_functions() {
  World& world = eval_.world();
  switch (builtin_.id) {
    case BuiltinId::Base:
    case BuiltinId::Stem:
    case BuiltinId::Ext:
    case BuiltinId::Parent:
      return named(builtin_.id);
    case BuiltinId::Read:
      return read(false);
    case BuiltinId::Lines:
      return read(true);
    case BuiltinId::Json:
    case BuiltinId::Toml:
    case BuiltinId::Yaml:
    case BuiltinId::Dotenv:
      return decode();
    case BuiltinId::Names:
      return names();
    case BuiltinId::CommitOf:
      return commit_of();
    case BuiltinId::Files: {
      const std::optional<std::string> tree = source(0);
      if (!tree) return Value::error();
      return eval_.glob_value(tree->empty() ? "**" : glob_quote(*tree) + "/**", at_, false);
    }
    case BuiltinId::Exists: {
      if (arg(0).is(ValueKind::Path))
        return Value::boolean(world.exists(std::string(trim(arg(0).as<PathObject>().text))));
      const std::optional<std::string> path = source(0);
      return path ? Value::boolean(world.exists(*path)) : Value::error();
    }
    case BuiltinId::Text: {
      if (arg(0).is(ValueKind::String)) return arg(0);
      const std::optional<Value> input = as_input(arg(0));
      if (!input || input->is(ValueKind::Tree)) return wrong_kind(0, "a file");
      return Value::list({*input}, ValueKind::Text);
    }
    case BuiltinId::Secret:
    case BuiltinId::Tool:
    case BuiltinId::Env:
      return by_name();
    default:
      return std::nullopt;
  }
}

/// `secret`, `tool` and `env`.
Value BuiltinCall::by_name() {
  const std::optional<std::string> name = text(0);
  if (!name) return Value::error();
  if (builtin_.id == BuiltinId::Env) {
    std::optional<std::string> value = eval_.world().env(*name);
    return value ? Value::string(std::move(*value)) : Value();
  }
  auto object = std::make_shared<StringObject>();
  object->text = *name;
  if (builtin_.id == BuiltinId::Secret) {
    constexpr std::int64_t kLastEpoch = 1'000'000'000;
    const std::int64_t epoch = arg(1).is(ValueKind::Int) ? arg(1).number() : 1;
    if (epoch < 1 || epoch > kLastEpoch) return wrong("an epoch is 1 or more");
    return Value(ValueKind::Secret, epoch, std::move(object));
  }
  if (name->empty() || name->find('/') != std::string::npos) {
    return wrong("a tool is a name without slashes", "a program of the tree is a path: ./tools/x");
  }
  const Result<std::string> path = eval_.world().tool(*name);
  if (!path) {
    return eval_.fault("E409", at_, fmt::format("no program `{}`", printable(*name)),
                       path.error().message, "install it, or put its folder on PATH");
  }
  return Value(ValueKind::Tool, 0, std::move(object));
}

Value BuiltinCall::named(BuiltinId id) {
  const std::optional<Value> input = arg(0).is(ValueKind::Node) ? as_input(arg(0)) : arg(0);
  const std::optional<std::string> name = input ? declared_name(*input) : std::nullopt;
  if (!name) return wrong_kind(0, "a file, tree or path");
  const std::string whole(name->ends_with('/') ? name->substr(0, name->size() - 1) : *name);
  const std::string base(base_name(whole));
  // A dot at the start belongs to the name: `.env` has no extension.
  const std::size_t dot = base.find('.', 1);
  switch (id) {
    case BuiltinId::Base:
      return Value::string(base);
    case BuiltinId::Stem:
      return Value::string(base.substr(0, dot));
    case BuiltinId::Ext:
      return Value::string(dot == std::string::npos ? "" : base.substr(dot + 1));
    default:
      return Value::string(std::string(parent_path(whole)));
  }
}

Value BuiltinCall::decode() {
  const std::optional<std::string> path = source(0);
  if (!path) return Value::error();
  const std::string decoder(builtin_.name);
  auto value = eval_.world().read_data(*path, decoder);
  if (!value) return eval_.report_data(*path, decoder, value.error(), place(0));
  auto object = std::make_shared<DataObject>();
  object->path = *path;
  object->decoder = decoder;
  object->inner = std::move(*value);
  return Value(ValueKind::Data, 0, std::move(object));
}

Value BuiltinCall::read(bool lines) {
  const std::optional<std::string> path = source(0);
  if (!path) return Value::error();
  Result<std::string> text = eval_.world().read_text(*path);
  if (!text)
    return eval_.fault("E401", place(0), fmt::format("cannot read `{}`", printable(*path)),
                       text.error().message);
  if (!lines) return Value::string(std::move(*text));
  const bool drop_comments = args_.size() > 1 && arg(1).is_true();
  std::vector<Value> all;
  for (std::string_view line : split(*text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view bare = trim(line);
    if (bare.empty() || (drop_comments && bare.starts_with('#'))) continue;
    all.push_back(Value::string(std::string(line)));
  }
  return Value::list(std::move(all));
}

Value BuiltinCall::names() {
  std::vector<std::string> found;
  if (arg(0).is(ValueKind::Tree)) {
    const std::optional<std::string> tree = source(0);
    if (!tree) return Value::error();
    for (const std::string& path :
         eval_.world().glob(tree->empty() ? "**" : glob_quote(*tree) + "/**").files)
      found.emplace_back(base_name(path));
  } else {
    for (const Value& one : eval_.elements(arg(0))) {
      if (!one.is(ValueKind::File)) {
        return eval_.fault("E404", place(0),
                           fmt::format("`names` lists sources, this is {}", kind_name(one)),
                           kind_name(one),
                           "for what a node makes use a late axis:  late axis x = names(node.out)");
      }
      found.emplace_back(base_name(one.as<FileObject>().path));
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<Value> all;
  all.reserve(found.size());
  for (std::string& name : found)
    all.push_back(Value::string(std::move(name)));
  return Value::list(std::move(all));
}

Value BuiltinCall::commit_of() {
  const std::string& project = env_.frame->project;
  std::vector<std::string> paths;
  std::vector<std::string> globs;
  for (const Value& one : eval_.elements(arg(0))) {
    if (!one.is(ValueKind::File) && !one.is(ValueKind::Tree))
      return wrong_kind(0, "a list of sources");
    const FileObject& file = one.as<FileObject>();
    if (file.glob && (globs.empty() || globs.back() != *file.glob)) globs.push_back(*file.glob);
    const std::string& path = file.path;
    paths.push_back(is_within(path, project) ? std::string(relative_to(path, project))
                                             : ":/" + path);
  }
  if (paths.empty()) return wrong("`git.commit_of` needs a file");
  for (const std::string& path : paths) {
    if (path.starts_with(":/"))
      return eval_.fault("E413", place(0), "`git.commit_of` asks for files of its own project",
                         "of another project");
  }
  const Result<std::optional<std::string>> value = eval_.world().git(project, "commit_of", paths);
  const std::optional<std::string> commit = value.value_or(std::nullopt);
  if (!commit) {
    const bool is_shallow = !value && value.error().message == kShallowHistory;
    return eval_.fault("E413", at_, "git.commit_of is not known here",
                       value ? "no commit" : value.error().message,
                       is_shallow ? "get all of it:  git fetch --unshallow  (a workflow of GitHub "
                                    "gives actions/checkout `fetch-depth: 0`)"
                                  : "git facts need a git repository with a commit");
  }
  if (globs.empty() || commit->ends_with("-dirty")) return Value::string(*commit);
  // What a glob no longer finds is a change as well.
  std::ranges::sort(globs);
  globs.erase(std::unique(globs.begin(), globs.end()), globs.end());
  const Result<std::optional<std::string>> lacks = eval_.world().git(project, "lacks", globs);
  if (!lacks) {
    return eval_.fault("E413", at_, "git.commit_of is not known here", lacks.error().message,
                       "git facts need a git repository with a commit");
  }
  return Value::string(*lacks == "true" ? *commit + "-dirty" : *commit);
}

}  // namespace devgraph::lang
