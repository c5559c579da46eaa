/// The part of staging that is about programs without a shell.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/staging.h"

namespace devgraph::exec {
namespace {

// How much of a command stands at the top of its log.
constexpr std::size_t kLogHead = 4096;

}  // namespace

/// The path behind a redirection, empty for none. `ours` becomes false if it is no input or output
/// of the node: then it is for bash to open it, inside the sandbox.
Result<std::string> Staging::redirect(const char* field, bool& ours) {
  const std::optional<ValueId> id = find_field(graph_, node_.args, field);
  if (!id || graph_.value(*id).tag == ValueTag::None) return std::string();
  const ValueTag tag = graph_.value(*id).tag;
  const bool reads = std::string_view(field) == "stdin";
  const bool of_node = tag == ValueTag::Out || (reads && tag == ValueTag::Input);
  if (!of_node) ours = false;
  Result<std::string> path = words_.word(*id, std::string("`") + field + "`");
  if (path && path->empty()) ours = false;
  return path;
}

/// A script that needs no bash is shown as it is written; `argv` as a shell would take it.
std::string Staging::exec_head(const std::vector<std::string>& words) const {
  const std::span<const ScriptLine> lines = graph_.lines(graph_.script(node_.script));
  std::string head;
  for (const ScriptLine& line : lines)
    head += fmt::format("{} {}\n", head.empty() ? '$' : '>', graph_.str(line.shown));
  if (!head.empty()) return head;
  head = "$";
  for (const std::string& word : words) {
    if (head.size() < kLogHead) head += " " + shell_word(word);
  }
  if (head.size() > kLogHead) {
    head.resize(kLogHead);
    head += "…";
  }
  return head + '\n';
}

Status Staging::exec() {
  std::vector<std::string> words;
  const std::optional<ValueId> argv = find_field(graph_, node_.args, "argv");
  if (argv) {
    if (Status done = words_.words(*argv, words); !done) return done;
  }
  if (words.empty() || words[0].empty()) return fail("`argv` is empty: there is no program to run");
  for (const std::string& word : words) {
    if (word.find('\0') != std::string::npos) return fail("an argument cannot hold a NUL byte");
  }
  command_.log_head = exec_head(words);

  bool ours = true;
  const Result<std::string> in = redirect("stdin", ours);
  const Result<std::string> out = redirect("stdout", ours);
  const Result<std::string> err = redirect("stderr", ours);
  for (const Result<std::string>* path : {&in, &out, &err}) {
    if (!*path) return std::unexpected(path->error());
  }
  const auto declared = std::find_if(tools_.begin(), tools_.end(),
                                     [&](const Tool& tool) { return tool.name == words[0]; });
  const bool is_path = words[0].find('/') != std::string::npos;
  if (declared != tools_.end()) {
    command_.program = declared->path;
  } else if (is_path) {
    command_.program = join_path(command_.folder, words[0]);
  } else if (const std::optional<std::string> basic = toolbox_.basic(words[0])) {
    command_.program = *basic;
  }
  const bool is_nothing = (words[0] == ":" || words[0] == "true") && declared == tools_.end();
  // What bash has to say about a program that is not there, is for bash to say.
  bool there = is_nothing;
  if (!there && !command_.program.empty()) {
    const Result<FileStat> found = files_.stat(command_.program);
    there = found && found->kind == FileKind::Regular && found->executable;
  }
  const bool is_outside = graph_.value(node_.within).tag == ValueTag::None;
  if (!ours || !there || !is_outside) return exec_by_bash(words);
  if (!in->empty()) command_.stdin_file = *in;
  command_.stdout_file = *out;
  command_.stderr_file = *err;
  command_.stdout_append = appends("stdout");
  command_.stderr_append = appends("stderr");
  if (!is_nothing) command_.argv = std::move(words);
  return check_length();
}

Status Staging::exec_by_bash(const std::vector<std::string>& words) {
  std::string text = array_text("dg1", words) + "\"${dg1[@]}\"";
  struct Redirect {
    const char* field;
    const char* cut;
    const char* append;
  };
  for (const Redirect& one : {Redirect{"stdin", "<", "<"}, Redirect{"stdout", ">", ">>"},
                              Redirect{"stderr", "2>", "2>>"}}) {
    bool ours = true;
    const Result<std::string> path = redirect(one.field, ours);
    if (!path) return std::unexpected(path.error());
    if (!find_field(graph_, node_.args, one.field)) continue;
    text += std::string(" ") + (appends(one.field) ? one.append : one.cut) + quoted(*path);
  }
  text += '\n';
  command_.argv.clear();
  return run_bash(text);
}

}  // namespace devgraph::exec
