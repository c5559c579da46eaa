#include "engine/exec/stage.h"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include <unistd.h>

#include "engine/base/path.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"
#include "engine/exec/staging.h"

namespace devgraph::exec {
namespace {

// The kernel takes 128 KiB in one argument; what is longer goes to a file.
constexpr std::size_t kLongestWord = std::size_t{128} * 1024 - 1;
constexpr std::size_t kLongestInline = std::size_t{96} * 1024;

/// Defined before a script: `dg_at 3` says that line 3 begins. It prints the line, notes its number
/// where the engine finds it even if all is killed, and leaves `$?` as it was (where `set -e`
/// holds, that can only be a status that no longer counts).
constexpr std::string_view kAt =
    "exec 18>&1\n"
    "dg_at() {\n"
    "  local dg_status=$?\n"
    "  { printf '%d\\n' \"$1\" >&19; printf '$ %s\\n' \"${dg_lines[$1]}\" >&18; } || :\n"
    "  case $- in *e*) return 0 ;; esac\n"
    "  return \"$dg_status\"\n"
    "}\n";
/// The same for a script of one line, which stands in the log already.
constexpr std::string_view kAtOnce = "dg_at() { :; }\n";

bool is_hole(std::string_view name) {
  return name.starts_with("dg") && name.size() > 2 &&
         name.find_first_not_of("0123456789", 2) == name.npos;
}

void set_variable(std::vector<std::string>& environment, std::string_view name,
                  std::string_view value) {
  std::string entry(name);
  entry += '=';
  const auto same = std::find_if(environment.begin(), environment.end(),
                                 [&](const std::string& old) { return old.starts_with(entry); });
  entry += value;
  if (same != environment.end()) {
    *same = std::move(entry);
  } else {
    environment.push_back(std::move(entry));
  }
}

}  // namespace

Staging::Staging(const Stage& stage, Toolbox& toolbox, NodeId node, const std::string& scratch)
    : stage_(stage),
      graph_(stage.graph),
      files_(stage.files),
      toolbox_(toolbox),
      id_(node),
      node_(stage.graph.node(node)),
      traits_(stage.graph.traits_of(node)),
      scratch_(scratch),
      words_{
          .graph = stage.graph,
          .files = stage.files,
          .scratch = scratch,
          .missing = stage.missing,
          .input_word = [this](InputId input) { return word_of(input); },
          .input_content = [this](InputId input) { return content_path(input); },
          .output_word =
              [this](std::uint32_t index) { return staged_output(stage_, id_, index, scratch_); }} {
}

Result<Command> Staging::run(const std::string& log) {
  command_.node = id_;
  command_.log_file = log;
  command_.timeout = std::chrono::milliseconds(traits_.timeout_ms);
  Status done = lay_out_outputs();
  if (done) done = lay_out_folder();
  if (done) done = find_tools();
  if (done) done = environment();
  if (done) done = standard_input();
  if (done) done = add_secret_files();
  if (done) done = node_.kind == ActionKind::Exec ? exec() : script();
  if (!done) return std::unexpected(std::move(done.error()));
  sandbox();
  if (graph_.value(node_.within).tag == ValueTag::Input && venv_folder().empty())
    done = go_within();
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(command_);
}

bool Staging::is_missing(InputId input) const {
  return std::binary_search(stage_.missing.begin(), stage_.missing.end(), input);
}

std::string Staging::content_path(InputId input) const {
  return input_path(graph_, stage_.workspace, input);
}

std::string Staging::word_of(InputId input) const {
  const auto copy = copies_.find(input);
  return copy != copies_.end() ? copy->second : content_path(input);
}

// --- folders
// --------------------------------------------------------------------------------------

Status Staging::lay_out_outputs() {
  std::string last;
  const std::span<const Output> outputs = graph_.outputs(id_);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::string folder = staged_output(stage_, id_, i, scratch_);
    if (outputs[i].kind == OutputKind::File) folder = parent_path(folder);
    if (folder == last) continue;
    if (Status done = files_.make_folders(folder); !done) return done;
    last = std::move(folder);
  }
  return {};
}

Status Staging::lay_out_folder() {
  // One folder is HOME and TMPDIR: each costs a command some 20 us.
  if (Status done = files_.make_folders(join_path(scratch_, "tmp")); !done) return done;
  if (traits_.cwd == Cwd::Project) {
    command_.folder = join_path(stage_.workspace, graph_.str(node_.project));
    return {};
  }
  command_.folder = join_path(scratch_, "work");
  if (Status done = files_.make_folders(command_.folder); !done) return done;
  return traits_.cwd == Cwd::Inputs ? copy_inputs() : Status();
}

Status Staging::find_tools() {
  for (const InputId input : graph_.inputs(id_)) {
    if (graph_.input(input).kind != InputKind::Tool) continue;
    const std::string path = content_path(input);
    const std::string_view name = graph_.str(graph_.input(input).name);
    tools_.push_back({.name = std::string(base_name(name.empty() ? path : name)), .path = path});
  }
  Result<std::string> folder = toolbox_.folder(tools_);
  if (!folder) return std::unexpected(std::move(folder.error()));
  path_folder_ = std::move(*folder);
  return {};
}

// --- environment
// ----------------------------------------------------------------------------------

Status Staging::environment() {
  const std::string scratch = join_path(scratch_, "tmp");
  std::vector<std::string>& out = command_.environment;
  const std::string venv = venv_folder();
  out = {"PATH=" + (venv.empty() ? path_folder_ : join_path(venv, "bin") + ':' + path_folder_),
         "HOME=" + scratch,
         "TMPDIR=" + scratch,
         "LANG=C.UTF-8",
         "TZ=UTC",
         "SOURCE_DATE_EPOCH=" + std::to_string(kSourceDate)};
  if (!stage_.makeflags.empty()) out.push_back("MAKEFLAGS=" + stage_.makeflags);
  if (!venv.empty()) out.push_back("VIRTUAL_ENV=" + venv);
  if (traits_.incremental != 0) {
    out.push_back("DEVGRAPH_PREVIOUS=" + join_path(scratch_, "previous"));
    out.push_back("DEVGRAPH_CHANGES=" + join_path(scratch_, "changes"));
  }
  for (const Field& field : graph_.fields(graph_.value(node_.env))) {
    const std::string name(graph_.str(field.name));
    const Value& given = graph_.value(field.value);
    const Result<std::string> value = given.tag == ValueTag::Secret
                                          ? secret_variable(name, given)
                                          : words_.word(field.value, "the variable `" + name + "`");
    if (!value) return std::unexpected(value.error());
    set_variable(out, name, *value);
  }
  return {};
}

Status Staging::standard_input() {
  const Value& value = graph_.value(node_.stdin_text);
  if (value.tag == ValueTag::None) return {};
  if (value.tag == ValueTag::Input) {
    command_.stdin_file = word_of(InputId{value.a});
    return {};
  }
  if (value.tag == ValueTag::Secret) {
    const Result<std::string> text = secret(value);
    if (!text) return std::unexpected(text.error());
    if (stage_.secret_folder == nullptr) return fail("there is no folder for its secrets");
    const Result<std::string> file = stage_.secret_folder->add("stdin", *text);
    if (!file) return std::unexpected(file.error());
    command_.stdin_file = *file;
    return {};
  }
  const Result<std::string> text = words_.word(node_.stdin_text, "`stdin`");
  if (!text) return std::unexpected(text.error());
  command_.stdin_file = join_path(scratch_, "stdin");
  return files_.write(command_.stdin_file, *text, 0644, false);
}

// --- scripts
// --------------------------------------------------------------------------------------

Status Staging::script() {
  const Script& script = graph_.script(node_.script);
  const std::span<const ScriptLine> lines = graph_.lines(script);
  std::string text;
  if (lines.size() > 1) {
    std::vector<std::string> shown;
    for (const ScriptLine& line : lines)
      shown.emplace_back(graph_.str(line.shown));
    text = array_text("dg_lines", shown);
    text += kAt;
    command_.line_file = join_path(scratch_, "line");
  } else {
    text = kAtOnce;
    if (!lines.empty()) command_.log_head = "$ " + std::string(graph_.str(lines[0].shown)) + '\n';
  }
  unsigned count = 0;
  for (const Field& field : graph_.fields(graph_.value(node_.args))) {
    ++count;
    std::string name(graph_.str(field.name));
    if (!is_hole(name)) name = "dg" + std::to_string(count);
    std::vector<std::string> words;
    if (Status done = words_.words(field.value, words); !done) return done;
    text += array_text(name, words);
  }
  text += graph_.str(script.body);
  return run_bash(text);
}

Status Staging::run_bash(const std::string& text) {
  if (text.find('\0') != std::string::npos) return fail("a script cannot hold a NUL byte");
  command_.program = toolbox_.bash();
  command_.argv = {"bash", "-euo", "pipefail"};
  if (text.size() <= kLongestInline) {
    command_.argv.insert(command_.argv.end(), {"-c", text, "bash"});
    return check_length();
  }
  std::string path = join_path(scratch_, "script");
  if (Status done = files_.write(path, text, 0644, false); !done) return done;
  command_.argv.push_back(std::move(path));
  return check_length();
}

// --- commands without a shell
// ---------------------------------------------------------------------

bool Staging::appends(const char* field) const {
  const std::optional<ValueId> append = find_field(graph_, node_.args, "append");
  if (!append) return false;
  const Value& value = graph_.value(*append);
  const auto names = [&](const Value& one) {
    return one.tag == ValueTag::True ||
           (one.tag == ValueTag::Str && graph_.str(StrId{one.a}) == field);
  };
  if (value.tag != ValueTag::List) return names(value);
  const std::span<const ValueId> items = graph_.items(value);
  return std::any_of(items.begin(), items.end(),
                     [&](ValueId item) { return names(graph_.value(item)); });
}

/// The kernel's limit on arguments and environment, told in advance and with the cure.
Status Staging::check_length() const {
  static const long kLimit = ::sysconf(_SC_ARG_MAX);
  std::size_t total = 0;
  std::size_t longest = 0;
  for (const std::vector<std::string>* strings : {&command_.argv, &command_.environment}) {
    for (const std::string& text : *strings) {
      total += text.size() + 1 + sizeof(char*);
      longest = std::max(longest, text.size());
    }
  }
  const bool fits = longest <= kLongestWord && (kLimit <= 0 || total + 4096 < std::size_t(kLimit));
  if (fits) return {};
  const std::string name =
      command_.argv.empty() ? "the command" : printable(base_name(command_.argv[0]));
  if (longest > kLongestWord) {
    return fail("an argument or variable of " + name + " is " + human_size(longest) +
                    " long, and the system takes 128 KiB; put it into a file",
                E2BIG);
  }
  return fail("the arguments of " + name + " are " + human_size(total) +
                  " long, and the system takes " + human_size(std::size_t(kLimit)) +
                  "; pass long lists in a response file: rsp(files)",
              E2BIG);
}

// --- the interface
// --------------------------------------------------------------------------------

Result<Command> stage(const Stage& stage, NodeId node, const std::string& scratch,
                      const std::string& log) {
  if (stage.toolbox) return Staging(stage, *stage.toolbox, node, scratch).run(log);
  Toolbox toolbox(stage.files, stage.state);
  return Staging(stage, toolbox, node, scratch).run(log);
}

std::string staged_output(const Stage& stage, NodeId node, std::size_t index,
                          const std::string& scratch) {
  const Output& output = stage.graph.outputs(node)[index];
  const Traits& traits = stage.graph.traits_of(node);
  const bool in_place = output.in_tree != 0 && traits.cwd == Cwd::Project && traits.sandbox == 0;
  if (in_place) return join_path(stage.workspace, stage.graph.str(output.path));
  return join_path(join_path(scratch, "out"), stage.graph.str(output.declared));
}

std::string input_path(const Graph& graph, const std::string& workspace, InputId input) {
  const Input& row = graph.input(input);
  switch (row.kind) {
    case InputKind::Source:
    case InputKind::Tool:
      return join_path(workspace, graph.str(graph.file(FileId{row.ref}).path));
    case InputKind::SourceTree:
      return join_path(workspace, graph.str(graph.tree(TreeId{row.ref}).path));
    case InputKind::Output:
      return join_path(workspace, graph.str(graph.output(OutputId{row.ref}).path));
    case InputKind::OutputPart: {
      const Output& output = graph.output(OutputId{row.ref});
      return join_path(join_path(workspace, graph.str(output.path)), graph.str(row.part));
    }
  }
  return {};
}

std::optional<std::uint32_t> last_line(Files& files, const Command& command) {
  if (command.line_file.empty()) return 0;
  const Result<std::string> text = files.read(command.line_file);
  if (!text) return std::nullopt;
  // The last whole line; a number may be torn.
  const std::size_t end = text->rfind('\n');
  if (end == std::string::npos) return std::nullopt;
  const std::size_t before = end == 0 ? std::string::npos : text->rfind('\n', end - 1);
  const char* begin = text->data() + (before == std::string::npos ? 0 : before + 1);
  std::uint32_t line = 0;
  const auto [stop, error] = std::from_chars(begin, text->data() + end, line);
  if (error != std::errc{} || stop != text->data() + end) return std::nullopt;
  return line;
}

}  // namespace devgraph::exec
