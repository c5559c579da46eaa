#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/load_graph.h"
#include "lang/format.h"

namespace devgraph::cli {
namespace {

constexpr std::string_view kSuffix = ".devgraph";

/// The manifests in a folder and below, links to folders not entered, hidden folders left out.
void find_manifests(Files& files, const std::string& folder, std::vector<std::string>& found) {
  std::vector<std::string> open = {folder};
  while (!open.empty()) {
    const std::string here = std::move(open.back());
    open.pop_back();
    const Result<std::vector<FolderEntry>> entries = files.list(here.empty() ? "." : here);
    if (!entries) continue;  // A folder that cannot be read holds no manifest of ours.
    for (const FolderEntry& entry : *entries) {
      if (entry.name.starts_with('.')) continue;
      const std::string path = join_path(here, entry.name);
      if (entry.kind == FileKind::Folder) open.push_back(path);
      if (entry.kind == FileKind::Regular && entry.name.ends_with(kSuffix)) found.push_back(path);
    }
  }
  std::sort(found.begin(), found.end());
}

Result<std::string> read_stdin() {
  std::string text;
  char buffer[1u << 16];
  while (true) {
    const ssize_t size = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (size < 0) return fail_errno("cannot read stdin", errno);
    if (size == 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

struct Counts {
  std::size_t changed = 0;
  std::size_t broken = 0;
};

/// None: it does not parse, which is in `context.found`.
std::optional<std::string> formatted(Context& context, const std::string& name,
                                     const std::string& text) {
  const SourceId source = context.sources.add(name, text);
  return lang::format(context.sources, source, context.found);
}

void format_file(Context& context, const std::string& path, Counts& counts) {
  const Result<std::string> text = context.files.read(path);
  const Result<FileStat> stat = context.files.stat(path);
  if (!text || !stat) {
    add_fault(context, "E912", text ? stat.error().message : text.error().message);
    ++counts.broken;
    return;
  }
  const std::optional<std::string> good = formatted(context, path, *text);
  if (!good) {
    ++counts.broken;
    return;
  }
  if (*good == *text) return;
  ++counts.changed;
  if (context.options.check) {
    context.console.data(printable(path) + "\n");
    return;
  }
  if (const Status written = context.files.write(path, *good, stat->mode, false); !written) {
    add_fault(context, "E912", written.error().message);
    ++counts.broken;
    return;
  }
  if (!context.console.quiet) context.console.talk(fmt::format("formatted {}\n", printable(path)));
}

int format_stdin(Context& context) {
  const Result<std::string> text = read_stdin();
  if (!text) return refuse(context, "E912", text.error().message);
  const std::optional<std::string> good = formatted(context, "<stdin>", *text);
  if (!good) return refuse(context);
  if (context.options.check) return *good == *text ? kExitDone : kExitStale;
  context.console.data(*good);
  return kExitDone;
}

}  // namespace

int fmt_command(Context& context) {
  std::vector<std::string> paths;
  for (const std::string& word : context.options.words) {
    const Result<FileStat> stat = context.files.stat(word);
    if (word == "-") {
      if (context.options.words.size() == 1) return format_stdin(context);
      return refuse(context, "E904", "`-` stands for stdin, and then alone");
    }
    if (stat && stat->kind == FileKind::Folder) {
      find_manifests(context.files, word, paths);
    } else {
      paths.push_back(word);
    }
  }
  if (context.options.words.empty()) find_manifests(context.files, "", paths);
  if (paths.empty()) {
    return refuse(context, "E904", "there is no manifest here to format",
                  {"manifests are files named *.devgraph"});
  }
  Counts counts;
  for (const std::string& path : paths)
    format_file(context, path, counts);
  if (counts.broken > 0) return refuse(context);
  return context.options.check && counts.changed > 0 ? kExitStale : kExitDone;
}

}  // namespace devgraph::cli
