/// Builder: operators, by precedence.

#include <algorithm>
#include <string_view>
#include <utility>

#include "lang/parse_builder.h"

namespace devgraph::lang {

using namespace ast;

namespace {

constexpr int kNotPrecedence = 4;
constexpr int kCompare = 5;

std::pair<BinaryOp, int> operator_of(std::string_view sign) {
  if (sign == "??") return {BinaryOp::Coalesce, 1};
  if (sign == "or") return {BinaryOp::Or, 2};
  if (sign == "and") return {BinaryOp::And, 3};
  if (sign == "==") return {BinaryOp::Eq, kCompare};
  if (sign == "!=") return {BinaryOp::Ne, kCompare};
  if (sign == "<=") return {BinaryOp::Le, kCompare};
  if (sign == ">=") return {BinaryOp::Ge, kCompare};
  if (sign == "<") return {BinaryOp::Lt, kCompare};
  if (sign == ">") return {BinaryOp::Gt, kCompare};
  if (sign == "in") return {BinaryOp::In, kCompare};
  if (sign == "+") return {BinaryOp::Add, 6};
  if (sign == "-") return {BinaryOp::Sub, 6};
  return {BinaryOp::Join, 7};
}

}  // namespace

std::size_t Builder::begin_operators() {
  const std::size_t outer = op_base_;
  op_base_ = ops_.size();
  return outer;
}

void Builder::reduce() {
  const Operator op = ops_.back();
  ops_.pop_back();
  const Slot right = take_slot();
  if (op.is_not) {
    push(Range{source_, op.at.begin, right.expr->whole().end}, Not{right.expr}, right.depth + 1);
    return;
  }
  const Slot left = take_slot();
  push(Range{source_, left.expr->whole().begin, right.expr->whole().end},
       Binary{op.op, left.expr, right.expr, range(op.at)}, std::max(left.depth, right.depth) + 1);
}

void Builder::op(Span at) {
  const auto [op, precedence] = operator_of(view(at));
  while (ops_.size() > op_base_ && ops_.back().precedence >= precedence) {
    if (precedence == kCompare && ops_.back().precedence == kCompare) {
      fault({"E017", nullptr, "write  a < b and b < c"}, at, "comparisons do not chain");
    }
    reduce();
  }
  ops_.push_back({op, false, precedence, at});
}

void Builder::prefix_not(Span at) {
  const Span word{at.begin, at.begin + 3};
  if (ops_.size() > op_base_ && ops_.back().precedence > kNotPrecedence) {
    fault({"E017", nullptr, "put it in parentheses: (not x)"}, word,
          "`not` binds less tightly than the operator before it");
  }
  ops_.push_back({BinaryOp::Or, true, kNotPrecedence, word});
}

void Builder::end_operators(std::size_t outer) {
  while (ops_.size() > op_base_)
    reduce();
  op_base_ = outer;
}

void Builder::leave_operators(std::size_t outer) {
  ops_.resize(op_base_);
  op_base_ = outer;
}

void Builder::cast(Span at) {
  const ast::Type* type = take_type();
  const Slot slot = take_slot();
  push(Range{source_, slot.expr->whole().begin, at.end}, Cast{slot.expr, type}, slot.depth + 1);
}

}  // namespace devgraph::lang
