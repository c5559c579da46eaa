/// Values to rows of the graph, and what they mention to inputs.

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/lower.h"

namespace devgraph::lang {

/// The name of a source in the key: project-relative, or `//x` of another project.
std::string Lowerer::key_name(const std::string& path, const Cell& cell) const {
  const std::string& project = cell.family->frame->project;
  if (is_within(path, project)) return std::string(relative_to(path, project));
  return "//" + path;
}

InputId Lowerer::output_input(Cell& cell, std::uint32_t index, const std::string& part, Use& use) {
  if (cell.id == ~0U) node_of(cell);
  Input input;
  input.kind = part.empty() ? InputKind::Output : InputKind::OutputPart;
  input.ref = cell.first_output + index;
  const std::string& declared = cell.outputs[index].declared;
  input.name = builder_.str(part.empty() ? declared : join_path(declared, part));
  input.part = builder_.str(part);
  input.normalize = use.normalize;
  const InputId id = builder_.add_input(input);
  use.inputs->add(id, use.in_list);
  return id;
}

/// At the path as it is written; where it is used, too, if that is elsewhere.
void Lowerer::bad_source(const FileObject& file, const Use& use, Refusal refusal) {
  const Range at = file.written.end > file.written.begin ? file.written : use.at;
  Diagnostic* said =
      eval_.report(refusal.code, at, std::move(refusal.message), std::move(refusal.label));
  if (said == nullptr) return;
  const bool holds_it =
      use.at.source == at.source && use.at.begin <= at.begin && at.end <= use.at.end;
  const bool is_std = eval_.sources().name(use.at.source).starts_with('<');
  if (!holds_it && !is_std) said->also.push_back({use.at, "used here"});
  if (!refusal.help.empty()) said->helps.push_back(std::move(refusal.help));
}

void Lowerer::no_such_source(const FileObject& file, FileKind kind, const Use& use) {
  const std::string path = printable(file.path);
  if (kind == FileKind::Absent) {
    const std::optional<std::string> near = eval_.world().near_path(file.path);
    return bad_source(file, use,
                      {"E401", fmt::format("no file `{}`", path),
                       near ? fmt::format("it is not there; did you mean `{}`?", printable(*near))
                            : "it is not there",
                       "if it may be absent, write maybe(…)"});
  }
  if (kind == FileKind::Folder) {
    return bad_source(file, use,
                      {"E403", fmt::format("a folder, not a file: `{}`", path), "not a file",
                       "write a slash at its end for the folder, or /** for its files"});
  }
  bad_source(file, use,
             {"E403", fmt::format("no regular file: `{}`", path), "not a file",
              "fifos, sockets and devices have no content that can be a key"});
}

std::optional<InputId> Lowerer::source_input(const FileObject& file, Use& use) {
  const std::string& project = use.cell->family->frame->project;
  const bool is_plain = index_of(use.normalize) == 0;
  const std::string key = project + '\0' + file.path;
  if (is_plain) {
    const auto held = sources_.find(key);
    if (held != sources_.end()) {
      use.inputs->add(held->second, use.in_list);
      return held->second;
    }
  }
  const auto own = in_tree_.find(file.path);
  if (own != in_tree_.end()) return output_input(*own->second.first, own->second.second, {}, use);
  for (std::string_view folder = parent_path(file.path); !folder.empty();
       folder = parent_path(folder)) {
    const auto tree = in_tree_.find(std::string(folder));
    if (tree == in_tree_.end()) continue;
    return output_input(*tree->second.first, tree->second.second,
                        std::string(relative_to(file.path, folder)), use);
  }
  const FileKind kind = file.glob ? FileKind::Regular : eval_.world().kind(file.path);
  if (kind == FileKind::Absent) {
    absent_.push_back({file, use.at});
  } else if (kind != FileKind::Regular) {
    no_such_source(file, kind, use);
    return std::nullopt;
  }
  Input input;
  input.kind = InputKind::Source;
  input.ref = index_of(builder_.file(file.path));
  input.name = builder_.str(key_name(file.path, *use.cell));
  input.normalize = use.normalize;
  const InputId id = builder_.add_input(input);
  if (is_plain && kind != FileKind::Absent) sources_.emplace(key, id);
  use.inputs->add(id, use.in_list);
  return id;
}

std::optional<InputId> Lowerer::tree_input(const FileObject& tree, Use& use) {
  const auto own = in_tree_.find(tree.path);
  if (own != in_tree_.end()) return output_input(*own->second.first, own->second.second, {}, use);
  auto held = trees_.find(tree.path);
  if (held == trees_.end()) {
    const FileKind kind = tree.path.empty() ? FileKind::Folder : eval_.world().kind(tree.path);
    if (kind == FileKind::Absent) {
      bad_source(
          tree, use,
          {"E401", fmt::format("no folder `{}`", printable(tree.path)), "it is not there", {}});
      return std::nullopt;
    }
    if (kind != FileKind::Folder) {
      bad_source(tree, use,
                 {"E403", fmt::format("a file, not a folder: `{}`", printable(tree.path)),
                  "the slash at its end means a folder", "leave the slash out"});
      return std::nullopt;
    }
    const std::string quoted = glob_quote(tree.path);
    const GlobResult members = eval_.world().glob(quoted.empty() ? "**" : quoted + "/**");
    if (!members.refused.empty()) {
      eval_.fault(
          "E403", use.at,
          fmt::format("this folder holds `{}`, which is no file", printable(members.refused[0])),
          "a fifo, socket or device");
      return std::nullopt;
    }
    std::vector<FileId> files;
    files.reserve(members.files.size());
    for (const std::string& path : members.files)
      files.push_back(builder_.file(path));
    held = trees_.emplace(tree.path, builder_.tree(tree.path, files)).first;
  }
  Input input;
  input.kind = InputKind::SourceTree;
  input.ref = index_of(held->second);
  input.name = builder_.str(key_name(tree.path, *use.cell));
  input.normalize = use.normalize;
  const InputId id = builder_.add_input(input);
  use.inputs->add(id, use.in_list);
  return id;
}

std::optional<InputId> Lowerer::input_of(const Value& value, Use& use) {
  switch (value.kind()) {
    case ValueKind::File:
      return source_input(value.as<FileObject>(), use);
    case ValueKind::Tree:
      return tree_input(value.as<FileObject>(), use);
    case ValueKind::Tool: {
      Result<std::string> path = eval_.world().tool(value.text());
      if (!path) return std::nullopt;
      Input input;
      input.kind = InputKind::Tool;
      input.ref = index_of(builder_.file(*path));
      input.name = builder_.str(value.text());
      const InputId id = builder_.add_input(input);
      use.inputs->add(id, false);
      return id;
    }
    case ValueKind::Output: {
      const OutputObject& output = value.as<OutputObject>();
      return output_input(*output.cell, output.index, output.part, use);
    }
    case ValueKind::Node: {
      Cell& cell = *value.as<NodeObject>().cell;
      const std::optional<Value> out = eval_.handle_field(cell, "out");
      if (out && out->is(ValueKind::Output)) return input_of(*out, use);
      const std::vector<std::string> names = eval_.handle_names(cell);
      eval_.fault("E415", use.at, fmt::format("`{}` has no output `out`", eval_.label_of(cell)),
                  "which of its outputs?",
                  names.empty() ? "it makes no file; name it in `deps` or `after`"
                                : fmt::format("it has {}", fmt::join(names, ", ")));
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

ValueId Lowerer::lower_list(const Value& value, ValueTag tag, Use& use, bool words) {
  std::vector<ValueId> items;
  const bool was_list = use.in_list;
  use.in_list = use.in_list || tag == ValueTag::List || tag == ValueTag::Rsp;
  const std::vector<Value> all = value.is(ValueKind::Rsp) ? value.items() : eval_.elements(value);
  for (const Value& one : all) {
    const bool is_nested = words && (one.is(ValueKind::List) || one.is(ValueKind::Family));
    if (!is_nested) {
      items.push_back(words ? lower_words(one, use) : lower_value(one, use));
      continue;
    }
    for (const ValueId inner : builder_.items(lower_list(one, ValueTag::List, use, true)))
      items.push_back(inner);
  }
  use.in_list = was_list;
  return builder_.list(tag, items);
}

ValueId Lowerer::lower_value(const Value& given, Use& use) {
  const Value value = eval_.plain(given);
  switch (value.kind()) {
    case ValueKind::Error:
    case ValueKind::None:
      return builder_.none();
    case ValueKind::Bool:
      return builder_.boolean(value.is_true());
    case ValueKind::Int:
    case ValueKind::Duration:
    case ValueKind::Size:
      return builder_.integer(value.number());
    case ValueKind::String:
      return builder_.string(value.text());
    case ValueKind::Version:
      return builder_.string(show(value.as<VersionObject>().version));
    case ValueKind::Path:
      return builder_.string(value.as<PathObject>().text);
    case ValueKind::Slot:
      return builder_.out(static_cast<std::uint32_t>(value.number()));
    case ValueKind::File:
    case ValueKind::Tree:
    case ValueKind::Tool:
    case ValueKind::Output:
    case ValueKind::Node: {
      const std::optional<InputId> id = input_of(value, use);
      return id ? builder_.input(*id) : builder_.none();
    }
    case ValueKind::Family:
    case ValueKind::List:
      return lower_list(value, ValueTag::List, use, false);
    case ValueKind::Glue: {
      // Parts of a word that is itself in a list are no list of their own.
      std::vector<ValueId> parts;
      for (const Value& one : value.items())
        parts.push_back(lower_words(one, use));
      return builder_.list(ValueTag::Join, parts);
    }
    case ValueKind::Rsp:
      return lower_list(value, ValueTag::Rsp, use, true);
    case ValueKind::Text: {
      const std::optional<InputId> id = input_of(value.items()[0], use);
      return id ? builder_.text_of(*id) : builder_.none();
    }
    case ValueKind::Secret:
      return builder_.secret(value.text(), static_cast<std::uint32_t>(value.number()));
    case ValueKind::Map: {
      std::vector<Field> fields;
      for (const auto& [name, one] : value.fields())
        fields.push_back({builder_.str(name), lower_value(one, use)});
      return builder_.map(fields);
    }
    case ValueKind::Script:
    case ValueKind::Data:
      return builder_.none();
  }
  return builder_.none();
}

/// For a command: bools are words, and what has no word is an error.
ValueId Lowerer::lower_words(const Value& given, Use& use) {
  const Value value = eval_.plain(given);
  switch (value.kind()) {
    case ValueKind::Bool:
      return builder_.string(value.is_true() ? "true" : "false");
    case ValueKind::List:
    case ValueKind::Family:
      return lower_list(value, ValueTag::List, use, true);
    case ValueKind::None:
      eval_.fault("E415", use.at, "none cannot be a word", "none here",
                  "write opt(\"--flag\", x), or x ?? \"…\"");
      return builder_.none();
    case ValueKind::Map:
      eval_.fault("E415", use.at, "a record or map cannot be a word", "a record or map",
                  "write opts(x), each(\"--flag\", x), or one of its fields");
      return builder_.none();
    case ValueKind::Secret:
      eval_.fault(
          "E305", use.at, "a secret cannot be a word of a command", show(value),
          "arguments are visible to every process and in the log: put it into `env` or `stdin`");
      return builder_.none();
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::Script:
      eval_.fault("E415", use.at, fmt::format("{} cannot be a word", kind_name(value)),
                  kind_name(value));
      return builder_.none();
    default:
      return lower_value(value, use);
  }
}

/// Everything that a value holds becomes an input, as `deps` does it: of a node all outputs.
void Lowerer::add_all_of(const Value& given, Use& use) {
  const Value value = eval_.plain(given);
  if (value.is(ValueKind::List) || value.is(ValueKind::Family)) {
    const bool was_list = use.in_list;
    use.in_list = true;
    for (const Value& one : eval_.elements(value))
      add_all_of(one, use);
    use.in_list = was_list;
    return;
  }
  if (value.is(ValueKind::Map)) {
    for (const auto& [name, one] : value.fields())
      add_all_of(one, use);
    return;
  }
  if (!value.is(ValueKind::Node)) {
    input_of(value, use);
    return;
  }
  Cell& cell = *value.as<NodeObject>().cell;
  bool any = false;
  for (const std::string& name : eval_.handle_names(cell)) {
    const std::optional<Value> field = eval_.handle_field(cell, name);
    if (!field) continue;
    any = true;
    add_all_of(*field, use);
  }
  if (!any) use.inputs->order_only.push_back(&cell);
}

}  // namespace devgraph::lang
