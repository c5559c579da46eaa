#include "engine/cli/spare_images.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "engine/graph/image_names.h"

namespace devgraph::cli {
namespace {

using actions::Placed;

bool is_one_of(const Placed& placed, const std::string& id) {
  return std::find(placed.ids.begin(), placed.ids.end(), id) != placed.ids.end();
}

/// What the engine makes of a name that it is given. podman writes `localhost/` before one without
/// a registry.
std::string name_in(const Placed& engine, const std::string& name) {
  if (!is_podman(engine)) return full_image_name(name);
  const std::size_t slash = name.find('/');
  const std::string first = name.substr(0, slash == std::string::npos ? 0 : slash);
  const bool has_registry = first == "localhost" || first.find_first_of(".:") != std::string::npos;
  if (!has_registry) return "localhost/" + full_image_name(name);
  const bool is_usual = first == "docker.io" || first == "index.docker.io";
  return is_usual ? "docker.io/" + full_image_name(name) : full_image_name(name);
}

std::set<std::string> names_in(const std::vector<Placed>& placed,
                               const std::set<std::string>& names) {
  std::set<std::string> made;
  for (const std::string& name : names) {
    if (!placed.empty()) made.insert(name_in(placed.front(), name));
  }
  return made;
}

class Planner {
 public:
  Planner(const std::vector<Placed>& placed, const EngineImages& now,
          const std::set<std::string>& held)
      : placed_(placed), now_(now), held_(names_in(placed, held)) {
    for (const EngineImages::Row& row : now.rows) {
      if (!row.name.empty()) named_.insert(row.id);
    }
    const std::vector<Placed> loose = loose_images(placed, held);
    for (const Placed& one : placed) {
      const bool is_held = std::find(loose.begin(), loose.end(), one) == loose.end();
      if (is_held) kept_.insert(one.ids.begin(), one.ids.end());
    }
  }

  ImagePlan plan() {
    for (const Placed& one : std::views::reverse(placed_))
      look_at_name(one);
    for (const Placed& one : std::views::reverse(placed_))
      look_at_images(one);
    return std::move(plan_);
  }

 private:
  /// Whether this workspace put that image there under that name.
  bool put_there(const std::string& name, const std::string& id) const {
    return std::any_of(placed_.begin(), placed_.end(), [&](const Placed& one) {
      return name_in(one, one.name) == name && (one.ids.empty() || is_one_of(one, id));
    });
  }

  void look_at_name(const Placed& one) {
    const std::string name = name_in(one, one.name);
    if (held_.contains(name) || !seen_.insert(name).second) return;
    for (const EngineImages::Row& row : now_.rows) {
      if (row.name.empty() || name_in(one, row.name) != name) continue;
      if (!put_there(name, row.id)) {
        plan_.left.push_back({one, row.id, LeftImage::Why::GivenAway});
      } else if (now_.used.contains(row.id)) {
        plan_.left.push_back({one, row.id, LeftImage::Why::InUse});
      } else {
        plan_.spare.push_back({one, row.id, row.name});
        going_.insert(row.name);
      }
    }
  }

  void look_at_images(const Placed& one) {
    for (const std::string& id : one.ids) {
      const bool is_there = std::any_of(now_.rows.begin(), now_.rows.end(),
                                        [&](const EngineImages::Row& row) { return row.id == id; });
      if (!is_there || named_.contains(id) || kept_.contains(id)) continue;
      if (!seen_.insert(id).second) continue;
      if (now_.used.contains(id)) {
        plan_.left.push_back({one, id, LeftImage::Why::InUse});
      } else {
        plan_.spare.push_back({one, id, {}});
      }
    }
  }

  const std::vector<Placed>& placed_;
  const EngineImages& now_;
  std::set<std::string> held_;   // Names, as the engine writes them.
  std::set<std::string> named_;  // Ids.
  std::set<std::string> kept_;   // Ids of what the graph holds.
  std::set<std::string> going_;  // Names.
  std::set<std::string> seen_;   // Names, and ids.
  ImagePlan plan_;
};

}  // namespace

std::vector<Placed> loose_images(const std::vector<Placed>& placed,
                                 const std::set<std::string>& held) {
  const std::set<std::string> names = names_in(placed, held);
  std::set<std::string> seen;
  std::vector<Placed> loose;
  for (const Placed& one : std::views::reverse(placed)) {
    const std::string name = name_in(one, one.name);
    const bool is_latest = seen.insert(name).second;
    if (!is_latest || !names.contains(name)) loose.push_back(one);
  }
  std::reverse(loose.begin(), loose.end());
  return loose;
}

ImagePlan plan_images(const std::vector<Placed>& placed, const EngineImages& now,
                      const std::set<std::string>& held) {
  return Planner(placed, now, held).plan();
}

std::vector<Placed> settled_images(const std::vector<Placed>& placed, const EngineImages& now,
                                   const std::set<std::string>& held) {
  std::vector<Placed> settled;
  for (const Placed& one : loose_images(placed, held)) {
    const bool stays = std::any_of(now.rows.begin(), now.rows.end(), [&](const auto& row) {
      const bool is_it = one.ids.empty() || is_one_of(one, row.id);
      // Without a name it waits for a container, or for what was built upon it.
      if (row.name.empty()) return is_it && !one.ids.empty();
      return is_it && name_in(one, row.name) == name_in(one, one.name);
    });
    if (!stays) settled.push_back(one);
  }
  return settled;
}

}  // namespace devgraph::cli
