/// An in-toto Statement v1 (in-toto attestation framework, spec/v1/statement.md) with SLSA
/// Provenance v1 (slsa.dev/spec/v1.0/provenance), made from what the graph knows and what its node
/// declares, which is all in its key: the same things made from the same things have the same
/// statement.

#include <array>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/natives.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/asks.h"

namespace devgraph::actions {

namespace {

using nlohmann::json;

std::string utf8(std::string_view text) {
  return is_valid_utf8(text) ? std::string(text) : printable(text);
}

Result<std::string> digest_of_file(const Context& context, const std::string& path) {
  const Result<FileHash> hash = context.files.hash(path, true);
  if (!hash) return std::unexpected(hash.error());
  const std::optional<Sha256>& digest = hash->sha;
  if (!digest) return fail(fmt::format("{} has no digest", printable(path)));
  return hex(*digest);
}

std::string_view text_of(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  return value.tag == ValueTag::Str ? graph.str(StrId{value.a}) : std::string_view();
}

/// The text of a part of a record; empty if it is not given.
std::string part_of(const Context& context, std::string_view record, std::string_view part) {
  const std::optional<ValueId> arg = find_arg(context, record);
  const std::optional<ValueId> value =
      arg ? find_field(context.graph, *arg, part) : std::optional<ValueId>();
  return value ? std::string(text_of(context.graph, *value)) : std::string();
}

/// As SPDX has it: `git+https://…`. Empty if no source was declared.
std::string source_uri(const Context& context) {
  const std::string uri = without_login(part_of(context, "source", "uri"));
  return uri.empty() || uri.starts_with("git+") ? uri : "git+" + uri;
}

/// Everything below a node: what no node makes, and what is known outside by a name.
class Dependencies {
 public:
  explicit Dependencies(const Context& context) : context_(context), graph_(context.graph) {}

  /// Sorted by name.
  Result<json> collect();

 private:
  void visit(NodeId start);
  Status add_input(const Input& input);
  Status add_file(FileId file, std::string_view name);
  void add_locked(const Asked& asked);
  void add_source();

  const Context& context_;
  const Graph& graph_;
  std::set<NodeId> seen_;
  std::vector<NodeId> order_;
  std::map<std::string, json> found_;
};

/// Only what is read counts: what stands behind another node (`after`) is in none of its bytes.
void Dependencies::visit(NodeId start) {
  order_.push_back(start);
  seen_.insert(start);
  for (std::size_t next = 0; next < order_.size(); ++next) {
    for (const InputId id : graph_.inputs(order_[next])) {
      const std::optional<NodeId> producer = graph_.producer(id);
      if (producer && seen_.insert(*producer).second) order_.push_back(*producer);
    }
  }
}

Status Dependencies::add_file(FileId file, std::string_view name) {
  const std::string path(graph_.str(graph_.file(file).path));
  const std::string key = name.empty() ? utf8(path) : "tool " + utf8(name);
  if (found_.contains(key)) return {};
  const bool is_absolute = path.starts_with('/');
  const Result<std::string> digest =
      digest_of_file(context_, is_absolute ? path : join_path(context_.workspace, path));
  if (!digest) return std::unexpected(digest.error());
  found_[key] = {{"name", key}, {"digest", {{"sha256", *digest}}}};
  return {};
}

Status Dependencies::add_input(const Input& input) {
  switch (input.kind) {
    case InputKind::Source:
      return add_file(FileId{input.ref}, {});
    case InputKind::Tool:
      return add_file(FileId{input.ref}, graph_.str(input.name));
    case InputKind::SourceTree:
      for (const FileId file : graph_.tree_files(TreeId{input.ref})) {
        if (Status done = add_file(file, {}); !done) return done;
      }
      return {};
    case InputKind::Output:
    case InputKind::OutputPart:
      return {};
  }
  return {};
}

void Dependencies::add_locked(const Asked& asked) {
  if (!asked.locked) return;
  const std::string& value = *asked.locked;
  const std::string digest = value.substr(value.rfind(':') + 1);
  json row;
  switch (asked.ask.kind) {
    case AskKind::File:
      row = {{"uri", utf8(without_login(asked.ask.name))}, {"digest", {{"sha256", digest}}}};
      break;
    case AskKind::Git:
      row = {{"uri",
              fmt::format("git+{}@{}", utf8(without_login(asked.ask.name)), utf8(asked.ask.rev))},
             {"digest", {{"gitCommit", value}}}};
      break;
    case AskKind::Image:
      row = {{"uri", fmt::format("docker://{}", utf8(asked.ask.name))},
             {"digest", {{"sha256", digest}}}};
      break;
  }
  found_[row["uri"].get<std::string>()] = row;
}

/// Of a tree that differs from its commit there is no digest: that of the commit would not be true.
void Dependencies::add_source() {
  const std::string uri = source_uri(context_);
  const std::string commit = part_of(context_, "source", "commit");
  if (uri.empty()) return;
  json row = {{"uri", uri}};
  if (is_locked_form(AskKind::Git, commit))
    row["digest"] = {{"gitCommit", commit}};
  else
    row["annotations"] = {{"commit", commit}};
  found_[uri] = row;
}

Result<json> Dependencies::collect() {
  visit(context_.node);
  add_source();
  for (const NodeId node : order_) {
    for (const InputId id : graph_.inputs(node)) {
      if (Status done = add_input(graph_.input(id)); !done) return std::unexpected(done.error());
    }
    for (const Asked& asked : asks_of(graph_, node))
      add_locked(asked);
  }
  json list = json::array();
  for (auto& [key, row] : found_)
    list.push_back(std::move(row));
  return list;
}

json subject(const std::string& name, const std::string& digest) {
  return {{"name", utf8(name)}, {"digest", {{"sha256", digest}}}};
}

/// Sorted by name.
Result<json> subjects(const Context& context) {
  std::map<std::string, json> found;
  const auto add = [&](const std::string& name, const std::string& digest) -> Status {
    if (found.emplace(name, subject(name, digest)).second) return {};
    return fail(fmt::format("two things are called `{}`", printable(name)));
  };
  for (const InputId input : inputs_arg(context, "of")) {
    const Result<std::string> digest = digest_of_file(context, context.path_of(input));
    if (!digest) return std::unexpected(digest.error());
    const std::string name(base_name(input_name(context, input)));
    if (Status done = add(name, *digest); !done) return std::unexpected(done.error());
  }
  for (const auto& [name, value] : map_arg(context, "images")) {
    const std::optional<InputId> input = oci::layout_input(context.graph, value);
    if (!input) continue;
    const Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(*input));
    if (!layout) return std::unexpected(layout.error());
    const Result<oci::Descriptor> root = oci::root_of(*layout);
    if (!root) return std::unexpected(root.error());
    if (Status done = add(std::string(name), hex(root->digest)); !done)
      return std::unexpected(done.error());
  }
  json list = json::array();
  for (auto& [name, row] : found)
    list.push_back(std::move(row));
  return list;
}

/// How the build is begun: `devgraph build TARGETS -D PARAMETERS`, at the commit of `source`.
json external_parameters(const Context& context) {
  json made = {{"targets", json::array()}};
  for (const std::string_view label : strings_arg(context, "targets"))
    made["targets"].push_back(utf8(label));
  json parameters = json::object();
  for (const std::string_view arg : {"parameters", "given"}) {
    for (const auto& [name, value] : map_arg(context, arg))
      parameters[utf8(name)] = utf8(without_login(text_of(context.graph, value)));
  }
  if (!parameters.empty()) made["parameters"] = parameters;
  const std::string source = source_uri(context);
  if (!source.empty()) made["source"] = source;
  return made;
}

json metadata(const Context& context) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames = {
      {{"invocation", "invocationId"}, {"started", "startedOn"}, {"finished", "finishedOn"}}};
  json made = json::object();
  for (const auto& [ours, theirs] : kNames) {
    const std::string value = part_of(context, "metadata", ours);
    if (!value.empty()) made[std::string(theirs)] = utf8(value);
  }
  return made;
}

}  // namespace

/// provenance(of, images, builder, source, parameters, metadata)
Status run_provenance(const Context& context) {
  const Result<json> made = subjects(context);
  if (!made) return std::unexpected(made.error());
  if (made->empty()) return fail("there is nothing in `of` or `images` to speak of");
  const Result<json> dependencies = Dependencies(context).collect();
  if (!dependencies) return std::unexpected(dependencies.error());
  json run = {{"builder", {{"id", utf8(string_arg(context, "builder"))}}}};
  if (json about = metadata(context); !about.empty()) run["metadata"] = std::move(about);
  const json statement = {{"_type", "https://in-toto.io/Statement/v1"},
                          {"subject", *made},
                          {"predicateType", "https://slsa.dev/provenance/v1"},
                          {"predicate",
                           {{"buildDefinition",
                             {{"buildType", "urn:devgraph:build:1"},
                              {"externalParameters", external_parameters(context)},
                              {"resolvedDependencies", *dependencies}}},
                            {"runDetails", run}}}};
  return context.files.write(context.out_path(0), statement.dump() + "\n", 0644, false);
}

}  // namespace devgraph::actions
