#include "lang/docker/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::lang {

/// What the fields of one node say.
struct DockerPlanner::Given {
  std::string root;                      ///< Of the context, workspace-relative.
  std::map<std::string, Value> context;  ///< By name in the context.
  std::vector<std::pair<std::string, Value>> extra;
  std::set<std::string> ignored;  ///< Names that an ignore file left out.
  std::string ignore_file;        ///< Workspace-relative; empty: there is none.
  std::string dockerfile;         ///< Workspace-relative; empty: `built`.
  Value built;
  std::map<std::string, Value> images;
  DockerTarget wanted;
};

namespace {

std::string common_folder(const std::string& a, const std::string& b) {
  std::string folder = a;
  while (!is_within(b, folder))
    folder = std::string(parent_path(folder));
  return folder;
}

std::string show_path(const std::string& path) {
  return path.empty() ? "//" : "//" + printable(path);
}

/// Which names a COPY takes.
class Matcher {
 public:
  explicit Matcher(const DockerSource& source) : source_(source) {
    if (source.is_literal) return;
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_dot_nl(true);
    expression_ =
        std::make_unique<re2::RE2>(docker_expression(source.pattern, false) + "(?:/.*)?", options);
  }
  bool takes(const std::string& name) const {
    if (expression_) return !expression_->ok() || re2::RE2::FullMatch(name, *expression_);
    return is_within(name, source_.pattern);
  }

 private:
  const DockerSource& source_;
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace

Range DockerPlanner::place(Cell& cell, std::string_view field) {
  PlanField* found = eval_.plan_of(cell).find(field);
  return found ? found->range : cell.family->range;
}

/// A place of the Dockerfile, and which node builds it.
void DockerPlanner::report(Cell& cell, SourceId source, const DockerFault& fault) {
  if (fault.code == "E422" && fault.end == 0) {
    eval_.fault(fault.code, place(cell, "target"), fault.message, fault.label, fault.help);
    return;
  }
  Diagnostic* said =
      eval_.report(fault.code, {source, fault.begin, fault.end}, fault.message, fault.label);
  if (said == nullptr) return;
  said->also.push_back({cell.family->range, "built here"});
  if (!fault.help.empty()) said->helps.push_back(fault.help);
}

/// The files of `context`, named from their common folder.
bool DockerPlanner::place_context(Cell& cell, Given& given) {
  const std::vector<Value> all = eval_.elements(eval_.parameter(cell, "context"));
  std::optional<std::string> root;
  std::vector<Value> files;
  for (const Value& one : all) {
    if (one.is_error()) return false;
    if (!one.is(ValueKind::File)) {
      eval_.fault("E422", place(cell, "context"), "a context holds files of the tree only",
                  kind_name(one), "what nodes make goes into `extra`: it lies in the root then");
      return false;
    }
    const FileObject& file = one.as<FileObject>();
    const std::string folder = file.glob ? file.glob_base : std::string(parent_path(file.path));
    root = root ? common_folder(*root, folder) : folder;
    files.push_back(one);
  }
  given.root = root.value_or("");
  for (const Value& one : files)
    given.context.emplace(relative_to(one.as<FileObject>().path, given.root), one);
  return true;
}

bool DockerPlanner::find_dockerfile(Cell& cell, Given& given) {
  const Value named = eval_.parameter(cell, "dockerfile");
  if (named.is_error()) return false;
  if (named.is(ValueKind::File) && !eval_.world().is_output(named.as<FileObject>().path)) {
    given.dockerfile = named.as<FileObject>().path;
    if (given.context.empty()) given.root = std::string(parent_path(given.dockerfile));
    return true;
  }
  if (!named.is_none()) {
    given.built = named;
    return true;
  }
  given.dockerfile = join_path(given.root, "Dockerfile");
  if (!given.context.empty() && eval_.world().exists(given.dockerfile)) return true;
  eval_.fault(
      "E422", place(cell, given.context.empty() ? "" : "context"),
      given.context.empty() ? fmt::format("`{}` has no Dockerfile", cell.family->name)
                            : fmt::format("no Dockerfile in {}", show_path(given.root)),
      given.context.empty() ? "neither `context` nor `dockerfile`" : "the root of this context",
      "name it:  dockerfile = ./path/Dockerfile");
  return false;
}

/// Docker's rule: the Dockerfile's own ignore file, else that of the context.
bool DockerPlanner::drop_ignored(Cell& cell, Given& given) {
  const Value named = eval_.parameter(cell, "ignore");
  if (named.is_error()) return false;
  World& world = eval_.world();
  if (named.is(ValueKind::File)) {
    given.ignore_file = named.as<FileObject>().path;
  } else if (!given.dockerfile.empty() && world.exists(given.dockerfile + ".dockerignore")) {
    given.ignore_file = given.dockerfile + ".dockerignore";
  } else if (const std::string usual = join_path(given.root, ".dockerignore");
             world.exists(usual)) {
    given.ignore_file = usual;
  }
  if (given.ignore_file.empty()) return true;
  const Result<std::string> text = world.read_text(given.ignore_file);
  Result<DockerIgnore> rules =
      text ? DockerIgnore::parse(*text) : Result<DockerIgnore>(std::unexpected(text.error()));
  if (!rules) {
    eval_.fault("E422", place(cell, named.is_none() ? "context" : "ignore"),
                fmt::format("cannot use {}", show_path(given.ignore_file)), rules.error().message);
    return false;
  }
  for (const auto& [name, file] : given.context) {
    if (rules->excludes(name)) given.ignored.insert(name);
  }
  std::erase_if(given.context,
                [&](const auto& entry) { return given.ignored.contains(entry.first); });
  return true;
}

void DockerPlanner::add_images(Cell& cell, Given& given) {
  const Value images = eval_.parameter(cell, "images");
  if (images.is(ValueKind::Map)) {
    for (const auto& [name, image] : images.fields())
      given.images.emplace(name, image);
  }
  const Value from = eval_.parameter(cell, "from");
  if (!from.is_none() && !from.is_error()) given.images["base"] = from;
  for (const auto& [name, image] : given.images)
    given.wanted.images.insert(name);
}

void DockerPlanner::add_args(Cell& cell, Given& given) {
  const Value args = eval_.parameter(cell, "args");
  if (!args.is(ValueKind::Map)) return;
  for (const auto& [name, value] : args.fields()) {
    if (value.is(ValueKind::String)) given.wanted.args.emplace(name, value.text());
  }
}

/// What other nodes make, in the root of the context.
bool DockerPlanner::add_extra(Cell& cell, Given& given) {
  for (const Value& one : eval_.elements(eval_.parameter(cell, "extra"))) {
    if (one.is_error()) return false;
    std::string name = base_of(one);
    // Two products of one name may be one file; that is seen when they are there.
    if (given.context.contains(name)) {
      eval_.fault("E422", place(cell, "extra"),
                  fmt::format("two files would be `{}` in the context", printable(name)),
                  "twice the same name");
      return false;
    }
    given.ignored.erase(name);
    given.extra.emplace_back(std::move(name), one);
  }
  return true;
}

std::optional<DockerPlanner::Given> DockerPlanner::given(Cell& cell) {
  Given made;
  if (!place_context(cell, made) || !find_dockerfile(cell, made)) return std::nullopt;
  if (!drop_ignored(cell, made) || !add_extra(cell, made)) return std::nullopt;
  add_images(cell, made);
  add_args(cell, made);
  const Value target = eval_.parameter(cell, "target");
  if (target.is(ValueKind::String)) made.wanted.stage = target.text();
  const Value platform = eval_.parameter(cell, "platform");
  if (platform.is(ValueKind::String)) made.wanted.platform = platform.text();
  made.wanted.locked = [this](const std::string& image) {
    return eval_.locked({AskKind::Image, image});
  };
  return made;
}

const DockerPlanner::ReadFile* DockerPlanner::read(Cell& cell, const std::string& path) {
  const auto held = files_.find(path);
  if (held != files_.end()) return &held->second;
  const Result<std::string> text = eval_.world().read_text(path);
  if (!text) {
    eval_.fault("E401", place(cell, "dockerfile"), fmt::format("cannot read `{}`", printable(path)),
                text.error().message);
    return nullptr;
  }
  ReadFile& made = files_[path];
  made.source = eval_.sources().add(path, *text);
  std::expected<Dockerfile, DockerFault> file = parse_dockerfile(*text);
  if (file) {
    made.file = *std::move(file);
  } else {
    report(cell, made.source, file.error());
  }
  return &made;
}

/// An image or argument that nothing in the file asks for is a slip.
bool DockerPlanner::names_are_used(Cell& cell, const Given& given, const Dockerfile& file) {
  const std::set<std::string> named = named_images(file, given.wanted);
  const std::vector<std::string> known(named.begin(), named.end());
  for (const auto& [name, image] : given.images) {
    if (named.contains(name)) continue;
    const bool is_from = name == "base" && !eval_.parameter(cell, "from").is_none();
    const std::optional<std::string> near = nearest(name, known);
    eval_.fault(
        "E422", place(cell, is_from ? "from" : "images"),
        fmt::format("no FROM of {} names `{}`", show_path(given.dockerfile), printable(name)),
        near ? fmt::format("did you mean `{}`?", printable(*near)) : "nothing asks for it",
        fmt::format("it names {}", printable(fmt::format("{}", fmt::join(known, ", ")))));
    return false;
  }
  const std::set<std::string> declared = declared_args(file);
  for (const auto& [name, value] : given.wanted.args) {
    if (declared.contains(name) || is_predefined_arg(name)) continue;
    const std::optional<std::string> near =
        nearest(name, std::vector<std::string>(declared.begin(), declared.end()));
    eval_.fault("E422", place(cell, "args"),
                fmt::format("no ARG of {} is `{}`", show_path(given.dockerfile), printable(name)),
                near ? fmt::format("did you mean `{}`?", printable(*near)) : "nothing declares it",
                fmt::format("write  ARG {}  into the stage that uses it", printable(name)));
    return false;
  }
  return true;
}

/// A COPY whose source is not in the context: why.
void DockerPlanner::report_absent(Cell& cell, const Given& given, const ReadFile& read,
                                  const DockerSource& source) {
  const std::string name = printable(source.pattern);
  std::string label = "it is not there";
  std::string help;
  const bool is_ignored =
      std::any_of(given.ignored.begin(), given.ignored.end(),
                  [&](const std::string& one) { return is_within(one, source.pattern); });
  const std::string path = join_path(given.root, source.pattern);
  if (is_ignored) {
    label = fmt::format("{} leaves it out", show_path(given.ignore_file));
  } else if (eval_.world().kind(path) != FileKind::Absent) {
    label = "`context` does not name it";
    help = eval_.world().kind(path) == FileKind::Folder
               ? fmt::format("add {}/** to `context`", show_path(path))
               : fmt::format("add {} to `context`", show_path(path));
  } else {
    std::vector<std::string> known;
    known.reserve(given.context.size());
    for (const auto& [one, file] : given.context)
      known.push_back(one);
    if (const std::optional<std::string> near = nearest(source.pattern, known))
      label = fmt::format("it is not there; did you mean `{}`?", printable(*near));
  }
  report(cell, read.source,
         {.begin = source.begin,
          .end = source.end,
          .code = "E422",
          .message = fmt::format("no `{}` in the context {}", name, show_path(given.root)),
          .label = std::move(label),
          .help = std::move(help)});
}

bool DockerPlanner::take_files(Cell& cell, const Given& given, const ReadFile& read,
                               const DockerUse& use, DockerPlan& plan) {
  std::vector<Matcher> matchers;
  matchers.reserve(use.sources.size());
  for (const DockerSource& source : use.sources)
    matchers.emplace_back(source);
  std::vector<bool> found(use.sources.size(), false);
  const auto take = [&](const std::string& name, const Value& file) {
    bool is_used = false;
    for (std::size_t i = 0; i < matchers.size(); ++i) {
      if (!matchers[i].takes(name)) continue;
      is_used = true;
      found[i] = true;
    }
    if (is_used) plan.context.emplace_back(name, file);
  };
  for (const auto& [name, file] : given.context)
    take(name, file);
  for (const auto& [name, file] : given.extra)
    take(name, file);
  bool is_whole = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const DockerSource& source = use.sources[i];
    if (found[i] || !source.is_literal || !source.is_now || source.pattern.empty()) continue;
    report_absent(cell, given, read, source);
    is_whole = false;
  }
  return is_whole;
}

std::string DockerPlanner::engine_of(Cell& cell) {
  const Value engine = eval_.parameter(cell, "engine");
  if (engine.is(ValueKind::String) && engine.text() != "auto") return engine.text();
  for (const char* name : {"buildah", "podman", "docker"}) {
    if (eval_.world().tool(name)) return name;
  }
  eval_.fault("E409", place(cell, "engine"), "no program that builds Dockerfiles is on PATH",
              "neither buildah, podman nor docker",
              "install buildah, which needs no daemon; `devgraph doctor` lists what is there");
  return {};
}

std::optional<DockerPlan> DockerPlanner::narrow(Cell& cell, const Given& given) {
  DockerPlan plan;
  plan.engine = engine_of(cell);
  if (plan.engine.empty()) return std::nullopt;
  if (given.dockerfile.empty()) {
    plan.built = given.built;
    plan.context.assign(given.context.begin(), given.context.end());
    plan.context.insert(plan.context.end(), given.extra.begin(), given.extra.end());
    plan.images.assign(given.images.begin(), given.images.end());
    plan.args.assign(given.wanted.args.begin(), given.wanted.args.end());
    return plan;
  }
  const ReadFile* read = this->read(cell, given.dockerfile);
  if (read == nullptr || !read->file) return std::nullopt;
  if (!names_are_used(cell, given, *read->file)) return std::nullopt;
  const std::expected<DockerUse, DockerFault> use = use_of(*read->file, given.wanted);
  if (!use) {
    report(cell, read->source, use.error());
    return std::nullopt;
  }
  const DockerUse& found = *use;
  plan.text = found.text;
  plan.asks = found.asks;
  if (!take_files(cell, given, *read, found, plan)) return std::nullopt;
  for (const auto& [name, image] : given.images) {
    if (found.images.contains(name)) plan.images.emplace_back(name, image);
  }
  for (const auto& [name, value] : given.wanted.args) {
    if (found.args.contains(name) || is_predefined_arg(name)) plan.args.emplace_back(name, value);
  }
  return plan;
}

std::optional<DockerPlan> DockerPlanner::plan(Cell& cell) {
  const std::optional<Given> given = this->given(cell);
  if (!given) return std::nullopt;
  return narrow(cell, *given);
}

}  // namespace devgraph::lang
