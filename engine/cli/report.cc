#include "engine/cli/report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/json.h"
#include "engine/cli/render.h"

namespace devgraph::cli {
namespace {

constexpr std::string_view kStaleRule = "stale";

struct Place {
  std::string file;
  Position begin;
  Position end;
};

/// As a code host calls a file of the workspace; what lies elsewhere is as it is.
std::string file_of(const Report& report, const std::string& name) {
  return name.starts_with('<') ? name : join_path(report.folder, name);
}

std::optional<Place> place_of(const Report& report, const Diagnostic& item) {
  if (!item.where) return std::nullopt;
  const Range& range = item.where->range;
  return Place{file_of(report, std::string(report.sources->name(range.source))),
               report.sources->position(range.source, range.begin),
               report.sources->position(range.source, range.end)};
}

std::string full_message(const Diagnostic& item) {
  std::string text = item.message;
  for (const std::string& help : item.helps)
    text += "\n" + help;
  return text;
}

/// As GitHub's toolkit escapes it.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (special) {
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string annotation(std::string_view level, const std::string& properties,
                       std::string_view message) {
  return fmt::format("::{}{}{}::{}\n", level, properties.empty() ? "" : " ", properties,
                     escaped(message, false));
}

/// A path as a relative URI reference (RFC 3986).
std::string uri_of(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string out;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

Json sarif_location(const std::string& file, const Json& region) {
  return {{"physicalLocation",
           {{"artifactLocation", {{"uri", uri_of(file)}, {"uriBaseId", "%SRCROOT%"}}},
            {"region", region}}}};
}

std::string sentence(const StaleRow& row) {
  return fmt::format("{}{}: {}", row.label, row.drifted ? "" : " is stale", row.reason);
}

Json sarif_stale(const Report& report, const StaleRow& row) {
  Json result = {{"ruleId", kStaleRule},
                 {"level", "error"},
                 {"message", {{"text", json_text(sentence(row))}}},
                 {"partialFingerprints", {{"devgraph/label/v1", json_text(row.label)}}}};
  if (!row.manifest.empty()) {
    const Json region = {{"startLine", std::max<std::uint32_t>(row.line, 1)}};
    result["locations"] = Json::array({sarif_location(file_of(report, row.manifest), region)});
  }
  return result;
}

Json sarif_diagnostic(const Report& report, const Diagnostic& item) {
  Json result = {{"ruleId", item.code},
                 {"level", item.severity == Severity::Error ? "error" : "warning"},
                 {"message", {{"text", json_text(full_message(item))}}}};
  if (const std::optional<Place> place = place_of(report, item)) {
    const Json region = {{"startLine", place->begin.line},
                         {"startColumn", place->begin.column},
                         {"endLine", place->end.line},
                         {"endColumn", place->end.column}};
    result["locations"] = Json::array({sarif_location(place->file, region)});
  }
  return result;
}

}  // namespace

std::vector<StaleRow> stale_rows(const Graph& graph, const std::vector<exec::StaleNode>& stale) {
  std::vector<StaleRow> rows;
  for (const exec::StaleNode& node : stale) {
    const Node& row = graph.node(node.node);
    rows.push_back({.label = label_of(graph, node.node),
                    .reason = node.reason,
                    .manifest = std::string(graph.str(row.manifest)),
                    .line = row.line,
                    .because_of_input = node.because_of_input,
                    .drifted = node.drifted});
  }
  return rows;
}

std::string stale_text(const Report& report) {
  std::string text;
  for (const StaleRow& row : report.stale)
    text += fmt::format("{}  {}\n", printable(row.label), printable(row.reason));
  return text;
}

std::string report_json(const Report& report) {
  Json stale = Json::array();
  for (const StaleRow& row : report.stale) {
    stale.push_back({{"label", json_text(row.label)},
                     {"reason", json_text(row.reason)},
                     {"because_of_input", row.because_of_input},
                     {"manifest", json_text(row.manifest)},
                     {"line", row.line}});
    if (row.drifted) stale.back()["drifted"] = true;
  }
  Json faults = Json::array();
  if (report.found != nullptr) faults = Json::parse(render_json(*report.found, *report.sources));
  Json all = {{"nodes", report.nodes}, {"stale", stale}, {"diagnostics", faults}};
  for (const std::string& label : report.pinned)
    all["pinned"].push_back(json_text(label));
  return dump(all);
}

std::string report_github(const Report& report) {
  std::string text;
  if (report.found != nullptr) {
    for (const Diagnostic& item : report.found->all()) {
      std::string properties;
      if (const std::optional<Place> place = place_of(report, item)) {
        properties = fmt::format("file={},line={},col={},endLine={},endColumn={},",
                                 escaped(place->file, true), place->begin.line, place->begin.column,
                                 place->end.line, place->end.column);
      }
      properties += fmt::format("title={}", escaped(item.code, true));
      text += annotation(item.severity == Severity::Error ? "error" : "warning", properties,
                         full_message(item));
    }
  }
  for (const StaleRow& row : report.stale) {
    const std::string properties = fmt::format(
        "file={},line={},title=stale", escaped(file_of(report, row.manifest), true), row.line);
    text += annotation("error", properties, printable(sentence(row)));
  }
  return text;
}

std::string report_sarif(const Report& report, std::string_view version) {
  Json results = Json::array();
  std::map<std::string, std::string> rules;
  if (report.found != nullptr) {
    for (const Diagnostic& item : report.found->all()) {
      rules.emplace(item.code, fmt::format("`devgraph explain {}` has a page on it", item.code));
      results.push_back(sarif_diagnostic(report, item));
    }
  }
  for (const StaleRow& row : report.stale) {
    rules.emplace(kStaleRule, "A node whose inputs are not those of its last run");
    results.push_back(sarif_stale(report, row));
  }
  Json rule_list = Json::array();
  for (const auto& [id, text] : rules)
    rule_list.push_back({{"id", id}, {"shortDescription", {{"text", text}}}});
  return dump(
      {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
       {"version", "2.1.0"},
       {"runs",
        Json::array(
            {{{"tool",
               {{"driver", {{"name", "devgraph"}, {"version", version}, {"rules", rule_list}}}}},
              {"columnKind", "unicodeCodePoints"},
              {"results", results}}})}});
}

}  // namespace devgraph::cli
