#include "engine/cli/spare_builds.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "engine/actions/dockerfile/kept.h"

namespace devgraph::cli {
namespace {

class BuildPlanner {
 public:
  BuildPlanner(const std::vector<BuiltImage>& built, const EngineImages& now) : now_(now) {
    for (const BuiltImage& one : built)
      built_.emplace(one.id, one);
  }

  BuildPlan plan(const std::string& workspace_id, const std::set<std::string>& held) {
    for (const EngineImages::Row& row : now_.rows) {
      if (row.name.empty() || !built_.contains(row.id)) continue;
      const std::string name = plain_name(row.name);
      const bool is_spare = actions::is_build_name(name, workspace_id) &&
                            !held.contains(actions::without_stage(name));
      const bool is_used = now_.used.contains(row.id);
      if (is_spare) (is_used ? plan_.used : plan_.names).push_back(row);
      if (!is_spare || is_used) keep(row.id);
    }
    keep_used();
    for (const auto& [id, one] : built_) {
      if (!kept_.contains(id)) plan_.images.push_back(one);
    }
    std::stable_sort(
        plan_.images.begin(), plan_.images.end(),
        [&](const BuiltImage& a, const BuiltImage& b) { return depth(a.id) > depth(b.id); });
    return std::move(plan_);
  }

 private:
  /// With all that it was made upon.
  void keep(const std::string& id) {
    for (auto one = built_.find(id); one != built_.end() && kept_.insert(one->first).second;)
      one = built_.find(one->second.parent);
  }

  void keep_used() {
    const std::set<std::string> kept = kept_;
    for (const auto& [id, one] : built_) {
      if (!now_.used.contains(id) || kept.contains(id)) continue;
      plan_.used.push_back({id, {}});
      keep(id);
    }
  }

  std::size_t depth(const std::string& id) const {
    std::size_t made = 0;
    for (auto one = built_.find(id); one != built_.end() && made <= built_.size(); ++made)
      one = built_.find(one->second.parent);
    return made;
  }

  const EngineImages& now_;
  std::map<std::string, BuiltImage> built_;
  std::set<std::string> kept_;
  BuildPlan plan_;
};

}  // namespace

BuildPlan plan_builds(const std::vector<BuiltImage>& built, const EngineImages& now,
                      const std::string& workspace_id, const std::set<std::string>& held) {
  return BuildPlanner(built, now).plan(workspace_id, held);
}

std::string plain_name(const std::string& name) {
  for (const std::string_view registry : {"localhost/", "docker.io/"}) {
    if (name.starts_with(registry)) return name.substr(registry.size());
  }
  return name;
}

}  // namespace devgraph::cli
