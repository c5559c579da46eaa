#include "engine/cli/option_table.h"

#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::cli {
namespace {

using std::string;
using std::string_view;

template <class T>
bool parse_number(string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

template <bool Options::* Flag>
string set_flag(Options& options, string_view) {
  options.*Flag = true;
  return {};
}

template <std::vector<string> Options::* List>
string append(Options& options, string_view value) {
  (options.*List).emplace_back(value);
  return {};
}

string set_color(Options& options, string_view value) {
  if (value == "auto") options.color = ColorMode::Auto;
  if (value == "always") options.color = ColorMode::Always;
  if (value == "never") options.color = ColorMode::Never;
  return {};
}

string set_define(Options& options, string_view value) {
  const std::size_t equals = value.find('=');
  if (equals == string_view::npos || equals == 0) return "a parameter is set by `-D name=value`";
  options.defines.emplace_back(value);
  return {};
}

string set_jobs(Options& options, string_view value) {
  constexpr unsigned kMost = 4096;
  const bool good = parse_number(value, options.jobs) && options.jobs > 0 && options.jobs <= kMost;
  return good ? "" : fmt::format("the number of jobs is 1 to {}", kMost);
}

string set_load(Options& options, string_view value) {
  const bool good = parse_number(value, options.load_limit) && std::isfinite(options.load_limit) &&
                    options.load_limit > 0;
  return good ? "" : "the load is a number above 0";
}

string set_shuffle(Options& options, string_view value) {
  std::uint64_t seed = 0;
  if (value.empty()) {
    options.shuffle_any = true;  // The seed is drawn, and said, when the build starts.
    return {};
  }
  if (!parse_number(value, seed)) return "the seed is a number";
  options.shuffle = seed;
  return {};
}

string set_sandbox(Options& options, string_view value) {
  options.sandbox = value == "off"       ? SandboxChoice::Off
                    : value == "require" ? SandboxChoice::Require
                                         : SandboxChoice::On;
  return {};
}

string set_trace(Options& options, string_view value) {
  options.trace = value;
  return value.empty() ? "a file is needed" : "";
}

template <string Options::* Path>
string set_path(Options& options, string_view value) {
  options.*Path = value;
  return value.empty() ? "a path is needed" : "";
}

string set_format(Options& options, string_view value) {
  options.format = value == "text" ? "" : value;
  return {};
}

string set_json(Options& options, string_view) {
  options.format = "json";
  return {};
}

string set_attempt(Options& options, string_view value) {
  const bool good = parse_number(value, options.attempt);
  return good ? "" : "attempts are counted back: 0 is the last one, 1 the one before it";
}

string set_keep(Options& options, string_view value) {
  struct Unit {
    string_view name;
    std::uint64_t bytes;
  };
  static constexpr std::uint64_t kDecimal = 1000;
  static constexpr std::uint64_t kBinary = 1024;
  static constexpr Unit kUnits[] = {{"kB", kDecimal},
                                    {"MB", kDecimal * kDecimal},
                                    {"GB", kDecimal * kDecimal * kDecimal},
                                    {"TB", kDecimal * kDecimal * kDecimal * kDecimal},
                                    {"KiB", kBinary},
                                    {"MiB", kBinary * kBinary},
                                    {"GiB", kBinary * kBinary * kBinary},
                                    {"TiB", kBinary * kBinary * kBinary * kBinary},
                                    {"B", 1}};
  for (const Unit& unit : kUnits) {
    std::uint64_t number = 0;
    if (!value.ends_with(unit.name)) continue;
    value.remove_suffix(unit.name.size());
    constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
    if (!parse_number(value, number) || number > kMost / unit.bytes) break;
    options.keep_bytes = number * unit.bytes;
    return {};
  }
  return "a size has a unit, as in the manifest: 500MB, 20GiB";
}

constexpr OptionSpec kJson = {"", "json", "", "print JSON", set_json};

constexpr OptionSpec kCommon[] = {
    {"C", "directory", "DIR", "work in DIR", append<&Options::folders>},
    {"D", "define", "NAME=VALUE", "set a parameter; //project:NAME=VALUE of another project",
     set_define},
    {"P", "params", "FILE", "set the parameters that FILE lists", append<&Options::param_files>},
    {"", "color", "WHEN", "use color", set_color, "auto|always|never"},
    {"q", "quiet", "", "say only what is wrong", set_flag<&Options::quiet>},
    {"v", "verbose", "", "say more", set_flag<&Options::verbose>},
};

constexpr OptionSpec kBuild[] = {
    {"j", "jobs", "N", "run up to N commands at once (default: one a core)", set_jobs},
    {"k", "keep-going", "", "after a failure go on with all that does not need it",
     set_flag<&Options::keep_going>},
    {"l", "load-average", "LOAD", "start no command while the load is above LOAD", set_load},
    {"n", "dry-run", "", "print what would run and why; run and write nothing",
     set_flag<&Options::dry_run>},
    {"B", "always-make", "", "run the named nodes again, even if fresh; without labels all",
     set_flag<&Options::always>},
    {"", "only", "LABEL", "of what is chosen, build only what LABEL selects",
     append<&Options::only>},
    {"", "except", "LABEL", "of what is chosen, leave out what LABEL selects",
     append<&Options::except>},
    {"", "explain", "", "say for each node why it runs", set_flag<&Options::explain>},
    {"", "twice", "", "run each node twice and name outputs that differ",
     set_flag<&Options::twice>},
    {"", "trace", "FILE", "write the times of all nodes in Chrome's trace format", set_trace},
    {"", "shuffle", "SEED", "start ready nodes in a random order", set_shuffle, {}, true},
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
    {"", "locked", "", "write no lock file: refuse what is not in it", set_flag<&Options::locked>},
    {"", "adopt", "", "take over existing files that devgraph did not make",
     set_flag<&Options::adopt>},
    {"", "sandbox", "MODE", "hold nodes to what they declare", set_sandbox, "on|require|off"},
};

constexpr OptionSpec kRelease[] = {
    {"j", "jobs", "N", "run up to N commands at once (default: one a core)", set_jobs},
    {"k", "keep-going", "", "after a failure go on with all that does not need it",
     set_flag<&Options::keep_going>},
    {"l", "load-average", "LOAD", "start no command while the load is above LOAD", set_load},
    {"n", "dry-run", "", "build, ask every target, print the plan; change nothing outside",
     set_flag<&Options::plan_only>},
    {"y", "yes", "", "do not ask; needed where there is no terminal", set_flag<&Options::yes>},
    {"", "revert", "", "take back what this workspace did, as far as it can be",
     set_flag<&Options::revert>},
    {"", "new", "", "leave an unfinished release of another commit, and begin anew",
     set_flag<&Options::anew>},
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
    {"", "locked", "", "write no lock file: refuse what is not in it", set_flag<&Options::locked>},
    {"", "sandbox", "MODE", "hold nodes to what they declare", set_sandbox, "on|require|off"},
    kJson,
};

constexpr OptionSpec kCheck[] = {
    {"", "format", "FORMAT", "how to print what is stale", set_format, "text|json|github|sarif"},
    kJson,
    {"", "paranoid", "", "read every file again, trust no time stamp",
     set_flag<&Options::paranoid>},
    {"", "remote", "", "ask registries and targets for what was put there",
     set_flag<&Options::remote>},
    {"", "lock", "", "compare with devgraph.lock, not with what was built here",
     set_flag<&Options::portable>},
};
constexpr OptionSpec kJsonOnly[] = {kJson};
constexpr OptionSpec kLog[] = {
    {"", "attempt", "N", "an earlier attempt: 1 is the one before the last", set_attempt},
    {"", "follow", "", "go on printing while the node runs", set_flag<&Options::follow>},
    {"", "failed", "", "of the nodes whose last run failed; without labels all of them",
     set_flag<&Options::failed>},
};
constexpr OptionSpec kRun[] = {
    {"", "failed", "", "where the node's last run failed, instead of what it makes",
     set_flag<&Options::failed>},
};
constexpr OptionSpec kGraph[] = {
    {"", "format", "FORMAT", "how to print the graph", set_format, "text|dot|json"},
    kJson,
};
constexpr OptionSpec kClean[] = {
    {"n", "dry-run", "", "print what would be removed", set_flag<&Options::dry_run>},
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
};
constexpr OptionSpec kNoWait[] = {
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
};
constexpr OptionSpec kFreeze[] = {
    {"j", "jobs", "N", "run up to N commands at once (default: one a core)", set_jobs},
    {"k", "keep-going", "", "after a failure build what does not need it; nothing is copied then",
     set_flag<&Options::keep_going>},
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
    {"", "locked", "", "write no lock file: refuse what is not in it", set_flag<&Options::locked>},
    {"", "sandbox", "MODE", "hold nodes to what they declare", set_sandbox, "on|require|off"},
    {"", "reseed", "", "show how files differ from what their seeds would make, and ask",
     set_flag<&Options::reseed>},
    {"", "yes", "", "with --reseed: write them without asking", set_flag<&Options::yes>},
};
constexpr OptionSpec kLink[] = {
    {"", "fix", "", "make links again of equal copies, and of links that lead elsewhere",
     set_flag<&Options::fix>},
    {"", "force", "", "replace files of another content too, which is lost",
     set_flag<&Options::force>},
    {"", "stage", "FILE", "replace the link FILE by a copy that can be written",
     set_path<&Options::stage>},
    {"", "unstage", "FILE", "make FILE a link again, unless it was edited",
     set_path<&Options::unstage>},
    {"j", "jobs", "N", "run up to N commands at once (default: one a core)", set_jobs},
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
};
constexpr OptionSpec kPin[] = {
    {"", "from", "FILE", "what stands in; OUTPUT=FILE for each of several outputs",
     append<&Options::from>},
    {"", "empty", "", "empty files and folders stand in", set_flag<&Options::empty>},
};
constexpr OptionSpec kUpdate[] = {
    {"n", "dry-run", "", "print what would move; write nothing", set_flag<&Options::dry_run>},
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
};
constexpr OptionSpec kGc[] = {
    {"n", "dry-run", "", "print the same list, and drop nothing", set_flag<&Options::dry_run>},
    {"", "keep", "SIZE", "keep other results too, those used last first, while all take no more",
     set_keep},
    kJson,
    {"", "no-wait", "", "if another build has the workspace, fail at once",
     set_flag<&Options::no_wait>},
};
constexpr OptionSpec kData[] = {
    {"", "format", "FORMAT", "how to print it", set_format, "text|json"},
    kJson,
};
constexpr OptionSpec kFmt[] = {
    {"", "check", "", "change nothing; name the files that are not formatted, exit status 3",
     set_flag<&Options::check>},
};
constexpr OptionSpec kLint[] = {
    {"", "format", "FORMAT", "how to print what is found", set_format, "text|json|github|sarif"},
    kJson,
};
constexpr OptionSpec kInit[] = {
    {"", "gitignore", "", "append the lines for the ignore file to .gitignore",
     set_flag<&Options::gitignore>},
};

}  // namespace

std::span<const OptionSpec> common_options() {
  return kCommon;
}

std::span<const OptionSpec> own_options(string_view command) {
  static const std::map<string_view, std::span<const OptionSpec>> kOwn = {
      {"build", kBuild},     {"check", kCheck},   {"why", kJsonOnly}, {"log", kLog},
      {"list", kJsonOnly},   {"graph", kGraph},   {"out", kJsonOnly}, {"clean", kClean},
      {"fmt", kFmt},         {"lint", kLint},     {"init", kInit},    {"doctor", kJsonOnly},
      {"image", kJsonOnly},  {"run", kRun},       {"shell", kRun},    {"lock", kNoWait},
      {"update", kUpdate},   {"gc", kGc},         {"metrics", kData}, {"data", kData},
      {"release", kRelease}, {"freeze", kFreeze}, {"link", kLink},    {"pin", kPin},
  };
  const auto found = kOwn.find(command);
  return found == kOwn.end() ? std::span<const OptionSpec>() : found->second;
}

string shown_name(const OptionSpec& spec) {
  if (spec.short_name.empty()) return fmt::format("--{}", spec.long_name);
  if (spec.long_name.empty()) return fmt::format("-{}", spec.short_name);
  return fmt::format("-{}, --{}", spec.short_name, spec.long_name);
}

}  // namespace devgraph::cli
