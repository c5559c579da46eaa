#include "lang/discover.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <tbb/concurrent_vector.h>
#include <tbb/parallel_for_each.h>
#include <tbb/task_arena.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/lock_file.h"
#include "engine/graph/pins.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

constexpr std::array<std::string_view, 6> kWorkspaceFields = {"out",   "ignore", "tools",
                                                              "pools", "cache",  "registry"};

/// One component against a pattern without `/`.
bool component_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, mark = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

/// Row by row: reach[j] says that the patterns so far match the first j names.
bool components_match(const std::vector<std::string_view>& patterns,
                      const std::vector<std::string_view>& names) {
  std::vector<bool> reach(names.size() + 1, false);
  reach[0] = true;
  for (const std::string_view pattern : patterns) {
    std::vector<bool> next(names.size() + 1, false);
    bool any = false;
    for (std::size_t j = 0; j <= names.size(); ++j) {
      if (pattern == "**") {
        any = any || reach[j];
        next[j] = any;
      } else if (j > 0) {
        next[j] = reach[j - 1] && component_matches(pattern, names[j - 1]);
      }
    }
    reach = std::move(next);
  }
  return reach[names.size()];
}

std::vector<std::string_view> components(std::string_view path) {
  return path.empty() ? std::vector<std::string_view>() : split(path, '/');
}

void read_ignore(const ast::Expr& value, WorkspaceSettings& settings, Diagnostics& found) {
  const auto* list = std::get_if<ast::List>(&value.value);
  const auto refuse = [&](Range range) {
    found
        .error("E226", range, "`workspace.ignore` is a list of strings in quotes",
               "known before anything is evaluated, so it cannot be computed")
        .helps.emplace_back("write  ignore = [\"**/papers\"]");
  };
  if (!list) return refuse(value.range);
  for (const ast::ListItem& item : list->items) {
    const std::string* text = item.spread ? nullptr : plain_text(*item.value);
    if (!text) {
      refuse(item.value->range);
    } else {
      settings.ignore.push_back(*text);
    }
  }
}

void read_out(const ast::Expr& value, WorkspaceSettings& settings, Diagnostics& found) {
  const std::string* text = plain_text(value);
  const std::optional<std::string> path =
      text && !text->starts_with('/') ? canonical(*text) : std::nullopt;
  if (!path || path->empty()) {
    found.error("E226", value.range, "`workspace.out` is the name of a folder in the workspace",
                "a text in quotes, such as \"out\"");
    return;
  }
  settings.out = *path;
}

void read_block(const ast::Block& block, WorkspaceSettings& settings, Diagnostics& found) {
  const std::vector<std::string> known(kWorkspaceFields.begin(), kWorkspaceFields.end());
  for (const ast::Field& field : block.fields) {
    if (field.spread || !field.value) {
      found.error("E226", field.value ? field.value->range : field.name.range,
                  "a spread cannot stand in `workspace`", "its fields are written out");
    } else if (field.name.text == "ignore") {
      read_ignore(*field.value, settings, found);
    } else if (field.name.text == "out") {
      read_out(*field.value, settings, found);
    } else if (std::ranges::find(known, field.name.text) == known.end()) {
      const std::optional<std::string> near = nearest(field.name.text, known);
      Diagnostic& fault = found.error(
          "E226", field.name.range, fmt::format("`workspace` has no field `{}`", field.name.text),
          near ? fmt::format("did you mean `{}`?", *near) : "no such field");
      fault.helps.push_back(fmt::format("its fields are {}", fmt::join(known, ", ")));
    }
  }
}

}  // namespace

WorkspaceSettings workspace_settings(const ast::File& file, Diagnostics& found) {
  WorkspaceSettings settings;
  for (const ast::Decl* decl : file.decls) {
    const auto* workspace = std::get_if<ast::Workspace>(&decl->value);
    if (workspace) read_block(workspace->block, settings, found);
  }
  return settings;
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  return components_match(components(pattern), components(path));
}

bool is_hidden_folder(const WorkspaceSettings& settings, std::string_view folder) {
  const std::string_view name = base_name(folder);
  if (name == ".git" || name == ".devgraph" || folder == settings.out) return true;
  return std::ranges::any_of(settings.ignore,
                             [&](const std::string& glob) { return glob_matches(glob, folder); });
}

bool is_kept_place(std::string_view path) {
  if (path == kLockName || path == kPinsName) return true;
  const std::vector<std::string_view> parts = split(path, '/');
  return std::ranges::any_of(
      parts, [](std::string_view part) { return part == ".git" || part == ".devgraph"; });
}

std::vector<std::string> discover_projects(Files& files, const std::string& workspace,
                                           const WorkspaceSettings& settings, unsigned jobs) {
  tbb::concurrent_vector<std::string> found;
  const auto visit = [&](const std::string& folder, tbb::feeder<std::string>& feeder) {
    const Result<std::vector<FolderEntry>> entries = files.list(join_path(workspace, folder));
    if (!entries) return;
    for (const FolderEntry& entry : *entries) {
      const std::string path = join_path(folder, entry.name);
      if (entry.kind == FileKind::Folder) {
        if (!is_hidden_folder(settings, path)) feeder.add(path);
      } else if (entry.name == kManifestName) {
        found.push_back(folder);
      }
    }
  };
  const std::vector<std::string> start = {""};
  tbb::task_arena arena(static_cast<int>(std::max(1U, jobs)));
  arena.execute([&] { tbb::parallel_for_each(start.begin(), start.end(), visit); });

  std::vector<std::string> sorted(found.begin(), found.end());
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace devgraph::lang
