/// Scripts and argv.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/lower.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool mentions(const ast::Expr& expr, std::string_view word) {
  const auto* name = std::get_if<ast::Name>(&expr.value);
  bool found = name && name->text == word;
  for_each_child(expr, [&](const ast::Expr& child) { found = found || mentions(child, word); });
  return found;
}

}  // namespace

bool is_basic(std::string_view name) {
  // Sorted. Builtins of bash (echo, printf, test, pwd, kill) print other messages there, so they
  // are left to bash.
  static constexpr std::array<std::string_view, 91> kBasics = {
      "awk",     "b2sum",   "base32",    "base64",    "basename", "bash",   "basenc", "cat",
      "chgrp",   "chmod",   "chown",     "cksum",     "cmp",      "comm",   "cp",     "csplit",
      "cut",     "date",    "dd",        "df",        "diff",     "diff3",  "dir",    "dircolors",
      "dirname", "du",      "egrep",     "env",       "expand",   "expr",   "factor", "fgrep",
      "find",    "fmt",     "fold",      "grep",      "groups",   "gunzip", "gzip",   "head",
      "id",      "install", "join",      "link",      "ln",       "ls",     "md5sum", "mkdir",
      "mkfifo",  "mknod",   "mktemp",    "mv",        "nl",       "nproc",  "numfmt", "od",
      "paste",   "pr",      "readlink",  "realpath",  "rm",       "rmdir",  "sdiff",  "sed",
      "seq",     "sha1sum", "sha256sum", "sha512sum", "shuf",     "sleep",  "sort",   "split",
      "stat",    "stdbuf",  "sum",       "sync",      "tac",      "tail",   "tar",    "tee",
      "touch",   "tr",      "true",      "truncate",  "tsort",    "uname",  "uniq",   "wc",
      "xargs",   "yes",     "zcat"};
  return std::find(kBasics.begin(), kBasics.end(), name) != kBasics.end();
}

CompiledEntry& Lowerer::compiled(const ast::Script& script, const Module& module) {
  const auto held = scripts_.find(&script);
  if (held != scripts_.end()) return held->second;
  CompiledEntry entry;
  Diagnostics said_by_the_checker;
  entry.script = compile_script(script, eval_.sources(), said_by_the_checker);
  entry.file = module.path;
  return scripts_.emplace(&script, std::move(entry)).first->second;
}

/// What `{out}` means: a slot, or a record of slots.
Value Lowerer::slots_of(Cell& cell) {
  ValueFields fields;
  const std::vector<OutputDecl>& outputs = eval_.outputs_of(cell);
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    Value slot(ValueKind::Slot, i);
    if (outputs[i].field == "out") return slot;
    fields.emplace_back(outputs[i].field, std::move(slot));
  }
  if (cell.outputs_faulty) return Value::error();
  return Value::map(std::move(fields));
}

Value Lowerer::deps_of(Cell& cell) {
  PlanField* field = eval_.plan_of(cell).find("deps");
  if (field == nullptr) return Value::list({});
  std::vector<Value> all;
  const Value deps = eval_.field_value(cell, *field, nullptr);
  const std::function<void(const Value&)> flatten = [&](const Value& value) {
    if (value.is(ValueKind::List) || value.is(ValueKind::Family)) {
      for (const Value& one : eval_.elements(value))
        flatten(one);
    } else if (value.is(ValueKind::Node)) {
      Cell& node = *value.as<NodeObject>().cell;
      for (const std::string& name : eval_.handle_names(node)) {
        const std::optional<Value> out = eval_.handle_field(node, name);
        if (out) flatten(*out);
      }
    } else if (!value.is_error()) {
      all.push_back(value);
    }
  };
  flatten(deps);
  return Value::list(std::move(all));
}

bool Lowerer::hole_differs(const ast::Expr& expr, Cell& cell) {
  if (cell.family->axes.empty()) return false;
  if (const auto* name = std::get_if<ast::Name>(&expr.value)) {
    if (name->text == "deps") {
      PlanField* deps = eval_.plan_of(cell).find("deps");
      return deps && (deps->per_cell || cell.own_plan);
    }
    for (const FamilyAxis& axis : cell.family->axes) {
      if (axis.name == name->text) return true;
    }
  }
  bool differs = std::holds_alternative<ast::NodeLit>(expr.value);
  for_each_child(expr,
                 [&](const ast::Expr& child) { differs = differs || hole_differs(child, cell); });
  return differs;
}

Lowered Lowerer::lower_hole(Cell& cell, const ScriptHole& hole, const Env& env) {
  const Binding out{.name = "out", .value = slots_of(cell), .next = env.locals};
  // Long lists of inputs are common, holes that name them are not.
  const bool uses_deps = mentions(*hole.expr, "deps");
  const Binding deps{.name = "deps", .value = uses_deps ? deps_of(cell) : Value(), .next = &out};
  Env here = env;
  here.locals = uses_deps ? &deps : &out;
  here.owner = &cell;
  here.field = "script";
  Lowered lowered;
  const Value value = eval_.eval(*hole.expr, here, nullptr);
  Use use{
      .cell = &cell, .inputs = &lowered.inputs, .normalize = normalize_of(cell), .at = hole.range};
  lowered.value = value.is_error() ? builder_.none() : lower_words(value, use);
  if (hole.context != HoleContext::Word && builder_.value(lowered.value).tag == ValueTag::List) {
    const std::vector<ValueId> items = builder_.items(lowered.value);
    if (items.size() == 1)
      lowered.value = items[0];
    else
      eval_.fault(
          "E207", hole.range, "a list cannot be glued to text",
          fmt::format("{} elements here", items.size()),
          "each element becomes its own word; write {prefix(\"…\", xs)} or {join(\",\", xs)}");
  }
  return lowered;
}

namespace {

/// The body with its pasted texts: `\x01<index>\x01`.
std::string pasted(const std::string& body, const std::map<std::uint32_t, std::string>& texts) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t mark = body.find('\x01', at);
    if (mark == std::string::npos) return out + body.substr(at);
    const std::size_t end = body.find('\x01', mark + 1);
    if (end == std::string::npos) return out + body.substr(at);
    out += body.substr(at, mark - at);
    const auto text =
        texts.find(static_cast<std::uint32_t>(std::stoul(body.substr(mark + 1, end - mark - 1))));
    if (text != texts.end()) out += text->second;
    at = end + 1;
  }
}

bool is_raw(const ast::Expr& expr) {
  const auto* call = std::get_if<ast::Call>(&expr.value);
  const auto* name = call ? std::get_if<ast::Name>(&call->callee->value) : nullptr;
  return name && name->text == "raw";
}

}  // namespace

/// The hole as it is in all cells of the family; null where each has its own.
const Lowered* Lowerer::shared_hole(Cell& cell, const ScriptHole& hole, const Env& env) {
  std::unordered_map<const ast::Expr*, std::optional<Lowered>>& held = shared_holes_[cell.family];
  auto at = held.find(hole.expr);
  if (at == held.end()) {
    std::optional<Lowered> lowered;
    if (!hole_differs(*hole.expr, cell)) lowered = lower_hole(cell, hole, env);
    at = held.emplace(hole.expr, std::move(lowered)).first;
  }
  const std::optional<Lowered>& lowered = at->second;
  return lowered ? &*lowered : nullptr;
}

void Lowerer::lower_script(Cell& cell, const ast::Script& script, const Env& env, Node& row,
                           InputList& inputs) {
  // A script that came as a value is evaluated where it was written.
  const bool own = env.owner == &cell;
  CompiledEntry& entry = compiled(script, *env.frame->module);
  std::vector<ValueId> holes;
  std::vector<Field> args;
  std::map<std::uint32_t, std::string> texts;
  for (std::uint32_t i = 0; i < entry.script.holes.size(); ++i) {
    const ScriptHole& hole = entry.script.holes[i];
    if (entry.script.uses_raw && is_raw(*hole.expr)) {
      const Value text = eval_.plain(eval_.eval(
          *std::get<ast::Call>(hole.expr->value).args[0].value, env, simple(Kind::String).get()));
      if (text.is(ValueKind::String)) texts.emplace(i, text.text());
      holes.push_back(builder_.none());
      continue;
    }
    const Lowered* shared = own && !cell.own_plan ? shared_hole(cell, hole, env) : nullptr;
    const Lowered lowered = shared ? Lowered() : lower_hole(cell, hole, env);
    inputs.add(shared ? shared->inputs : lowered.inputs);
    holes.push_back(shared ? shared->value : lowered.value);
    args.push_back({builder_.str(fmt::format("dg{}", i + 1)), holes.back()});
  }
  if (entry.script.simple && !entry.script.uses_raw &&
      lower_simple(cell, *entry.script.simple, holes, row)) {
    // Its lines are for people; there is nothing for bash.
    if (!entry.shown) entry.shown = builder_.script("", entry.file, script_lines(entry.script));
    row.script = *entry.shown;
    return;
  }
  row.kind = ActionKind::Script;
  row.args = builder_.map(args);
  if (!entry.id || entry.script.uses_raw) {
    entry.id =
        builder_.script(pasted(entry.script.body, texts), entry.file, script_lines(entry.script));
  }
  row.script = *entry.id;
}

std::vector<ScriptLine> Lowerer::script_lines(const CompiledScript& script) {
  std::vector<ScriptLine> lines;
  lines.reserve(script.lines.size());
  for (const CompiledLine& line : script.lines) {
    lines.push_back({builder_.str(line.shown),
                     eval_.sources().position(line.range.source, line.range.begin).line});
  }
  return lines;
}

bool Lowerer::is_tool_name(Cell& cell, const std::string& name) {
  PlanField* field = eval_.plan_of(cell).find("tools");
  if (field == nullptr) return false;
  for (const Value& tool : eval_.elements(eval_.field_value(cell, *field, nullptr))) {
    if (tool.is(ValueKind::String) && tool.text() == name) return true;
  }
  return false;
}

std::optional<ValueId> Lowerer::simple_word(const SimpleCommand::Word& word,
                                            const std::vector<ValueId>& holes) {
  std::vector<ValueId> parts;
  parts.reserve(word.size());
  for (const SimpleCommand::Part& part : word) {
    parts.push_back(part.hole ? holes.at(*part.hole) : builder_.string(part.text));
  }
  if (parts.empty()) return builder_.string("");
  if (parts.size() == 1) return parts[0];
  for (const ValueId part : parts) {
    const ValueTag tag = builder_.value(part).tag;
    if (tag == ValueTag::List || tag == ValueTag::Join || tag == ValueTag::Rsp) return std::nullopt;
  }
  return builder_.list(ValueTag::Join, parts);
}

/// One simple command needs no bash, if what it runs is known to be a program.
bool Lowerer::lower_simple(Cell& cell, const SimpleCommand& simple,
                           const std::vector<ValueId>& holes, Node& row) {
  // What its programs are, only the image knows.
  if (eval_.plan_of(cell).find("within") != nullptr) return false;
  std::vector<ValueId> words;
  for (const SimpleCommand::Word& word : simple.words) {
    const std::optional<ValueId> one = simple_word(word, holes);
    if (!one) return false;
    words.push_back(*one);
  }
  if (words.empty()) return false;
  const devgraph::Value& first = builder_.value(words[0]);
  if (first.tag == ValueTag::Str) {
    std::string name(builder_.text(StrId(first.a)));
    if (name == ":") {
      name = "true";
      words[0] = builder_.string(name);
    }
    if (simple.words[0].size() != 1 || simple.words[0][0].hole) return false;
    if (!is_basic(name) && !is_tool_name(cell, name)) return false;
  } else if (first.tag != ValueTag::Input) {
    return false;
  }
  std::vector<Field> args = {{builder_.str("argv"), builder_.list(ValueTag::List, words)}};
  bool seen[3] = {false, false, false};
  for (const SimpleCommand::Redirect& redirect : simple.redirects) {
    static constexpr std::array<const char*, 3> kNames = {"stdin", "stdout", "stderr"};
    const std::optional<ValueId> target = simple_word(redirect.target, holes);
    if (!target || redirect.fd < 0 || redirect.fd > 2 || seen[redirect.fd]) return false;
    const ValueTag tag = builder_.value(*target).tag;
    if (tag == ValueTag::List || tag == ValueTag::None) return false;
    if (redirect.append && redirect.fd != 1) return false;
    seen[redirect.fd] = true;
    args.push_back({builder_.str(kNames[static_cast<std::size_t>(redirect.fd)]), *target});
    if (redirect.append) args.push_back({builder_.str("append"), builder_.boolean(true)});
  }
  row.kind = ActionKind::Exec;
  row.args = builder_.map(args);
  return true;
}

void Lowerer::lower_argv(Cell& cell, PlanField& field, Node& row, InputList& inputs) {
  CellEnv here(cell, "argv");
  const Binding out{.name = "out", .value = slots_of(cell), .next = here.env().locals};
  const Binding deps{.name = "deps", .value = deps_of(cell), .next = &out};
  Env env = here.env();
  env.locals = &deps;
  Use use{.cell = &cell, .inputs = &inputs, .normalize = normalize_of(cell), .at = field.range};
  const Value words = field.expr ? eval_.eval(*field.expr, env, nullptr) : field.given;
  row.kind = ActionKind::Exec;
  row.args = builder_.none();
  if (words.is_error()) return;
  const ValueId argv = lower_list(words, ValueTag::List, use, true);
  if (builder_.items(argv).empty()) {
    eval_.fault("E415", field.range, "`argv` is empty", "no program",
                "its first word is the program");
    return;
  }
  row.args = builder_.map({{builder_.str("argv"), argv}});
}

}  // namespace devgraph::lang
