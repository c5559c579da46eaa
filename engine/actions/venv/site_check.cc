/// Whether the packages of an environment have what they need: what `pip check` asks.

#include <algorithm>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "engine/actions/venv/site.h"
#include "engine/base/python_name.h"

namespace devgraph::wheel {

namespace {

using Names = std::set<std::string, std::less<>>;

/// Goes from package to package with the extras that are asked of each.
class Checker {
 public:
  Checker(const std::map<std::string, Installed>& installed, const Interpreter& interpreter)
      : installed_(installed), interpreter_(interpreter) {
    for (const auto& [name, one] : installed_)
      ask(name, {});
  }

  void ask(const std::string& name, const std::vector<std::string>& extras) {
    const auto [held, is_new] = asked_.try_emplace(name);
    const std::size_t before = held->second.size();
    held->second.insert(extras.begin(), extras.end());
    if (is_new || held->second.size() != before) waiting_.push_back(name);
  }

  std::set<std::string> faults() {
    while (!waiting_.empty()) {
      const std::string name = waiting_.front();
      waiting_.pop_front();
      look_at(installed_.at(name), asked_.at(name));
    }
    return std::move(faults_);
  }

 private:
  void look_at(const Installed& one, const Names& extras) {
    const std::optional<PythonVersion> python = parse_python_version(interpreter_.version());
    if (python && !admits(one.requires_python, *python)) {
      faults_.insert(fmt::format("{} {} needs Python {}, and this is {}", one.name,
                                 show(one.version), show(one.requires_python),
                                 interpreter_.version()));
    }
    for (const Requirement& need : one.needs) {
      if (!holds(need.marker, interpreter_.markers, extras)) continue;
      const std::string name = normal_python_name(need.name).value_or(need.name);
      const auto found = installed_.find(name);
      if (found == installed_.end()) {
        faults_.insert(fmt::format("{} {} needs {}{}, which is not there", one.name,
                                   show(one.version), need.name, show(need.versions)));
        continue;
      }
      if (!admits(need.versions, found->second.version)) {
        faults_.insert(fmt::format("{} {} needs {}{}, and {} is there", one.name, show(one.version),
                                   need.name, show(need.versions), show(found->second.version)));
      }
      ask(name, need.extras);
    }
  }

  const std::map<std::string, Installed>& installed_;
  const Interpreter& interpreter_;
  std::map<std::string, Names> asked_;  ///< The extras that each package was asked for.
  std::deque<std::string> waiting_;
  std::set<std::string> faults_;
};

}  // namespace

namespace {

Status check_extras(const Installed& one, const std::vector<std::string>& extras) {
  for (const std::string& extra : extras) {
    const bool is_there = std::any_of(
        one.extras.begin(), one.extras.end(),
        [&](const std::string& offered) { return normal_python_name(offered) == extra; });
    if (is_there) continue;
    return fail(fmt::format("{} {} has no extra `{}`; {}", one.name, show(one.version), extra,
                            one.extras.empty()
                                ? std::string("it has none")
                                : fmt::format("it has {}", fmt::join(one.extras, ", "))));
  }
  return {};
}

}  // namespace

Status Site::check(const std::string& name, const std::vector<std::string>& extras) const {
  Checker checker(installed_, interpreter_);
  const auto asked = installed_.find(name);
  if (asked != installed_.end()) {
    if (const Status done = check_extras(asked->second, extras); !done) return done;
    checker.ask(name, extras);
  }
  const std::set<std::string> faults = checker.faults();
  if (faults.empty()) return {};
  return fail(fmt::format("{}", fmt::join(faults, "\n")));
}

}  // namespace devgraph::wheel
