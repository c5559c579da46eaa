#include "lang/glob.h"

#include <algorithm>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::lang {
namespace {

bool is_special(char c) {
  return c == '*' || c == '?' || c == '\\';
}

std::vector<std::string_view> components(std::string_view path) {
  if (path.empty()) return {};
  return split(path, '/');
}

bool match_components(std::span<const std::string_view> pattern,
                      std::span<const std::string_view> path) {
  while (!pattern.empty()) {
    if (pattern[0] == "**") {
      for (std::size_t skip = 0; skip <= path.size(); ++skip) {
        if (match_components(pattern.subspan(1), path.subspan(skip))) return true;
      }
      return false;
    }
    if (path.empty() || !match_component(pattern[0], path[0])) return false;
    pattern = pattern.subspan(1);
    path = path.subspan(1);
  }
  return path.empty();
}

class Walk {
 public:
  Walk(const GlobWorld& world, GlobResult& result) : world_(world), result_(result) {}

  /// `pattern` holds at least one component.
  void run(const std::string& folder, std::span<const std::string_view> pattern) {
    const std::string_view first = pattern[0];
    if (first == "**") return any_depth(folder, pattern.subspan(1));
    if (pattern.size() == 1) return files_of(folder, first);
    if (!has_wildcard(first)) {
      return enter(join_path(folder, glob_unquote(first)), pattern.subspan(1));
    }
    for (const FolderEntry& entry : world_.list(folder)) {
      if (entry.kind == FileKind::Folder && match_component(first, entry.name)) {
        enter(join_path(folder, entry.name), pattern.subspan(1));
      }
    }
  }

 private:
  void enter(const std::string& folder, std::span<const std::string_view> pattern) {
    if (world_.admits(folder, true)) run(folder, pattern);
  }

  void any_depth(const std::string& folder, std::span<const std::string_view> rest) {
    // `a/**` means all files below a.
    if (rest.empty()) {
      files_of(folder, "*");
    } else {
      run(folder, rest);
    }
    for (const FolderEntry& entry : world_.list(folder)) {
      const std::string path = join_path(folder, entry.name);
      if (entry.kind == FileKind::Folder && world_.admits(path, true)) any_depth(path, rest);
    }
  }

  void files_of(const std::string& folder, std::string_view pattern) {
    for (const FolderEntry& entry : world_.list(folder)) {
      if (entry.kind == FileKind::Folder || !match_component(pattern, entry.name)) continue;
      std::string path = join_path(folder, entry.name);
      if (!world_.admits(path, false)) continue;
      FileKind kind = entry.kind;
      if (kind == FileKind::Symlink) kind = world_.follow(path);
      if (kind == FileKind::Regular)
        result_.files.push_back(std::move(path));
      else if (kind == FileKind::Other)
        result_.refused.push_back(std::move(path));
    }
  }

  const GlobWorld& world_;
  GlobResult& result_;
};

void sort_unique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

std::string glob_quote(std::string_view text) {
  std::string quoted;
  for (char c : text) {
    if (is_special(c)) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

std::string glob_unquote(std::string_view pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    text += pattern[i];
  }
  return text;
}

bool has_wildcard(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\')
      ++i;
    else if (is_special(pattern[i]))
      return true;
  }
  return false;
}

std::string glob_fixed_part(std::string_view pattern) {
  std::string fixed;
  for (std::string_view part : components(pattern)) {
    if (has_wildcard(part)) break;
    fixed = join_path(fixed, glob_unquote(part));
  }
  return fixed;
}

bool match_component(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // Where to go on after the last `*` takes one more.
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_name = n;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      ++n;
    } else if (p < pattern.size() &&
               pattern[p == pattern.size() - 1 || pattern[p] != '\\' ? p : p + 1] == name[n]) {
      p += pattern[p] == '\\' && p + 1 < pattern.size() ? 2 : 1;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

bool match_path(std::string_view pattern, std::string_view path) {
  return match_components(components(pattern), components(path));
}

GlobResult walk_glob(const GlobWorld& world, std::string_view pattern) {
  GlobResult result;
  std::vector<std::string_view> parts = components(pattern);
  std::string folder;
  std::size_t fixed = 0;
  // The fixed part is named by the user, so it is entered even where wildcards do not go.
  while (fixed + 1 < parts.size() && !has_wildcard(parts[fixed])) {
    folder = join_path(folder, glob_unquote(parts[fixed]));
    ++fixed;
  }
  if (fixed < parts.size()) {
    Walk(world, result).run(folder, std::span(parts).subspan(fixed));
  }
  sort_unique(result.files);
  sort_unique(result.refused);
  return result;
}

}  // namespace devgraph::lang
