/// Operators, and `/` that joins paths.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/eval.h"

namespace devgraph::lang {
namespace {

bool is_ordered(ValueKind kind) {
  return kind == ValueKind::Int || kind == ValueKind::String || kind == ValueKind::Version ||
         kind == ValueKind::Duration || kind == ValueKind::Size;
}

}  // namespace

Value Evaluator::eval_binary(const ast::Binary& binary, const Env& env, const Type* expected,
                             Range at) {
  switch (binary.op) {
    case ast::BinaryOp::Coalesce: {
      const Value left = plain(eval_bare(*binary.left, env, expected));
      return left.is_none() ? eval(*binary.right, env, expected) : left;
    }
    case ast::BinaryOp::Or:
    case ast::BinaryOp::And: {
      const std::optional<bool> left = eval_condition(*binary.left, env);
      if (!left) return Value::error();
      if (*left == (binary.op == ast::BinaryOp::Or)) return Value::boolean(*left);
      const std::optional<bool> right = eval_condition(*binary.right, env);
      return right ? Value::boolean(*right) : Value::error();
    }
    case ast::BinaryOp::Join:
      return eval_join(binary, env, expected, at, false);
    default:
      break;
  }
  const bool adds = binary.op == ast::BinaryOp::Add;
  const Type* guide = adds ? expected : nullptr;
  const Value left =
      plain(guide ? eval_bare(*binary.left, env, guide) : eval(*binary.left, env, nullptr));
  const Value right =
      plain(guide ? eval_bare(*binary.right, env, guide) : eval(*binary.right, env, nullptr));
  if (left.is_error() || right.is_error()) return Value::error();
  switch (binary.op) {
    case ast::BinaryOp::Add:
      return eval_add(left, right, at);
    case ast::BinaryOp::Sub: {
      std::int64_t value = 0;
      if (left.kind() != right.kind() ||
          (!left.is(ValueKind::Int) && !left.is(ValueKind::Duration) &&
           !left.is(ValueKind::Size))) {
        return fault("E415", at,
                     fmt::format("{} cannot be taken from {}", kind_name(right), kind_name(left)));
      }
      if (__builtin_sub_overflow(left.number(), right.number(), &value)) {
        return fault("E412", at, "this number is too large", "more than 64 bits");
      }
      return Value(left.kind(), value);
    }
    case ast::BinaryOp::Eq:
      return Value::boolean(equal(left, right));
    case ast::BinaryOp::Ne:
      return Value::boolean(!equal(left, right));
    case ast::BinaryOp::In:
      return eval_in(left, right, at);
    default:
      return eval_compare(binary.op, left, right, at);
  }
}

Value Evaluator::eval_add(const Value& left, const Value& right, Range at) {
  const auto is_many = [](const Value& value) {
    return value.is(ValueKind::List) || value.is(ValueKind::Family);
  };
  if (is_many(left) || is_many(right)) {
    std::vector<Value> items = elements(left);
    for (Value& one : elements(right))
      items.push_back(std::move(one));
    return Value::list(std::move(items));
  }
  if (left.is(ValueKind::Map) && right.is(ValueKind::Map)) {
    ValueFields fields = left.fields();
    for (const auto& [name, value] : right.fields()) {
      const auto held =
          std::find_if(fields.begin(), fields.end(),
                       [&name = name](const auto& field) { return field.first == name; });
      if (held != fields.end())
        held->second = value;
      else
        fields.emplace_back(name, value);
    }
    return Value::map(std::move(fields));
  }
  if (left.is(ValueKind::String) && right.is(ValueKind::String)) {
    return Value::string(left.text() + right.text());
  }
  const bool is_number =
      left.is(ValueKind::Int) || left.is(ValueKind::Duration) || left.is(ValueKind::Size);
  if (left.kind() != right.kind() || !is_number) {
    return fault("E415", at,
                 fmt::format("{} and {} cannot be added", kind_name(left), kind_name(right)), {},
                 "`+` joins strings, lists and maps, and adds ints");
  }
  std::int64_t value = 0;
  if (__builtin_add_overflow(left.number(), right.number(), &value)) {
    return fault("E412", at, "this number is too large", "more than 64 bits");
  }
  return Value(left.kind(), value);
}

Value Evaluator::eval_compare(ast::BinaryOp op, const Value& left, const Value& right, Range at) {
  if (left.kind() != right.kind() || !is_ordered(left.kind())) {
    return fault("E415", at,
                 fmt::format("{} and {} have no order", kind_name(left), kind_name(right)), {},
                 "two ints, strings, versions, durations or sizes do");
  }
  const int order = compare(left, right);
  switch (op) {
    case ast::BinaryOp::Le:
      return Value::boolean(order <= 0);
    case ast::BinaryOp::Ge:
      return Value::boolean(order >= 0);
    case ast::BinaryOp::Lt:
      return Value::boolean(order < 0);
    default:
      return Value::boolean(order > 0);
  }
}

Value Evaluator::eval_in(const Value& item, const Value& container, Range at) {
  if (container.is(ValueKind::Map) && item.is(ValueKind::String)) {
    return Value::boolean(container.find(item.text()) != nullptr);
  }
  if (!container.is(ValueKind::List) && !container.is(ValueKind::Family)) {
    return fault("E415", at,
                 fmt::format("`in` asks a list or a map, this is {}", kind_name(container)),
                 kind_name(container));
  }
  for (const Value& one : elements(container)) {
    if (equal(item, one)) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value Evaluator::eval_join(const ast::Binary& binary, const Env& env, const Type* expected,
                           Range at, bool maybe) {
  Value left = eval(*binary.left, env, nullptr);
  if (left.is_error()) return left;
  std::string tail;  // A pattern: wildcards of the text count, those of its holes do not.
  if (const auto* literal = std::get_if<ast::StringLit>(&binary.right->value)) {
    for (const ast::Piece& piece : literal->pieces) {
      if (piece.hole == nullptr) {
        tail += piece.text;
        continue;
      }
      const std::optional<std::string> text = hole_text(*piece.hole, env);
      if (!text) return Value::error();
      tail += glob_quote(*text);
    }
  } else {
    const std::optional<std::string> text = hole_text(*binary.right, env);
    if (!text) return Value::error();
    tail = glob_quote(*text);
  }
  const bool is_folder = tail.ends_with('/');
  if (left.is(ValueKind::Tree)) {
    const std::string head = glob_quote(left.as<FileObject>().path);
    return path_value(head.empty() ? tail : head + "/" + tail, is_folder, expected, at, maybe);
  }
  const std::optional<std::string> part = relative_name(glob_unquote(tail));
  if (!part || part->empty()) {
    return fault("E417", binary.right->range, "this is no relative path", "leaves its folder");
  }
  if (left.is(ValueKind::Path)) {
    const PathObject& head = left.as<PathObject>();
    return Value::path(join_path(head.text, *part) + (is_folder ? "/" : ""), head.in_tree);
  }
  const std::optional<Value> tree = try_convert(left, *simple(Kind::Tree));
  if (!tree || !tree->is(ValueKind::Output)) {
    return fault("E415", binary.left->range,
                 fmt::format("`/` goes into a folder, this is {}", kind_name(left)),
                 kind_name(left), "write it with a slash at its end: ./folder/");
  }
  if (has_wildcard(tail)) {
    return fault("E404", at, "a built folder cannot be listed while the graph is made",
                 "built by a node", "write  pick { tree = …, glob = \"…\" }  or a late axis");
  }
  auto object = std::make_shared<OutputObject>(tree->as<OutputObject>());
  object->part = join_path(object->part, *part);
  return Value(ValueKind::Output, 0, std::move(object));
}

}  // namespace devgraph::lang
