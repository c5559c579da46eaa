#include "engine/plan/key.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/store/bytes.h"

namespace devgraph::plan {
namespace {

/// Rises when what a key covers, or how it is framed, changes: all nodes then run once.
constexpr std::string_view kKeyFormat = "devgraph key 1";

#if defined(__x86_64__)
constexpr std::string_view kPlatform = "linux x86_64";
#elif defined(__aarch64__)
constexpr std::string_view kPlatform = "linux aarch64";
#else
constexpr std::string_view kPlatform = "linux other";
#endif

std::string_view kind_name(ActionKind kind) {
  switch (kind) {
    case ActionKind::Script:
      return "script";
    case ActionKind::Exec:
      return "exec";
    case ActionKind::Native:
      return "native";
    case ActionKind::Group:
      return "group";
  }
  return "";
}

std::string_view cwd_name(Cwd cwd) {
  switch (cwd) {
    case Cwd::Scratch:
      return "scratch";
    case Cwd::Inputs:
      return "inputs";
    case Cwd::Project:
      return "project";
  }
  return "";
}

void visit_fields(const Graph& graph, std::string_view what, ValueId map, KeySink& sink) {
  const Value& value = graph.value(map);
  if (value.tag != ValueTag::Map) return sink.value({what, {}}, map);
  for (const Field& field : graph.fields(value))
    sink.value({what, graph.str(field.name)}, field.value);
}

void visit_traits(const Graph& graph, const Traits& traits, KeySink& sink) {
  sink.text({"cwd", {}}, cwd_name(traits.cwd));
  sink.text({"network", {}}, traits.network != 0 ? "true" : "false");
  sink.text({"sandbox", {}}, traits.sandbox != 0 ? "true" : "false");
  if (traits.incremental != 0) sink.text({"incremental", {}}, "true");
  const std::span<const std::uint32_t> ok = graph.ok_codes(traits);
  if (ok.size() == 1 && ok[0] == 0) return;
  std::string codes;
  for (const std::uint32_t code : ok)
    codes += fmt::format("{} ", code);
  sink.text({"ok", {}}, codes);
}

/// Frames as Hasher does, but into memory: keys are made of many short fields, and one hash over a
/// kilobyte costs a third of a hundred updates of a stream.
class KeyBytes {
 public:
  void number(std::uint64_t value) { store::put_number(bytes_, value); }
  void field(std::string_view text) {
    number(text.size());
    bytes_.append(text);
  }
  void name(PartName name) {
    if (name.which.empty()) return field(name.kind);
    number(name.kind.size() + 1 + name.which.size());
    bytes_.append(name.kind).append(" ").append(name.which);
  }
  void digest(const Digest& value) { store::put_digest(bytes_, value); }
  Digest finish() const { return digest_of(bytes_); }
  std::string take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

/// Which content an input is, apart from the content.
void add_identity(const Graph& graph, InputId id, KeyBytes& hasher) {
  const Input& input = graph.input(id);
  hasher.number(static_cast<std::uint64_t>(input.kind));
  hasher.field(graph.str(input.name));
  hasher.field(graph.str(input.part));
  hasher.field(graph.str(input.normalize));
}

/// Where each input stands in its node's row of inputs: two inputs may have one name.
class Positions {
 public:
  Positions(const Graph& graph, NodeId node) : inputs_(graph.inputs(node)) {}

  std::uint64_t of(InputId id) {
    if (sorted_.empty()) {
      for (std::size_t i = 0; i < inputs_.size(); ++i)
        sorted_.emplace_back(inputs_[i], i);
      std::sort(sorted_.begin(), sorted_.end());
    }
    const auto found =
        std::lower_bound(sorted_.begin(), sorted_.end(), std::pair{id, std::size_t{0}});
    return found != sorted_.end() && found->first == id ? found->second : count();
  }
  std::size_t count() const { return inputs_.size(); }

 private:
  std::span<const InputId> inputs_;
  std::vector<std::pair<InputId, std::size_t>> sorted_;  // Filled at the first question.
};

/// Values nest as deep as manifests do, which the parser limits; a stack of our own keeps that out
/// of the argument.
void add_value(const Graph& graph, ValueId root, Positions& positions, KeyBytes& hasher) {
  struct Step {
    ValueId value{};
    StrId name{};
    bool named = false;
  };
  std::vector<Step> to_do{Step{root}};
  while (!to_do.empty()) {
    const Step step = to_do.back();
    to_do.pop_back();
    if (step.named) hasher.field(graph.str(step.name));
    const Value& value = graph.value(step.value);
    hasher.number(static_cast<std::uint64_t>(value.tag));
    switch (value.tag) {
      case ValueTag::None:
      case ValueTag::False:
      case ValueTag::True:
        break;
      case ValueTag::Int:
      case ValueTag::Out:
        hasher.number(value.a);
        hasher.number(value.b);
        break;
      case ValueTag::Str:
        hasher.field(graph.str(StrId{value.a}));
        break;
      case ValueTag::Input:
      case ValueTag::Text: {
        const InputId input{value.a};
        const std::size_t place = positions.of(input);
        hasher.number(place);
        // Only mentioned: its identity counts, not its content.
        if (place == positions.count()) add_identity(graph, input, hasher);
        break;
      }
      case ValueTag::Secret:
        hasher.field(graph.str(StrId{value.a}));
        hasher.number(value.b);
        break;
      case ValueTag::List:
      case ValueTag::Join:
      case ValueTag::Rsp: {
        const std::span<const ValueId> items = graph.items(value);
        hasher.number(items.size());
        for (std::size_t i = items.size(); i-- > 0;)
          to_do.push_back(Step{items[i]});
        break;
      }
      case ValueTag::Map: {
        const std::span<const Field> fields = graph.fields(value);
        hasher.number(fields.size());
        for (std::size_t i = fields.size(); i-- > 0;) {
          to_do.push_back(Step{fields[i].value, fields[i].name, true});
        }
        break;
      }
    }
  }
}

class HashSink final : public KeySink {
 public:
  /// `bytes` is taken over empty, with the room that it has.
  HashSink(const Graph& graph, NodeId node, KeyBytes& bytes)
      : graph_(graph), positions_(graph, node), hasher_(bytes) {
    hasher_.clear();
  }
  void text(PartName name, std::string_view value) override {
    hasher_.name(name);
    hasher_.field(value);
  }
  void value(PartName name, ValueId value) override {
    hasher_.name(name);
    add_value(graph_, value, positions_, hasher_);
  }
  void input(InputId id, const Digest& content) override {
    add_identity(graph_, id, hasher_);
    hasher_.digest(content);
  }
  Digest finish() const { return hasher_.finish(); }

 private:
  const Graph& graph_;
  Positions positions_;
  KeyBytes& hasher_;
};

/// Passes on what another machine would have, too.
class PortableSink final : public KeySink {
 public:
  PortableSink(bool is_dockerfile, HashSink& sink) : is_dockerfile_(is_dockerfile), sink_(sink) {}
  void text(PartName name, std::string_view value) override { sink_.text(name, value); }
  void value(PartName name, ValueId value) override {
    if (is_dockerfile_ && name.kind == "argument" && name.which == "engine") return;
    sink_.value(name, value);
  }
  void input(InputId, const Digest&) override {}

 private:
  bool is_dockerfile_;
  HashSink& sink_;
};

std::string in_words(PartName name) {
  return name.which.empty() ? std::string(name.kind) : fmt::format("{} {}", name.kind, name.which);
}

std::string short_hex(const Digest& digest) {
  return hex(digest).substr(0, 12);
}

class PartsSink final : public KeySink {
 public:
  PartsSink(const Graph& graph, NodeId node) : graph_(graph), positions_(graph, node) {}
  void text(PartName name, std::string_view value) override {
    // What people typed is shown; what is long is told apart by its digest.
    constexpr std::size_t kShown = 60;
    const bool shown = value.size() <= kShown && value.find('\n') == value.npos;
    parts.push_back({in_words(name), shown ? printable(value) : short_hex(digest_of(value))});
  }
  void value(PartName name, ValueId value) override {
    std::string shown = show_value(graph_, value);
    if (shown.ends_with("…")) {
      KeyBytes hasher;
      add_value(graph_, value, positions_, hasher);
      shown += " " + short_hex(hasher.finish());
    }
    parts.push_back({in_words(name), std::move(shown)});
  }
  void input(InputId id, const Digest& content) override {
    std::string value = content == kMissing ? "left out"
                        : content.is_zero() ? "missing"
                                            : short_hex(content);
    parts.push_back({fmt::format("input {}", input_name(graph_, id)), std::move(value)});
  }
  std::vector<store::KeyPart> parts;

 private:
  const Graph& graph_;
  Positions positions_;
};

}  // namespace

void visit_static(const Graph& graph, NodeId id, unsigned version, KeySink& sink) {
  const Node& node = graph.node(id);
  sink.text({"format", {}}, kKeyFormat);
  sink.text({"platform", {}}, kPlatform);
  sink.text({"action", {}}, kind_name(node.kind));
  if (node.kind == ActionKind::Native) {
    sink.text({"native action", {}}, fmt::format("{} {}", graph.str(node.action), version));
  }
  if (node.kind == ActionKind::Script)
    sink.text({"script", {}}, graph.str(graph.script(node.script).body));
  visit_fields(graph, "argument", node.args, sink);
  visit_fields(graph, "env", node.env, sink);
  sink.value({"stdin", {}}, node.stdin_text);
  visit_fields(graph, "secret", node.secrets, sink);
  if (graph.value(node.within).tag != ValueTag::None) sink.value({"within", {}}, node.within);
  if (node.depfile != StrId{}) sink.text({"depfile", {}}, graph.str(node.depfile));
  for (const Output& output : graph.outputs(id)) {
    const std::string_view declared = graph.str(output.declared);
    const PartName name = {"output", graph.str(output.field)};
    if (output.kind == OutputKind::Tree) {
      sink.text(name, std::string(declared) + "/");
    } else {
      sink.text(name, declared);
    }
  }
  visit_traits(graph, graph.traits_of(id), sink);
}

void visit_key(const Graph& graph, NodeId id, unsigned version,
               const IdVec<InputId, Digest>& contents, KeySink& sink) {
  visit_static(graph, id, version, sink);
  for (const InputId input : graph.inputs(id))
    sink.input(input, contents[input]);
}

std::string portable_bytes(const Graph& graph, NodeId id, unsigned version) {
  KeyBytes bytes;
  HashSink sink(graph, id, bytes);
  PortableSink portable(graph.str(graph.node(id).action) == "dockerfile", sink);
  visit_static(graph, id, version, portable);
  return bytes.take();
}

Digest static_key(const Graph& graph, NodeId id, unsigned version) {
  thread_local KeyBytes bytes;  // A loop over all nodes allocates once a thread.
  HashSink sink(graph, id, bytes);
  visit_static(graph, id, version, sink);
  // The identities of the inputs too, so that what remains of a key is a row of digests.
  for (const InputId input : graph.inputs(id))
    sink.input(input, Digest{});
  return sink.finish();
}

Digest full_key(const Graph& graph, NodeId id, const Digest& static_part,
                const IdVec<InputId, Digest>& contents, std::span<const InputId> missing) {
  const std::span<const InputId> inputs = graph.inputs(id);
  constexpr std::size_t kOnStack = 64;
  std::array<Digest, kOnStack + 1> row;
  std::vector<Digest> long_row;
  Digest* out = row.data();
  if (inputs.size() > kOnStack) {
    long_row.resize(inputs.size() + 1);
    out = long_row.data();
  }
  out[0] = static_part;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool left_out =
        !missing.empty() && std::binary_search(missing.begin(), missing.end(), inputs[i]);
    out[i + 1] = left_out ? kMissing : contents[inputs[i]];
  }
  static_assert(sizeof(Digest) == 16);
  return digest_of({reinterpret_cast<const char*>(out), (inputs.size() + 1) * sizeof(Digest)});
}

Digest key_with(const Digest& key, std::span<const Discovered> discovered) {
  if (discovered.empty()) return key;
  Hasher hasher;
  hasher.digest(key);
  for (const Discovered& one : discovered) {
    hasher.field(one.path);
    hasher.digest(one.content);
  }
  return hasher.finish();
}

std::vector<store::KeyPart> key_parts(const Graph& graph, NodeId id, unsigned version,
                                      const IdVec<InputId, Digest>& contents) {
  PartsSink sink(graph, id);
  visit_key(graph, id, version, contents, sink);
  return std::move(sink.parts);
}

std::string input_name(const Graph& graph, InputId id) {
  const Input& input = graph.input(id);
  switch (input.kind) {
    case InputKind::Tool:
      return fmt::format("tool {}", printable(graph.str(input.name)));
    case InputKind::Output: {
      const Output& output = graph.output(OutputId{input.ref});
      std::string name = label_of(graph, output.node);
      if (graph.str(output.field) != "out") name += fmt::format(".{}", graph.str(output.field));
      return name;
    }
    case InputKind::OutputPart: {
      const Output& output = graph.output(OutputId{input.ref});
      return fmt::format("{}/{}", label_of(graph, output.node), printable(graph.str(input.part)));
    }
    case InputKind::Source: {
      const std::string_view path = graph.str(graph.file(FileId{input.ref}).path);
      return (path.starts_with('/') ? "" : "./") + printable(path);
    }
    case InputKind::SourceTree:
      return "./" + printable(graph.str(graph.tree(TreeId{input.ref}).path)) + "/";
  }
  return "";
}

}  // namespace devgraph::plan
