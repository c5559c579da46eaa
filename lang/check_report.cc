#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool wants(const Type& expected, std::initializer_list<Kind> kinds) {
  if (std::ranges::find(kinds, expected.kind) != kinds.end()) return true;
  if (expected.item && expected.kind != Kind::Map && wants(*expected.item, kinds)) return true;
  return std::ranges::any_of(expected.items, [&](const TypeRef& t) { return wants(*t, kinds); });
}

bool is_literal_set(const Type& type) {
  if (type.kind == Kind::Optional) return is_literal_set(*type.item);
  if (type.kind == Kind::Literal) return true;
  return type.kind == Kind::Union &&
         std::ranges::all_of(type.items, [](const TypeRef& t) { return t->kind == Kind::Literal; });
}

std::vector<std::string> literals_of(const Type& type) {
  if (type.kind == Kind::Optional) return literals_of(*type.item);
  if (type.kind == Kind::Literal) return {type.text};
  std::vector<std::string> all;
  all.reserve(type.items.size());
  for (const TypeRef& item : type.items)
    all.push_back(item->text);
  return all;
}

/// A number in a text, or a word that a unit would make right.
std::string unit_help(const Type& expected) {
  if (wants(expected, {Kind::Duration})) return "a duration has a unit: 90s, 30m, 2h";
  if (wants(expected, {Kind::Size})) return "a size has a unit: 512MiB, 8GiB";
  return "";
}

/// What may have been meant, for pairs of types that are often mixed up.
void add_cures(Diagnostic& fault, const Type& actual, const Type& expected) {
  if (actual.kind == Kind::Int) {
    const std::string help = unit_help(expected);
    if (!help.empty()) fault.helps.push_back(help);
    if (wants(expected, {Kind::String}))
      fault.helps.push_back("write  str(…)  or put it in quotes");
  }
  if (actual.kind == Kind::Text && wants(expected, {Kind::String})) {
    fault.helps.emplace_back(
        "a text is known only when the node runs; it fits env, stdin and holes of scripts");
  }
  const bool is_content = actual.kind == Kind::File || actual.kind == Kind::Tree ||
                          (actual.kind == Kind::Node && actual.field("out"));
  if (is_content && wants(expected, {Kind::String})) {
    fault.helps.emplace_back(
        "the path of a file is known only when the node runs; read(f) is the text of a source");
  }
  if (actual.kind == Kind::Node && !actual.field("out") && !actual.fields.empty()) {
    std::vector<std::string> names;
    names.reserve(actual.fields.size());
    for (const TypeField& field : actual.fields)
      names.push_back(field.name);
    fault.helps.push_back(
        fmt::format("it has no single output; name one: {}", fmt::join(names, ", ")));
  } else if (actual.kind == Kind::Node && actual.fields.empty() && !actual.open) {
    fault.helps.push_back(fmt::format(
        "a {} node has no output; say that it comes first with  after = …", actual.text));
  }
}

}  // namespace

TypeRef widened(const TypeRef& type) {
  switch (type->kind) {
    case Kind::Literal:
      return simple(Kind::String);
    case Kind::List:
      return list_of(widened(type->item));
    case Kind::Map:
      return map_of(widened(type->item));
    case Kind::Optional:
      return optional_of(widened(type->item));
    case Kind::Record: {
      std::vector<TypeField> fields = type->fields;
      for (TypeField& field : fields)
        field.type = widened(field.type);
      return record_of(std::move(fields));
    }
    case Kind::Union: {
      std::vector<TypeRef> items;
      items.reserve(type->items.size());
      for (const TypeRef& item : type->items)
        items.push_back(widened(item));
      return union_of(items);
    }
    default:
      return type;
  }
}

std::string a_type(const Type& type) {
  switch (type.kind) {
    case Kind::None:
      return "none";
    case Kind::Int:
      return "an int";
    case Kind::Literal:
      return "a string";
    case Kind::Union:
      if (is_literal_set(type)) return "a string";
      return fmt::format("`{}`", brief(type));
    case Kind::List:
    case Kind::Map:
    case Kind::Optional:
      return fmt::format("`{}`", brief(type));
    case Kind::Record: {
      const std::string text = brief(type);
      return text.starts_with("a ") ? text : fmt::format("`{}`", text);
    }
    case Kind::Family:
      return fmt::format("a family [{}]", fmt::join(type.axes, ", "));
    case Kind::Data:
      return "data";
    default:
      return "a " + show(type);
  }
}

std::string needed(const Type& type) {
  return is_literal_set(type) && type.kind != Kind::Literal ? fmt::format("one of {}", show(type))
                                                            : a_type(type);
}

std::string brief(const Type& type) {
  constexpr std::size_t kWidth = 70;
  std::string text = show(*widened(std::make_shared<const Type>(type)));
  if (text.size() <= kWidth) return text;
  switch (type.kind) {
    case Kind::Record:
      return fmt::format("a record of {} fields", type.fields.size());
    case Kind::Map:
      return fmt::format("{{{}}}", brief(*type.item));
    case Kind::List:
      return fmt::format("[{}]", brief(*type.item));
    case Kind::Union:
      return fmt::format("{} | …", brief(*type.items.front()));
    default:
      return text;
  }
}

std::string narrowing_key(const ast::Expr& expr) {
  if (const auto* name = std::get_if<ast::Name>(&expr.value)) return std::string(name->text);
  const auto* member = std::get_if<ast::Member>(&expr.value);
  if (!member) return {};
  const std::string base = narrowing_key(*member->base);
  return base.empty() ? base : fmt::format("{}.{}", base, member->name.text);
}

Diagnostic& Checker::error(const char* code, Range range, std::string message, std::string label) {
  return found_->error(code, range, std::move(message), std::move(label));
}

std::string_view Checker::source_text(Range range) const {
  if (!sources_) return {};
  return sources_->text(range.source).substr(range.begin, range.end - range.begin);
}

void Checker::may_be_none(const ast::Expr& expr, const Type& type) {
  const std::string text = printable(source_text(expr.range));
  Diagnostic& fault = error("E103", expr.range, "this may be none", show(type));
  const bool is_short = text.size() <= 40;
  fault.helps.push_back(
      fmt::format("give a default:  {} ?? …", is_short ? text : std::string("(…)")));
  if (!narrowing_key(expr).empty()) {
    fault.helps.push_back(fmt::format("or check it first:  if {} != none then … else …", text));
  }
}

/// A text where content is needed: says why, and which path was meant.
void Checker::string_for_path(const ast::Expr& expr, const Type& expected, const Slot& slot,
                              const CheckEnv& env) {
  const std::string* text = plain_text(expr);
  const bool is_name = !wants(expected, {Kind::File, Kind::Tree, Kind::Node});
  Diagnostic& fault =
      error("E101", expr.range, "a path is needed here, this is a string", "string");
  if (!slot.what.empty()) {
    const bool content = wants(expected, {Kind::File, Kind::Tree});
    fault.helps.push_back(fmt::format("{} is {}{}", slot.what,
                                      slot.whole.empty() ? show(expected) : slot.whole,
                                      content ? ": its content is part of the key" : ""));
  }
  if (is_name && !text) {
    fault.helps.push_back("a name is written out where it is used, so that it can be checked");
    fault.helps.push_back(fmt::format("write  {}\"{{{}}}\"",
                                      slot.field.empty() ? "" : slot.field + " = ",
                                      printable(source_text(expr.range))));
    return;
  }
  if (!text || text->empty() || text->starts_with('/')) {
    fault.helps.emplace_back("a path starts with ./ (this folder) or // (the workspace)");
    return;
  }
  const bool whole = !slot.field.empty() && slot.whole.empty();
  const std::string lead = whole ? slot.field + " = " : "";
  std::string path = text->starts_with("./") || text->starts_with("//") ? *text : "./" + *text;
  std::string remark;
  const std::string folder = join_path(env.module->folder, *text);
  if (around_.files) {
    const Result<FileStat> stat = around_.files->stat(join_path(around_.workspace, folder));
    if (stat && stat->kind == FileKind::Folder) {
      if (path.ends_with('/')) path.pop_back();
      if (wants(expected, {Kind::List})) {
        constexpr std::size_t kLimit = 10000;
        const std::size_t count = count_files(folder, kLimit);
        remark = fmt::format("     (that directory holds {}{} file{})",
                             count >= kLimit ? "over " : "", count, count == 1 ? "" : "s");
        path += "/**";
      } else {
        path += "/";
      }
    }
  }
  fault.helps.push_back(fmt::format("write  {}{}{}", lead, path, remark));
}

std::size_t Checker::count_files(const std::string& folder, std::size_t limit) const {
  std::size_t count = 0;
  std::vector<std::string> todo = {folder};
  while (!todo.empty() && count < limit) {
    const std::string at = std::move(todo.back());
    todo.pop_back();
    const auto entries = around_.files->list(join_path(around_.workspace, at));
    if (!entries) continue;
    for (const FolderEntry& entry : *entries) {
      const std::string path = join_path(at, entry.name);
      if (entry.kind == FileKind::Folder) {
        if (!is_hidden_folder(program_.settings(), path)) todo.push_back(path);
      } else if (entry.kind == FileKind::Regular) {
        ++count;
      }
    }
  }
  return std::min(count, limit);
}

void Checker::family_for_one(const ast::Expr& expr, const Type& actual, const std::string& is) {
  Diagnostic& fault = error("E514", expr.range, "one cell is needed here, this is a family",
                            fmt::format("has axes [{}]", fmt::join(actual.axes, ", ")));
  if (!is.empty()) fault.helps.push_back(is);
  std::vector<std::string> parts;
  parts.reserve(actual.axes.size());
  for (const std::string& axis : actual.axes)
    parts.push_back(axis + " = …");
  std::string text(source_text(expr.range));
  const bool is_index = std::holds_alternative<ast::Index>(expr.value) && text.ends_with(']');
  if (is_index) text.pop_back();
  fault.helps.push_back(fmt::format("write  {}{}{}]  to take one", printable(text),
                                    is_index ? ", " : "[", fmt::join(parts, ", ")));
}

void Checker::mismatch(const ast::Expr& expr, const Type& actual, const Type& wanted,
                       const Slot& slot, CheckEnv& env) {
  // `none` would do, too, but is not what was meant.
  const bool bare = wanted.kind == Kind::Optional && actual.kind != Kind::Optional;
  const Type& expected = bare ? *wanted.item : wanted;
  if (actual.kind == Kind::Optional && fits(*actual.item, expected)) {
    return may_be_none(expr, actual);
  }
  const bool is_text =
      actual.kind == Kind::Literal || actual.kind == Kind::String || is_literal_set(actual);
  if (is_text && wants(expected, {Kind::File, Kind::Tree, Kind::Path, Kind::Node})) {
    return string_for_path(expr, expected, slot, env);
  }
  const std::string is =
      slot.what.empty()
          ? ""
          : fmt::format("{} is {}", slot.what, slot.whole.empty() ? show(expected) : slot.whole);
  if (actual.kind == Kind::Secret) {
    Diagnostic& fault = error("E301", expr.range, "a secret cannot stand here", "secret");
    if (!is.empty()) fault.helps.push_back(is);
    fault.helps.emplace_back(
        "a secret fits env, stdin, secrets and parameters of type secret only");
    return;
  }
  if (actual.kind == Kind::Literal && is_literal_set(expected)) {
    const std::optional<std::string> near = nearest(actual.text, literals_of(expected));
    Diagnostic& fault = error(
        "E102", expr.range, fmt::format("\"{}\" is not one of the values", printable(actual.text)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "no such value");
    fault.helps.push_back(is.empty() ? fmt::format("the values are {}", show(expected)) : is);
    return;
  }
  if (actual.kind == Kind::Family && fits(*actual.item, expected)) {
    family_for_one(expr, actual, is);
    return;
  }
  Diagnostic& fault =
      error("E102", expr.range,
            fmt::format("{} is needed here, this is {}", needed(expected), a_type(actual)),
            brief(actual));
  if (!is.empty()) fault.helps.push_back(is);
  add_cures(fault, actual, expected);
}

}  // namespace devgraph::lang
