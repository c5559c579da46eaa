#include "lang/docker/use.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/docker/variables.h"

namespace devgraph::lang {
namespace {

using Fault = std::optional<DockerFault>;

DockerFault fault_at(const DockerInstruction& at, std::string code, std::string message,
                     std::string label, std::string help) {
  return {at.begin, at.end, std::move(code), std::move(message), std::move(label), std::move(help)};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Goes through the stages that a target needs.
class Finder {
 public:
  Finder(const Dockerfile& file, const DockerTarget& target) : file_(file), target_(target) {}

  std::expected<DockerUse, DockerFault> find();
  std::set<std::string> names();

 private:
  struct Found {
    bool is_needed = false;
    std::string image;  ///< Of its FROM, without variables.
    std::string name;   ///< Of an unnamed stage that others ask for by number: one that we give it.
  };

  std::optional<std::size_t> stage_of(std::string_view name, std::size_t before) const;
  Fault need(std::size_t stage);
  Fault base_of(std::size_t stage, const DockerVariables& here);
  Fault step(std::size_t stage, const DockerInstruction& step, DockerVariables& here);
  Fault files(std::size_t stage, const DockerInstruction& step, const DockerVariables& here);
  Fault mount(std::size_t stage, const DockerInstruction& step, std::string_view options);
  Fault image(const std::string& name, std::size_t stage, const DockerInstruction& at);
  Fault far_image(const std::string& name, const DockerInstruction& at);
  Fault add_remote(const DockerInstruction& step, std::string_view source) const;
  void add_source(const DockerInstruction& step, const std::optional<std::string>& word);
  void declare(const DockerInstruction& step, DockerVariables& here);
  DockerVariables globals();
  std::string text_of() const;
  std::string named_text(const DockerInstruction& step) const;

  const Dockerfile& file_;
  const DockerTarget& target_;
  DockerUse made_;
  bool in_onbuild_ = false;
  std::map<std::string, std::string> locked_;  // Image as written -> as locked.
  std::vector<Found> stages_ = std::vector<Found>(file_.stages.size());
};

/// The stage of that name or number among the first ones.
std::optional<std::size_t> Finder::stage_of(std::string_view name, std::size_t before) const {
  const std::string small = in_small_letters(name);
  for (std::size_t i = 0; i < before; ++i) {
    if (file_.stages[i].name == small || (is_number(small) && small == fmt::format("{}", i)))
      return i;
  }
  return std::nullopt;
}

/// What FROM or `--from=` names: an image that is given, a stage, or one of a registry.
Fault Finder::image(const std::string& name, std::size_t stage, const DockerInstruction& at) {
  if (target_.images.contains(name)) {
    made_.images.insert(name);
    return std::nullopt;
  }
  if (const std::optional<std::size_t> other = stage_of(name, stage)) {
    if (is_number(name) && file_.stages[*other].name.empty())
      stages_[*other].name = fmt::format("stage-{}", *other);
    return need(*other);
  }
  if (name == "scratch") return std::nullopt;
  if (name.find("@sha256:") != std::string::npos) return std::nullopt;
  if (stage_of(name, file_.stages.size())) {
    return fault_at(at, "E420", fmt::format("the stage `{}` comes later", printable(name)),
                    "used before it is made", "move it up");
  }
  return far_image(name, at);
}

/// An image of a registry: what its name stands for is in the lock file.
Fault Finder::far_image(const std::string& name, const DockerInstruction& at) {
  if (name == "base") {
    return fault_at(at, "E421", "this node does not say which image `base` is", "its field `from`",
                    "write  from = …  with a node that makes an image");
  }
  const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/:@").find(c) != std::string_view::npos;
  });
  if (!is_name) {
    return fault_at(at, "E420", fmt::format("`{}` is no name of an image", printable(name)),
                    "neither an image nor a stage", "variables count in FROM lines only");
  }
  if (locked_.contains(name)) return std::nullopt;
  const bool is_known = std::any_of(made_.asks.begin(), made_.asks.end(),
                                    [&](const Asked& one) { return one.ask.name == name; });
  if (is_known) return std::nullopt;
  std::optional<std::string> locked = target_.locked ? target_.locked(name) : std::nullopt;
  if (locked) locked_.emplace(name, *locked);
  made_.asks.push_back({{AskKind::Image, name}, std::move(locked)});
  return std::nullopt;
}

Fault Finder::base_of(std::size_t stage, const DockerVariables& here) {
  const DockerStage& one = file_.stages[stage];
  const std::optional<std::string> name = here.expand(one.image);
  if (!name || name->empty()) {
    return fault_at(
        one.from, "E420", fmt::format("the image `{}` is not known", printable(one.image)),
        "a variable without a value",
        "give it a default before the first FROM,  ARG NAME=image,  or a value in `args`");
  }
  stages_[stage].image = *name;
  return image(*name, stage, one.from);
}

/// ARG before the first FROM; they count in FROM lines, and in stages that declare them again.
DockerVariables Finder::globals() {
  DockerVariables made;
  std::vector<std::string_view> parts = split(target_.platform, '/');
  parts.resize(3);
  made.set("TARGETPLATFORM", target_.platform);
  made.set("TARGETOS", std::string(parts[0]));
  made.set("TARGETARCH", std::string(parts[1]));
  made.set("TARGETVARIANT", std::string(parts[2]));
  for (const std::string_view name : {"BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"})
    made.set(std::string(name), std::nullopt);
  for (const DockerInstruction& arg : file_.globals)
    declare(arg, made);
  return made;
}

/// ARG: what is given, or the default.
void Finder::declare(const DockerInstruction& step, DockerVariables& here) {
  for (const DockerAssignment& one : assignments_of(step)) {
    made_.args.insert(one.name);
    const auto given = target_.args.find(one.name);
    if (given != target_.args.end()) {
      here.set(one.name, given->second);
    } else if (one.value) {
      here.set(one.name, here.expand(*one.value));
    } else if (!here.has(one.name)) {
      here.set(one.name, "");
    }
  }
}

Fault Finder::need(std::size_t stage) {
  if (stages_[stage].is_needed) return std::nullopt;
  stages_[stage].is_needed = true;
  const DockerVariables globals = this->globals();
  if (Fault fault = base_of(stage, globals)) return fault;
  // Of the stage below it has the ENV, and with some engines the ARG: only the engine knows.
  DockerVariables here;
  for (const DockerInstruction& one : file_.stages[stage].steps) {
    if (one.word == "ARG") {
      for (const DockerAssignment& arg : assignments_of(one)) {
        const auto outer_value = globals.find(arg.name);
        if (outer_value && !here.has(arg.name)) here.set(arg.name, *outer_value);
      }
      declare(one, here);
    } else if (one.word == "ENV") {
      for (const DockerAssignment& env : assignments_of(one))
        here.set(env.name, env.value ? here.expand(*env.value) : std::nullopt);
    } else if (Fault fault = step(stage, one, here)) {
      return fault;
    }
  }
  return std::nullopt;
}

Fault Finder::step(std::size_t stage, const DockerInstruction& step, DockerVariables& here) {
  if (step.word == "ONBUILD") {
    // It runs in the stages above: what it reads is read.
    const DockerInstruction inner = on_build(step);
    DockerVariables nothing;
    in_onbuild_ = true;
    Fault fault = inner.word == "ONBUILD" ? std::nullopt : this->step(stage, inner, nothing);
    in_onbuild_ = false;
    return fault;
  }
  if (step.word == "COPY" || step.word == "ADD") return files(stage, step, here);
  if (step.word == "RUN") {
    for (const auto& [name, value] : step.flags) {
      if (name != "mount") continue;
      if (Fault fault = mount(stage, step, value)) return fault;
    }
  }
  return std::nullopt;
}

/// `type=bind,from=x,source=y,target=z`
Fault Finder::mount(std::size_t stage, const DockerInstruction& step, std::string_view options) {
  std::string type = "bind";
  std::string from;
  std::string source;
  for (const std::string_view option : split(options, ',')) {
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string_view key = option.substr(0, equals);
    const std::string_view value =
        equals < option.size() ? option.substr(equals + 1) : std::string_view();
    if (key == "type") type = value;
    if (key == "from") from = value;
    if (key == "source" || key == "src") source = value;
  }
  if (!from.empty()) return image(from, stage, step);
  if (type != "bind") return std::nullopt;
  add_source(step, source.find('$') == std::string::npos ? std::optional(source) : std::nullopt);
  return std::nullopt;
}

/// ADD from elsewhere: what is there tomorrow nobody knows.
Fault Finder::add_remote(const DockerInstruction& step, std::string_view source) const {
  if (!step.flag("checksum").empty()) return std::nullopt;
  return fault_at(
      step, "E421", fmt::format("ADD of `{}` without a digest", printable(source)),
      "may give something else tomorrow",
      "write  ADD --checksum=sha256:…,  or name a `fetch` in `extra` and COPY its file");
}

Fault Finder::files(std::size_t stage, const DockerInstruction& step, const DockerVariables& here) {
  const std::string_view from = step.flag("from");
  if (!from.empty()) return image(std::string(from), stage, step);
  std::vector<std::string> words = words_of(step);
  if (words.size() < 2) {
    return fault_at(step, "E420", fmt::format("{} needs a source and a destination", step.word),
                    "one word", "write  COPY source destination");
  }
  words.pop_back();
  for (const std::string& word : words) {
    if (word.starts_with("<<")) continue;
    const std::optional<std::string> expanded = here.expand(word);
    const std::string_view bare = expanded ? std::string_view(*expanded) : std::string_view();
    const bool is_remote = bare.starts_with("http://") || bare.starts_with("https://") ||
                           bare.starts_with("git@") || bare.starts_with("git://") ||
                           bare.starts_with("ssh://");
    if (step.word == "ADD" && is_remote) {
      if (Fault fault = add_remote(step, bare)) return fault;
      continue;
    }
    add_source(step, expanded);
  }
  return std::nullopt;
}

void Finder::add_source(const DockerInstruction& step, const std::optional<std::string>& word) {
  DockerSource source{.pattern = {}, .is_now = !in_onbuild_, .begin = step.begin, .end = step.end};
  if (word) {
    // `..` ends at the root, as with Docker.
    std::vector<std::string_view> parts;
    for (const std::string_view part : split(*word, '/')) {
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.push_back(part);
      } else if (!parts.empty()) {
        parts.pop_back();
      }
    }
    source.pattern = fmt::format("{}", fmt::join(parts, "/"));
  }
  source.is_literal = source.pattern.find_first_of("*?[") == std::string::npos;
  made_.sources.push_back(std::move(source));
}

/// The text of an instruction. Stages that it asks for by number get their names there: fewer
/// stages have other numbers.
std::string Finder::named_text(const DockerInstruction& step) const {
  std::string text = step.text;
  const auto replace = [&](const std::string& old, const std::string& now) {
    const std::size_t at = text.find(old);
    if (at != std::string::npos) text.replace(at, old.size(), now);
  };
  const auto name_of = [&](std::string_view from) -> std::string {
    if (const auto held = locked_.find(std::string(from)); held != locked_.end())
      return held->second;
    if (!is_number(from) || target_.images.contains(std::string(from))) return std::string(from);
    const std::optional<std::size_t> stage = stage_of(from, stages_.size());
    if (!stage) return std::string(from);
    return file_.stages[*stage].name.empty() ? stages_[*stage].name : file_.stages[*stage].name;
  };
  for (const auto& [flag, value] : step.flags) {
    if (flag == "from") replace("--from=" + value, "--from=" + name_of(value));
    if (flag != "mount") continue;
    std::vector<std::string> options;
    for (const std::string_view option : split(value, ',')) {
      options.push_back(option.starts_with("from=") ? "from=" + name_of(option.substr(5))
                                                    : std::string(option));
    }
    replace(value, fmt::format("{}", fmt::join(options, ",")));
  }
  return text;
}

std::string Finder::text_of() const {
  std::string body;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (!stages_[i].is_needed) continue;
    const DockerStage& stage = file_.stages[i];
    body += "FROM ";
    for (const auto& [flag, value] : stage.from.flags)
      body += fmt::format("--{}={} ", flag, value);
    const auto locked = locked_.find(stages_[i].image);
    body += locked == locked_.end() ? stages_[i].image : locked->second;
    const std::string& name = stage.name.empty() ? stages_[i].name : stage.name;
    if (!name.empty()) body += " AS " + name;
    body += "\n";
    for (const DockerInstruction& step : file_.stages[i].steps)
      body += named_text(step);
  }
  std::string head = file_.directives;
  for (const DockerInstruction& arg : file_.globals) {
    const std::vector<DockerAssignment> all = assignments_of(arg);
    const bool is_used = std::any_of(all.begin(), all.end(), [&](const DockerAssignment& one) {
      return body.find(one.name) != std::string::npos;
    });
    if (is_used) head += arg.text;
  }
  return head + body;
}

std::expected<DockerUse, DockerFault> Finder::find() {
  std::size_t last = file_.stages.size() - 1;
  if (!target_.stage.empty()) {
    const std::optional<std::size_t> found = stage_of(target_.stage, file_.stages.size());
    if (!found) {
      std::vector<std::string> known;
      for (const DockerStage& stage : file_.stages) {
        if (!stage.name.empty()) known.push_back(stage.name);
      }
      const std::optional<std::string> near = nearest(target_.stage, known);
      return std::unexpected(DockerFault{
          .begin = 0,
          .end = 0,
          .code = "E422",
          .message = fmt::format("no stage `{}`", printable(target_.stage)),
          .label = near ? fmt::format("did you mean `{}`?", *near) : "it is not in the Dockerfile",
          .help = known.empty() ? "none of its stages has a name"
                                : fmt::format("it has {}", fmt::join(known, ", "))});
    }
    last = *found;
  }
  if (Fault fault = need(last)) return std::unexpected(*std::move(fault));
  made_.text = text_of();
  std::erase_if(made_.args, [&](const std::string& name) {
    return made_.text.find(name) == std::string::npos;
  });
  return std::move(made_);
}

std::set<std::string> Finder::names() {
  std::set<std::string> found;
  const DockerVariables globals = this->globals();
  for (const DockerStage& stage : file_.stages) {
    found.insert(globals.expand(stage.image).value_or(stage.image));
    for (const DockerInstruction& step : stage.steps) {
      for (const auto& [flag, value] : step.flags) {
        if (flag == "from") found.insert(value);
        if (flag != "mount") continue;
        for (const std::string_view option : split(value, ',')) {
          if (option.starts_with("from=")) found.emplace(option.substr(5));
        }
      }
    }
  }
  return found;
}

}  // namespace

std::expected<DockerUse, DockerFault> use_of(const Dockerfile& file, const DockerTarget& target) {
  return Finder(file, target).find();
}

std::set<std::string> named_images(const Dockerfile& file, const DockerTarget& target) {
  return Finder(file, target).names();
}

}  // namespace devgraph::lang
