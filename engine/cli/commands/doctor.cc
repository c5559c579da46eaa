#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <tbb/task_arena.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/sandbox.h"
#include "engine/exec/within.h"

namespace devgraph::cli {
namespace {

enum class State { Good, Note, Bad };

struct Finding {
  State state = State::Good;
  std::string subject;
  std::string text;
  std::vector<std::string> more;
};

std::string_view state_name(State state) {
  switch (state) {
    case State::Good:
      return "ok";
    case State::Note:
      return "note";
    case State::Bad:
      return "bad";
  }
  return {};
}

std::optional<std::string> on_path(Context& context, std::string_view program) {
  const auto path = context.environment.find("PATH");
  if (path == context.environment.end()) return std::nullopt;
  for (const std::string_view folder : split(path->second, ':')) {
    if (!folder.starts_with('/')) continue;
    std::string candidate = join_path(folder, program);
    const Result<FileStat> stat = context.files.stat(candidate);
    if (stat && stat->kind == FileKind::Regular && stat->executable) return candidate;
  }
  return std::nullopt;
}

Finding sandbox() {
  const exec::SandboxReport report = exec::sandbox_report();
  Finding finding{.state = report.not_held.empty() ? State::Good : State::Note,
                  .subject = "sandbox",
                  .text = fmt::format("Landlock, version {} of its interface", report.abi),
                  .more = report.not_held};
  if (report.abi > 0) return finding;
  finding.state = State::Bad;
  finding.text = "this kernel has no Landlock: nodes are not held to what they declare";
  return finding;
}

Finding images() {
  const Status& can = exec::can_enter_images();
  if (can) return {State::Good, "images", "namespaces; commands can run within images", {}};
  return {State::Note, "images", can.error().message, {}};
}

Finding program(Context& context, std::string_view name, State if_absent, std::string_view need) {
  const std::optional<std::string> path = on_path(context, name);
  if (path) return {State::Good, std::string(name), printable(*path), {}};
  return {if_absent, std::string(name), fmt::format("not on PATH; {}", need), {}};
}

/// The programs that every script may use.
Finding basics(Context& context) {
  constexpr std::array<std::string_view, 10> kOneOfEach = {"env",  "cp",  "sort", "find", "diff",
                                                           "grep", "sed", "awk",  "tar",  "gzip"};
  std::string missing;
  for (const std::string_view name : kOneOfEach) {
    if (!on_path(context, name)) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", name);
  }
  if (missing.empty()) return {State::Good, "basics", "coreutils, findutils, grep, sed, …", {}};
  return {State::Bad, "basics", fmt::format("not on PATH: {}", missing), {}};
}

/// The programs that build Dockerfiles, in the order in which `engine = "auto"` takes them.
Finding engines(Context& context) {
  std::vector<std::string> there;
  for (const char* name : {"buildah", "podman", "docker"}) {
    const std::optional<std::string> path = on_path(context, name);
    if (path) there.push_back(printable(*path));
  }
  if (there.empty()) {
    return {
        State::Note, "engines", "not on PATH: buildah, podman, docker; `dockerfile` needs one", {}};
  }
  Finding found{State::Good, "engines", there[0] + " builds Dockerfiles", {}};
  for (std::size_t i = 1; i < there.size(); ++i)
    found.more.push_back(there[i] + " does where `engine` says so");
  return found;
}

Finding disk(const std::string& folder) {
  struct statvfs space{};
  if (::statvfs(folder.c_str(), &space) != 0) {
    return {
        State::Note, "disk", fmt::format("the space at {} is not known", printable(folder)), {}};
  }
  constexpr std::uint64_t kLow = 1ull << 30;
  const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  return {free < kLow ? State::Note : State::Good,
          "disk",
          fmt::format("{} free at {}", human_size(free), printable(folder)),
          {}};
}

Finding descriptors() {
  constexpr rlim_t kFew = 1024;
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {State::Note, "open files", "not known", {}};
  return {limit.rlim_cur < kFew ? State::Note : State::Good,
          "open files",
          limit.rlim_cur == RLIM_INFINITY ? "no limit" : fmt::format("up to {}", limit.rlim_cur),
          {}};
}

Finding cores() {
  return {State::Good, "cores", fmt::format("{}", tbb::this_task_arena::max_concurrency()), {}};
}

/// The workspace around the folder, and the tools that its graph asks for.
void workspace(Context& context, std::vector<Finding>& findings) {
  const std::optional<lang::Workspace> found = open_workspace(context);
  if (!found) {
    findings.push_back(
        {State::Note, "workspace", printable(context.found.all().back().message), {}});
    context.found = Diagnostics();
    return;
  }
  findings.push_back({State::Good, "workspace", printable(found->root), {}});
  findings.push_back(disk(found->root));
  const std::optional<Graph> graph =
      load_graph(context, *found, demanded_projects(*found, {}), Save::No);
  if (!graph) {
    Finding broken{State::Bad, "manifests", "they have errors; `devgraph lint` shows them", {}};
    for (const Diagnostic& item : context.found.all())
      broken.more.push_back(printable(fmt::format("{}: {}", item.code, item.message)));
    findings.push_back(std::move(broken));
    context.found = Diagnostics();
    return;
  }
  for (const Read& read : graph->reads()) {
    if (read.op != ReadOp::Tool) continue;
    findings.push_back(program(context, graph->str(read.arg), State::Bad, "a node asks for it"));
  }
}

std::string text_form(const std::vector<Finding>& findings, bool color) {
  std::size_t width = 0;
  for (const Finding& finding : findings)
    width = std::max(width, finding.subject.size());
  std::string text;
  for (const Finding& finding : findings) {
    const Paint paint = finding.state == State::Good   ? Paint::Green
                        : finding.state == State::Note ? Paint::Yellow
                                                       : Paint::Red;
    const std::string_view name = state_name(finding.state);
    text += fmt::format("{}{}  {:<{}}  {}\n", painted(color, paint, name),
                        std::string(4 - name.size(), ' '), printable(finding.subject), width,
                        finding.text);
    for (const std::string& line : finding.more)
      text += fmt::format("      {:<{}}  {}\n", "", width, printable(line));
  }
  return text;
}

std::string json_form(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"subject", json_text(finding.subject)},
                    {"state", state_name(finding.state)},
                    {"text", json_text(finding.text)},
                    {"more", finding.more}});
  }
  return dump(list);
}

}  // namespace

int doctor_command(Context& context) {
  std::vector<Finding> findings;
  findings.push_back({State::Good, "devgraph", DEVGRAPH_VERSION, {}});
  findings.push_back(cores());
  findings.push_back(descriptors());
  findings.push_back(sandbox());
  findings.push_back(images());
  findings.push_back(program(context, "bash", State::Bad, "scripts are run by it"));
  findings.push_back(basics(context));
  findings.push_back(program(context, "git", State::Note, "git_clone and git.* need it"));
  findings.push_back(engines(context));
  workspace(context, findings);
  context.console.data(context.options.format == "json"
                           ? json_form(findings)
                           : text_form(findings, context.console.data_color));
  const bool bad = std::any_of(findings.begin(), findings.end(),
                               [](const Finding& finding) { return finding.state == State::Bad; });
  return bad ? kExitStale : kExitDone;
}

}  // namespace devgraph::cli
