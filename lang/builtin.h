#pragma once
/// One call of a built-in function, its arguments evaluated.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lang/eval.h"

namespace devgraph::lang {

class BuiltinCall {
 public:
  BuiltinCall(Evaluator& evaluator, const Builtin& builtin, const ast::Call& call, const Env& env,
              Range at)
      : eval_(evaluator), builtin_(builtin), call_(call), env_(env), at_(at) {}
  Value run();

 private:
  /// Evaluates the arguments; false if one is an error or missing.
  bool evaluate();
  Value dispatch();
  std::optional<Value> text_functions();  // builtin_text.cc
  std::optional<Value> list_functions();  // builtin_list.cc
  std::optional<Value> file_functions();  // builtin_file.cc
  std::optional<Value> word_functions();  // builtin_word.cc

  Value wrong(std::string message, std::string help = {});
  Value wrong_kind(std::size_t index, std::string_view needed);
  const Value& arg(std::size_t index) const { return args_[index]; }
  std::optional<std::string> text(std::size_t index);
  std::optional<std::vector<Value>> list(std::size_t index);
  Range place(std::size_t index) const;

  Value find(bool all, bool asks);
  Value sub();
  Value plain_text();
  Value parsed(const std::string& s);
  Value map_function();
  Value range();
  Value reordered();
  Value by_name();
  Value version_part(bool bump);
  Value sort();
  Value group();
  Value zip();
  Value glue(bool before);
  Value join();
  Value maybe();
  Value has();
  Value named(BuiltinId id);
  Value decode();
  Value read(bool lines);
  Value names();
  Value commit_of();
  std::optional<std::string> source(std::size_t index);
  std::optional<Value> as_input(const Value& value);
  Value opt();
  Value opts();
  Value each();

  Evaluator& eval_;
  const Builtin& builtin_;
  const ast::Call& call_;
  const Env& env_;
  Range at_;
  std::vector<Value> args_;
  std::vector<const ast::Expr*> exprs_;
};

}  // namespace devgraph::lang
