#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/past.h"
#include "engine/cli/render.h"
#include "engine/graph/label.h"
#include "engine/store/record.h"
#include "lang/decode.h"

namespace devgraph::cli {
namespace {

/// Name -> number as written, in the order of the file.
using Numbers = std::vector<std::pair<std::string, std::string>>;

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view decoder_of(std::string_view path) {
  if (path.ends_with(".json")) return "json";
  if (path.ends_with(".toml")) return "toml";
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return "yaml";
  return {};
}

/// The leaves that are numbers, by the way to each.
void add_numbers(const lang::Value& value, const std::string& way, Numbers& out) {
  const auto below = [&](std::string_view name) {
    return way.empty() ? std::string(name) : fmt::format("{}.{}", way, name);
  };
  if (value.is(lang::ValueKind::Map)) {
    for (const auto& [name, field] : value.fields())
      add_numbers(field, below(name), out);
  } else if (value.is(lang::ValueKind::List)) {
    for (std::size_t i = 0; i < value.items().size(); ++i)
      add_numbers(value.items()[i], below(std::to_string(i)), out);
  } else if (value.is(lang::ValueKind::Int)) {
    out.emplace_back(way, std::to_string(value.number()));
  } else if (value.is(lang::ValueKind::String) && number_of(value.text())) {
    out.emplace_back(way, value.text());  // A float is its text as written.
  }
}

Result<Numbers> numbers_in(std::string_view path, std::string_view text) {
  const std::string_view decoder = decoder_of(path);
  if (decoder.empty()) {
    return fail(fmt::format("{} is neither JSON, YAML nor TOML by its name", printable(path)));
  }
  const auto value = lang::decode(decoder, lang::without_mark(text));
  if (!value) return fail(fmt::format("{}: {}", printable(path), value.error().message));
  Numbers numbers;
  add_numbers(*value, "", numbers);
  return numbers;
}

/// The output by the name of `metrics`; none if the node has none.
std::optional<std::size_t> metrics_output(const Graph& graph, NodeId node) {
  const std::span<const Output> outputs = graph.outputs(node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (graph.str(outputs[i].field) == "metrics" && outputs[i].kind == OutputKind::File) return i;
  }
  return std::nullopt;
}

struct Line {
  std::string label;
  std::string name;
  std::string now;     ///< Empty: there is none.
  std::string before;  ///< The same.
};

class Metrics {
 public:
  Metrics(Context& context, lang::Workspace workspace)
      : context_(context), workspace_(std::move(workspace)) {}

  int run();

 private:
  bool choose();
  bool read_now();
  bool read_before();
  void put(const std::string& label, const std::string& name, std::string Line::* side,
           const std::string& number);
  void print_text() const;
  void print_json() const;

  Context& context_;
  lang::Workspace workspace_;
  std::string revision_;  // As typed; empty for none.
  std::string no_label_;  // Why it is no label.
  std::optional<Graph> graph_;
  std::vector<NodeId> nodes_;  // That have metrics.
  std::vector<Line> lines_;
  std::unique_ptr<Past> past_;
};

/// Each word is a label of the graph or, one of them, a revision.
bool Metrics::choose() {
  // A label may be of any project, and a word that is no label is found to be none.
  graph_ = load_graph(context_, workspace_, {"..."}, Save::No);
  if (!graph_) return false;
  std::vector<NodeId> chosen;
  bool any_label = false;
  for (const std::string& word : context_.options.words) {
    const Result<LabelPattern> label = parse_label(word, workspace_.project);
    const Result<std::vector<NodeId>> nodes =
        label ? select(*graph_, *label) : std::unexpected(label.error());
    if (nodes) {
      chosen.insert(chosen.end(), nodes->begin(), nodes->end());
      any_label = true;
    } else if (revision_.empty()) {
      revision_ = word;
      no_label_ = nodes.error().message;
    } else {
      add_fault(context_, "E906", nodes.error().message,
                {fmt::format("one revision is compared with what is in place, and that is `{}`",
                             printable(revision_))});
      return false;
    }
  }
  for (std::uint32_t i = 0; i < graph_->node_count() && !any_label; ++i) {
    if (is_within(graph_->str(graph_->node(NodeId{i}).project), workspace_.project))
      chosen.push_back(NodeId{i});
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  for (const NodeId node : chosen) {
    if (metrics_output(*graph_, node)) nodes_.push_back(node);
  }
  if (!nodes_.empty()) return true;
  add_fault(context_, "E920",
            fmt::format("{} has an output by the name of `metrics`",
                        any_label ? "none of these nodes" : "no node"),
            {"name the file that holds the numbers:  out = { model = \"model.bin\", metrics = "
             "\"metrics.json\" }"});
  return false;
}

void Metrics::put(const std::string& label, const std::string& name, std::string Line::* side,
                  const std::string& number) {
  const auto same = [&](const Line& line) { return line.label == label && line.name == name; };
  auto line = std::find_if(lines_.begin(), lines_.end(), same);
  if (line == lines_.end()) {
    // Behind the others of its node.
    const auto last = std::find_if(lines_.rbegin(), lines_.rend(),
                                   [&](const Line& one) { return one.label == label; });
    line = lines_.insert(last == lines_.rend() ? lines_.end() : last.base(),
                         Line{label, name, "", ""});
  }
  (*line).*side = number;
}

bool Metrics::read_now() {
  for (const NodeId node : nodes_) {
    const Output& output = graph_->output(graph_->output_id(node, *metrics_output(*graph_, node)));
    const std::string path(graph_->str(output.path));
    const std::string label = shown_label(*graph_, node);
    const std::string full = join_path(workspace_.root, path);
    const Result<FileStat> stat = context_.files.stat(full);
    if (stat && !stat->exists()) {
      context_.console.talk(fmt::format("{} has no metrics yet; build it\n", label));
      continue;
    }
    const Result<std::string> text = context_.files.read(full);
    const Result<Numbers> numbers =
        text ? numbers_in(path, *text) : Result<Numbers>(std::unexpected(text.error()));
    if (!numbers) {
      add_fault(
          context_, "E920",
          fmt::format("the metrics of {} cannot be read: {}", label, numbers.error().message));
      return false;
    }
    for (const auto& [name, number] : *numbers)
      put(label, name, &Line::now, number);
  }
  return true;
}

/// Of the revision: by the keys that its nodes had.
bool Metrics::read_before() {
  past_ = Past::open(context_, workspace_, revision_, {"and as a label: " + no_label_});
  if (!past_) return false;
  const Graph& then = past_->graph();
  std::set<std::string> wanted;
  for (const NodeId node : nodes_)
    wanted.insert(label_of(*graph_, node));
  std::vector<NodeId> goals;
  for (std::uint32_t i = 0; i < then.node_count(); ++i) {
    if (metrics_output(then, NodeId{i}) && wanted.contains(label_of(then, NodeId{i})))
      goals.push_back(NodeId{i});
  }
  if (const Status done = past_->look_up(goals); !done) {
    add_fault(context_, "E919",
              fmt::format("the keys of {} cannot be computed: {}", printable(revision_),
                          done.error().message));
    return false;
  }
  for (const NodeId node : goals) {
    const std::string label = shown_label(then, node);
    const std::optional<store::Made> made = past_->result(node);
    if (!made) {
      const NodeId unknown = past_->first_unknown(node).value_or(node);
      context_.console.talk(
          fmt::format("{} at {}: not known; no result of {} for its inputs of then is kept here\n",
                      label, printable(revision_), shown_label(then, unknown)));
      continue;
    }
    const store::MadeOutput output = made->output(*metrics_output(then, node));
    const std::optional<std::string> text = past_->cas().get(output.sha);
    const Result<Numbers> numbers =
        text ? numbers_in(output.path, *text)
             : Result<Numbers>(fail("its content is not in the cache any more"));
    if (!numbers) {
      context_.console.talk(
          fmt::format("{} at {}: {}\n", label, printable(revision_), numbers.error().message));
      continue;
    }
    for (const auto& [name, number] : *numbers)
      put(label, name, &Line::before, number);
  }
  return true;
}

/// `+0.02`; empty where there is no difference to speak of.
std::string change(const Line& line) {
  const std::optional<double> before = number_of(line.before);
  const std::optional<double> now = number_of(line.now);
  if (!before || !now || *before == *now) return {};
  return fmt::format("{:+.6g}", *now - *before);
}

void Metrics::print_text() const {
  const bool both = past_ != nullptr;
  std::vector<std::vector<std::string>> rows;
  if (both) {
    rows.push_back({"node", "metric", printable(revision_), "now", "change"});
  } else {
    rows.push_back({"node", "metric", "value"});
  }
  const auto shown = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const Line& line : lines_) {
    std::vector<std::string> row{line.label, printable(line.name)};
    if (both) row.push_back(shown(line.before));
    row.push_back(shown(line.now));
    if (both) row.push_back(change(line));
    rows.push_back(std::move(row));
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max<std::size_t>(widths[i], text_width(row[i]));
  }
  for (const auto& row : rows) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - text_width(row[i]), ' ');
      // Numbers end in one column.
      text += (i == 0 ? "" : "  ") + (i < 2 ? row[i] + gap : gap + row[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    context_.console.data(text + "\n");
  }
}

void Metrics::print_json() const {
  Json list = Json::array();
  const auto number = [](const std::string& text) {
    const std::optional<double> value = number_of(text);
    if (!value) return Json();
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error == std::errc() && end == text.data() + text.size()) return Json(whole);
    return std::isfinite(*value) ? Json(*value) : Json(text);
  };
  for (const Line& line : lines_) {
    Json row = {{"label", json_text(line.label)},
                {"metric", json_text(line.name)},
                {"value", number(line.now)}};
    if (past_) row["before"] = number(line.before);
    list.push_back(std::move(row));
  }
  context_.console.data(dump(list));
}

int Metrics::run() {
  if (!choose() || !read_now()) return refuse(context_);
  if (!revision_.empty() && !read_before()) return refuse(context_);
  if (context_.options.format == "json") {
    print_json();
  } else if (!lines_.empty()) {
    print_text();
  }
  return kExitDone;
}

}  // namespace

int metrics_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  return Metrics(context, *workspace).run();
}

}  // namespace devgraph::cli
