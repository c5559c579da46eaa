#pragma once
/// A Python environment while it is filled: the layout of PEP 405, with links to an interpreter,
/// and packages as PEP 376 and PEP 427 want them installed. Nothing in it knows where it lies, so
/// it may be moved, and is the same in every folder.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/extractor.h"
#include "engine/actions/venv/interpreter.h"
#include "engine/actions/wheel/distribution.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

/// A package that was installed.
struct Installed {
  std::string file;  ///< What it came from, for messages.
  std::string name;  ///< As written.
  PythonVersion version;
  std::vector<Clause> requires_python;
  std::vector<Requirement> needs;
  std::vector<std::string> extras;  ///< Those that it offers, as written.
};

class Site {
 public:
  /// `root`: absolute, exists, empty.
  static Result<Site> open(const actions::Context& context, const Interpreter& interpreter,
                           const std::string& root);

  /// Installs a wheel. `file`: its name, by which it is also told of in messages.
  Status install(std::string_view file, std::string_view archive);
  /// Installs files that are no archive: name in the wheel = content. `info` is the name of its
  /// `.dist-info`.
  Status install_files(std::string_view file, const std::string& info,
                       const std::map<std::string, std::string>& files);
  /// Whether what the packages need is there; `extras` (normal names) are those of package `name`
  /// (a normal name). The message has a line for each fault.
  Status check(const std::string& name, const std::vector<std::string>& extras) const;
  /// Interpreter, bytecode and `activate`. Nothing can be installed afterwards.
  Status finish();

  const Interpreter& interpreter() const { return interpreter_; }
  /// Where packages lie in the root: `lib/python3.11/site-packages`.
  const std::string& packages() const { return packages_; }
  /// By normal name.
  const std::map<std::string, Installed>& installed() const { return installed_; }

 private:
  friend class Installation;
  struct Held {
    Sha256 sha;
    std::string file;  ///< Which package brought it.
  };

  Site(const actions::Context& context, const Interpreter& interpreter, std::string root,
       actions::Extractor extractor);
  /// `path` in the root.
  Status add(const std::string& path, std::string_view bytes, bool executable,
             const std::string& file);
  Status compile() const;
  Status link_interpreter() const;

  const actions::Context* context_;
  Interpreter interpreter_;
  std::string root_;
  std::string packages_;
  actions::Extractor extractor_;
  std::map<std::string, Held> held_;  ///< By path in the root.
  std::map<std::string, Installed> installed_;
};

}  // namespace devgraph::wheel
