/// A statement about what things come from (`provenance`): all that it says is in its key.

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/graph/asks.h"
#include "lang/lower.h"
#include "lang/origins.h"

namespace devgraph::lang {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kTimeForm = "0000-00-00T00:00:00";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// RFC 3986: a scheme, and then the characters that a URI may have.
bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  if (kLetters.find(text[0]) == std::string_view::npos) return false;
  const std::string in_scheme = fmt::format("{}{}+.-", kLetters, kDigits);
  if (text.substr(0, colon).find_first_not_of(in_scheme) != std::string_view::npos) return false;
  const std::string in_uri = fmt::format("{}{}-._~:/?#[]@!$&'()*+,;=%", kLetters, kDigits);
  return text.find_first_not_of(in_uri) == std::string_view::npos;
}

/// Of a text that has digits only.
unsigned number(std::string_view digits) {
  constexpr unsigned kTen = 10;
  unsigned value = 0;
  for (const char digit : digits)
    value = value * kTen + static_cast<unsigned>(digit - '0');
  return value;
}

/// RFC 3339 in UTC, as in-toto has it: `2026-01-31T08:30:00Z`, or with a fraction of the second.
bool is_time(std::string_view text) {
  constexpr unsigned kHours = 24;
  constexpr unsigned kMinutes = 60;
  constexpr unsigned kSeconds = 61;  // A leap second.
  if (text.size() <= kTimeForm.size() || !text.ends_with('Z')) return false;
  for (std::size_t i = 0; i < kTimeForm.size(); ++i) {
    const bool is_digit = kDigits.find(text[i]) != std::string_view::npos;
    if (kTimeForm[i] == '0' ? !is_digit : text[i] != kTimeForm[i]) return false;
  }
  const std::string_view fraction =
      text.substr(kTimeForm.size(), text.size() - kTimeForm.size() - 1);
  const bool has_digits = fraction.size() > 1 && fraction[0] == '.' &&
                          fraction.find_first_not_of(kDigits, 1) == std::string_view::npos;
  if (!fraction.empty() && !has_digits) return false;
  const std::chrono::year_month_day day{
      std::chrono::year(static_cast<int>(number(text.substr(0, 4)))),
      std::chrono::month(number(text.substr(5, 2))), std::chrono::day(number(text.substr(8, 2)))};
  return day.ok() && number(text.substr(11, 2)) < kHours && number(text.substr(14, 2)) < kMinutes &&
         number(text.substr(17, 2)) < kSeconds;
}

bool is_commit(std::string_view text) {
  constexpr std::string_view kDirty = "-dirty";
  if (text.ends_with(kDirty)) text.remove_suffix(kDirty.size());
  return is_locked_form(AskKind::Git, text);
}

/// The fields of one node, as to whether readers of the statement can use their values.
class StatementFields {
 public:
  StatementFields(Evaluator& evaluator, Cell& cell)
      : eval_(evaluator), cell_(cell), plan_(evaluator.plan_of(cell)) {}

  void check() {
    check_uri("builder", {}, "who built, such as https://ci.example.org");
    check_uri("source", "uri", "a repository, such as https://example.org/acme/app.git");
    check_commit();
    check_time("started");
    check_time("finished");
    check_order();
    check_invocation();
    check_parameters();
  }

 private:
  /// The text of a field, or of a part of a record; none if it has none.
  std::optional<std::string> text(std::string_view field, std::string_view part = {}) {
    Value value = eval_.parameter(cell_, field);
    if (!part.empty()) {
      const Value* found = value.is(ValueKind::Map) ? value.find(part) : nullptr;
      value = found ? *found : Value();
    }
    return value.is(ValueKind::String) ? std::optional(value.text()) : std::nullopt;
  }
  Range range(std::string_view field, std::string_view part);
  void refuse(std::string_view field, std::string_view part, std::string message, std::string label,
              std::string help = {}) {
    eval_.fault("E424", range(field, part), std::move(message), std::move(label), std::move(help));
  }

  void check_uri(std::string_view field, std::string_view part, std::string label);
  void check_commit();
  void check_time(std::string_view part);
  void check_order();
  void check_invocation();
  void check_parameters();

  Evaluator& eval_;
  Cell& cell_;
  Plan& plan_;
};

/// Of the part of a record that is written out, else of the field.
Range StatementFields::range(std::string_view field, std::string_view part) {
  const PlanField* found = plan_.find(field);
  if (found == nullptr) return cell_.family->range;
  const auto* record = found->expr ? std::get_if<ast::Record>(&found->expr->value) : nullptr;
  if (record == nullptr) return found->range;
  for (const ast::Field& one : record->fields) {
    if (!one.spread && one.name.text == part && one.value) return one.value->range;
  }
  return found->range;
}

void StatementFields::check_uri(std::string_view field, std::string_view part, std::string label) {
  const std::optional<std::string> uri = text(field, part);
  if (!uri || is_uri(*uri)) return;
  refuse(field, part, fmt::format("`{}` is no URI", printable(*uri)), std::move(label),
         "a URI begins with a scheme, and what it cannot hold is written %XX");
}

void StatementFields::check_commit() {
  const std::optional<std::string> commit = text("source", "commit");
  if (!commit || is_commit(*commit)) return;
  refuse("source", "commit", fmt::format("`{}` is no commit", printable(*commit)),
         "40 hexadecimal digits are needed",
         "git.commit_of(files) is the last commit that touches them");
}

void StatementFields::check_time(std::string_view part) {
  const std::optional<std::string> time = text("metadata", part);
  if (!time || is_time(*time)) return;
  refuse("metadata", part, fmt::format("`{}` is no time", printable(*time)),
         "a time in UTC is needed, such as 2026-01-31T08:30:00Z");
}

void StatementFields::check_order() {
  const std::optional<std::string> started = text("metadata", "started");
  const std::optional<std::string> finished = text("metadata", "finished");
  if (!started || !finished || !is_time(*started) || !is_time(*finished)) return;
  // Up to the second they sort as texts.
  if (finished->substr(0, kTimeForm.size()) >= started->substr(0, kTimeForm.size())) return;
  refuse("metadata", "finished", fmt::format("`{}` is before `{}`", *finished, *started),
         "finished before it was started");
}

void StatementFields::check_invocation() {
  if (text("metadata", "invocation") != "") return;
  refuse("metadata", "invocation", "an empty text identifies no run", "nothing",
         "leave `invocation` out, or write none");
}

void StatementFields::check_parameters() {
  const Value parameters = eval_.parameter(cell_, "parameters");
  if (!parameters.is(ValueKind::Map)) return;
  for (const auto& [name, value] : parameters.fields()) {
    if (!name.starts_with("//")) continue;
    refuse("parameters", name,
           fmt::format("`{}` is how a parameter of a manifest is called", printable(name)),
           "said already, if it was given", "give it another name");
  }
}

}  // namespace

void Lowerer::check_provenance(Cell& cell) {
  StatementFields(eval_, cell).check();
}

/// A statement about what things come from reads all of that: it changes with every source, also
/// with one that left its mark on nothing, and with every manifest and parameter behind them.
void Lowerer::add_what_it_comes_from(std::uint32_t id) {
  std::vector<InputId> inputs = builder_.inputs(rows_[id].inputs);
  std::unordered_set<std::uint32_t> known;
  for (const InputId input : inputs)
    known.insert(index_of(input));
  std::vector<ValueId> asks;
  std::set<std::string> targets;
  Origins origins(eval_);
  std::vector<std::uint32_t> order{id};
  std::unordered_set<std::uint32_t> seen{id};
  for (std::size_t next = 0; next < order.size(); ++next) {
    const Node& row = rows_[order[next]];
    if (next > 0) origins.add(*cells_[order[next]]);
    if (builder_.value(row.asks).tag != ValueTag::None) asks.push_back(row.asks);
    for (const InputId input : builder_.inputs(row.inputs)) {
      const Input& one = builder_.input_row(input);
      if (one.kind == InputKind::Output || one.kind == InputKind::OutputPart) {
        const std::uint32_t producer = index_of(builder_.output(OutputId(one.ref)).node);
        if (next == 0) targets.insert(eval_.label_of(*cells_[producer]));
        if (seen.insert(producer).second) order.push_back(producer);
      } else if (known.insert(index_of(input)).second) {
        inputs.push_back(input);
      }
    }
  }
  for (const std::string& path : origins.manifests()) {
    Input input;
    input.ref = index_of(builder_.file(path));
    input.name = builder_.str(key_name(path, *cells_[id]));
    const InputId manifest = builder_.add_input(input);
    if (known.insert(index_of(manifest)).second) inputs.push_back(manifest);
  }
  std::vector<Field> given;
  for (const std::string& param : origins.params()) {
    const std::optional<std::string> text = eval_.world().given(param);
    if (text) given.push_back({builder_.str(param), builder_.string(without_login(*text))});
  }
  std::vector<ValueId> labels;
  labels.reserve(targets.size());
  for (const std::string& label : targets)
    labels.push_back(builder_.string(label));
  Node& row = rows_[id];
  row.inputs = builder_.inputs(inputs);
  std::vector<Field> args = builder_.fields(row.args);
  args.push_back({builder_.str("locked"), builder_.list(ValueTag::List, asks)});
  args.push_back({builder_.str("given"), builder_.map(given)});
  args.push_back({builder_.str("targets"), builder_.list(ValueTag::List, labels)});
  row.args = builder_.map(args);
}

void Lowerer::add_provenance() {
  const StrId name = builder_.str("provenance");
  for (std::uint32_t id = 0; id < rows_.size(); ++id) {
    if (rows_[id].kind == ActionKind::Native && rows_[id].action == name)
      add_what_it_comes_from(id);
  }
}

}  // namespace devgraph::lang
