#include "engine/graph/label.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/digest.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph {
namespace {

bool has_wildcard(std::string_view text) {
  return text.find('*') != std::string_view::npos;
}

/// `, did you mean x?` or what there is; empty if there is nothing to say.
std::string offer(std::string_view word, const std::set<std::string>& names) {
  const std::vector<std::string> list(names.begin(), names.end());
  if (const std::optional<std::string> near = nearest(word, list)) {
    return fmt::format("; did you mean `{}`?", *near);
  }
  constexpr std::size_t kMost = 8;
  if (list.empty() || list.size() > kMost) return {};
  std::string text = "; there is ";
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) text += ", ";
    text += list[i];
  }
  return text;
}

Status parse_axes(std::string_view text, std::string_view whole, LabelPattern& pattern) {
  for (const std::string_view item : split(text, ',')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fail(fmt::format("`{}`: axes are written @axis=value,axis=value", printable(whole)));
    }
    const std::optional<std::string> value = unescape_label_value(item.substr(equals + 1));
    if (!value) {
      return fail(
          fmt::format("`{}`: % in a value is followed by two hex digits", printable(whole)));
    }
    pattern.axes.push_back({std::string(item.substr(0, equals)), *value});
  }
  return {};
}

bool project_matches(const LabelPattern& pattern, std::string_view project) {
  if (pattern.below) return is_within(project, pattern.project);
  return wildcard_match(pattern.project, project);
}

/// All nodes that the name of a pattern gives, axes not looked at. A name with `*` gives effects if
/// it gives nothing else.
std::vector<NodeId> named(const Graph& graph, const LabelPattern& pattern) {
  std::vector<NodeId> found;
  std::vector<NodeId> effects;
  const bool is_open = pattern.name.empty() || has_wildcard(pattern.name);
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId(i));
    const bool skip = is_open && (node.flags & node_flags::kPrivate) != 0;
    if (skip || !project_matches(pattern, graph.str(node.project))) continue;
    if (!pattern.name.empty() && !wildcard_match(pattern.name, graph.str(node.name))) continue;
    const bool is_aside = is_open && (node.flags & node_flags::kEffect) != 0;
    (is_aside ? effects : found).push_back(NodeId(i));
  }
  if (found.empty() && !pattern.name.empty()) found = std::move(effects);
  for (const Target& target : graph.targets()) {
    if (is_open || graph.str(target.name) != pattern.name) continue;
    if (!project_matches(pattern, graph.str(target.project))) continue;
    const auto nodes = graph.nodes(target);
    found.insert(found.end(), nodes.begin(), nodes.end());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::string pattern_text(const LabelPattern& pattern) {
  std::string text = "//" + pattern.project;
  if (pattern.below) text += pattern.project.empty() ? "..." : "/...";
  if (!pattern.name.empty()) text += ":" + pattern.name;
  return text;
}

/// Why no node has the name: the project, or the name in it.
Error no_such_name(const Graph& graph, const LabelPattern& pattern) {
  std::set<std::string> projects;
  std::set<std::string> names;
  bool known = false;
  for (const StrId project : graph.projects()) {
    projects.insert("//" + std::string(graph.str(project)));
    known = known || project_matches(pattern, graph.str(project));
  }
  if (!known) {
    return {fmt::format("no project `//{}`{}", printable(pattern.project),
                        offer("//" + pattern.project, projects))};
  }
  for (const Target& target : graph.targets()) {
    if (project_matches(pattern, graph.str(target.project)))
      names.insert(std::string(graph.str(target.name)));
  }
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId(i));
    const bool shown = (node.flags & node_flags::kPrivate) == 0;
    if (shown && project_matches(pattern, graph.str(node.project)))
      names.insert(std::string(graph.str(node.name)));
  }
  if (pattern.name.empty())
    return {fmt::format("`{}` has nothing to build", printable(pattern_text(pattern)))};
  return {fmt::format("no node `{}` in `//{}`{}", printable(pattern.name),
                      printable(pattern.project), offer(pattern.name, names))};
}

/// Why none of the named nodes has the axis values.
Error no_such_cell(const Graph& graph, const LabelPattern& pattern,
                   const std::vector<NodeId>& nodes) {
  for (const LabelPattern::Axis& want : pattern.axes) {
    std::set<std::string> axes;
    std::set<std::string> values;
    bool matches = false;
    for (const NodeId id : nodes) {
      for (const AxisValue& have : graph.axes(id)) {
        axes.insert(std::string(graph.str(have.axis)));
        if (graph.str(have.axis) != want.name) continue;
        values.insert(std::string(graph.str(have.value)));
        matches = matches || wildcard_match(want.value, graph.str(have.value));
      }
    }
    const std::string what = printable(pattern_text(pattern));
    if (axes.empty()) return {fmt::format("`{}` has no axes", what)};
    if (!axes.contains(want.name)) {
      return {fmt::format("`{}` has no axis `{}`{}", what, printable(want.name),
                          offer(want.name, axes))};
    }
    if (!matches) {
      return {fmt::format("axis `{}` of `{}` has no value `{}`{}", want.name, what,
                          printable(want.value), offer(want.value, values))};
    }
  }
  return {fmt::format("`{}` has no cell with these axis values", printable(pattern_text(pattern)))};
}

}  // namespace

Result<LabelPattern> parse_label(std::string_view text, std::string_view current) {
  const std::string_view whole = text;
  LabelPattern pattern;
  if (text.empty()) return fail("an empty label; labels look like //project:node@axis=value");
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    if (Status axes = parse_axes(text.substr(at + 1), whole, pattern); !axes)
      return std::unexpected(axes.error());
    text = text.substr(0, at);
  }
  std::string_view project = current;
  const bool is_full = text.starts_with("//");
  const std::size_t colon = text.find(':');
  if (is_full) {
    project = text.substr(2, colon == std::string_view::npos ? std::string_view::npos : colon - 2);
    text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  } else if (colon != std::string_view::npos) {
    if (colon > 0) {
      return fail(fmt::format("`{}`: a project is written with two slashes: //{}", printable(whole),
                              printable(whole)));
    }
    text.remove_prefix(1);
  } else if (text == "...") {
    pattern.below = true;
    text = {};
  }
  if (project == "..." || project.ends_with("/...")) {
    pattern.below = true;
    project.remove_suffix(project == "..." ? 3 : 4);
  }
  const std::optional<std::string> folder = canonical(project);
  if (!folder || folder->starts_with('/')) {
    return fail(fmt::format("`{}`: a project is a folder below the workspace", printable(whole)));
  }
  if (is_full && colon != std::string_view::npos && text.empty()) {
    return fail(fmt::format("`{}`: a name is missing behind the colon", printable(whole)));
  }
  pattern.project = *folder;
  pattern.name = text;
  return pattern;
}

bool axes_match(const Graph& graph, const LabelPattern& pattern, NodeId id) {
  return std::all_of(pattern.axes.begin(), pattern.axes.end(), [&](const LabelPattern::Axis& want) {
    const auto axes = graph.axes(id);
    return std::any_of(axes.begin(), axes.end(), [&](const AxisValue& have) {
      // A cell that stands for those that are not known stands for each of them.
      const bool any = graph.node(id).late != StrId{} && graph.str(have.value) == kUnknownValue;
      return graph.str(have.axis) == want.name &&
             (any || wildcard_match(want.value, graph.str(have.value)));
    });
  });
}

Result<std::vector<NodeId>> select(const Graph& graph, const LabelPattern& pattern) {
  const std::vector<NodeId> nodes = named(graph, pattern);
  if (nodes.empty() && !pattern.folder.empty()) {
    LabelPattern all;
    all.project = pattern.folder;
    all.axes = pattern.axes;
    return select(graph, all);
  }
  if (nodes.empty()) return std::unexpected(no_such_name(graph, pattern));
  std::vector<NodeId> cells;
  std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(cells),
               [&](NodeId id) { return axes_match(graph, pattern, id); });
  if (cells.empty()) return std::unexpected(no_such_cell(graph, pattern, nodes));
  return cells;
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // The last `*`, and how far its run reaches.
  std::size_t reached = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reached = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++reached;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

std::string log_stem(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::string name(graph.str(node.name));
  char separator = '@';
  for (const AxisValue& axis : graph.axes(id)) {
    name += fmt::format("{}{}={}", separator, graph.str(axis.axis),
                        path_component(graph.str(axis.value)));
    separator = ',';
  }
  std::string stem(graph.str(node.project));
  for (const std::string_view part : split(name, '/')) {
    // Several axes together may be too long for a file name, with `.log` and a number behind it.
    constexpr std::size_t kLongest = 220;
    if (part.size() <= kLongest) {
      stem = join_path(stem, part);
      continue;
    }
    std::size_t cut = kLongest;
    while ((static_cast<unsigned char>(part[cut]) & 0xC0U) == 0x80)
      --cut;
    stem = join_path(stem, fmt::format("{}~{:016x}", part.substr(0, cut), digest_of(part).high));
  }
  return stem;
}

}  // namespace devgraph
