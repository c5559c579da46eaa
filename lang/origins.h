#pragma once
/// What of the manifests nodes come from. It is found from the text of what they are declared with:
/// a value does not show which parameters it was made of.

#include <set>
#include <string>
#include <unordered_set>

#include "lang/eval.h"

namespace devgraph::lang {

class Origins {
 public:
  explicit Origins(Evaluator& evaluator) : eval_(evaluator) {}

  /// A node, with the instances around it.
  void add(const Cell& cell);

  /// Labels, `//project:name`.
  const std::set<std::string>& params() const { return params_; }
  /// Manifests of projects and libraries, workspace-relative; without those of the standard
  /// library.
  const std::set<std::string>& manifests() const { return manifests_; }

 private:
  void add(const Family& family);
  void add(const ast::Expr& expr, Frame& frame);
  void add(const Symbol& symbol, Frame& home);
  void add(const Module& module);

  Evaluator& eval_;
  std::set<std::string> params_;
  std::set<std::string> manifests_;
  std::unordered_set<const Family*> families_;
  std::unordered_set<const ast::Decl*> seen_;
};

}  // namespace devgraph::lang
