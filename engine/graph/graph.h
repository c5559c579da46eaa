#pragma once
/// The build graph: what every node does, reads and makes. Complete and const once made.
///
/// A Graph is a view of one block of bytes in the format of docs/reference/graph-format.md: flat
/// arrays of fixed-size rows that name each other by 4-byte ids. `GraphBuilder` (builder.h) makes
/// the block; the compiled graph on disk is the same block, mapped. Opening one is checking it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/digest.h"
#include "engine/base/ids.h"
#include "engine/base/result.h"

namespace devgraph {

enum class StrId : std::uint32_t {};     ///< Interned bytes; StrId{0} is the empty string.
enum class FileId : std::uint32_t {};    ///< A file that no node makes: a source, or a tool.
enum class TreeId : std::uint32_t {};    ///< A folder of sources.
enum class InputId : std::uint32_t {};   ///< One content, under the name by which it enters keys.
enum class OutputId : std::uint32_t {};  ///< One thing that one node makes.
enum class NodeId : std::uint32_t {};    ///< One action with its inputs and outputs.
enum class ValueId : std::uint32_t {};   ///< An evaluated value; equal values share one id.
enum class ScriptId : std::uint32_t {};
enum class TraitsId : std::uint32_t {};

/// `count` rows from `first` of a pool.
struct Span32 {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// --- values
// ---------------------------------------------------------------------------------------

enum class ValueTag : std::uint32_t {
  None,
  False,
  True,
  Int,     ///< a: low half, b: high half of the int64.
  Str,     ///< a: StrId.
  Input,   ///< a: InputId. As a word: its absolute path.
  Out,     ///< a: index among the node's own outputs. As a word: where to write it.
  List,    ///< a, b: first and count in the pool of ValueIds. As words: spliced.
  Map,     ///< a, b: first and count in the pool of Fields; in written order.
  Join,    ///< As List, but one word: its parts glued. Parts are Str, Int, Input, Out, Text.
  Rsp,     ///< As List: one word, the path of a file that holds the words, one a line.
  Text,    ///< a: InputId: the content at run time, one newline at its end removed.
  Secret,  ///< a: StrId name, b: epoch.
};

struct Value {
  ValueTag tag = ValueTag::None;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

struct Field {
  StrId name{};
  ValueId value{};
};

// --- files
// ----------------------------------------------------------------------------------------

struct File {
  StrId path{};  ///< Relative to the workspace; absolute for a tool.
};

/// A folder of the source tree; its members were listed when the graph was made.
struct Tree {
  StrId path{};    ///< Relative to the workspace.
  Span32 files{};  ///< In the pool of FileIds, sorted by path, all below `path`.
};

enum class InputKind : std::uint32_t {
  Source,      ///< ref: FileId.
  SourceTree,  ///< ref: TreeId.
  Output,      ///< ref: OutputId.
  OutputPart,  ///< ref: OutputId of a tree; part: the path in it.
  Tool,        ///< ref: FileId; name: the name it has on PATH.
};

struct Input {
  InputKind kind = InputKind::Source;
  std::uint32_t ref = 0;
  StrId name{};       ///< In the key: project-relative for a source (`//x/y` of another project),
                      ///< declared for an output.
  StrId part{};       ///< OutputPart only.
  StrId normalize{};  ///< `comments,crlf,blank` in this order, or empty.
};

enum class OutputKind : std::uint32_t { File, Tree };

struct Output {
  NodeId node{};
  OutputKind kind = OutputKind::File;
  StrId field{};              ///< `out`, or the name in a record of outputs.
  StrId declared{};           ///< The declared name, without a slash at its end; in the key.
  StrId path{};               ///< Where it lands, relative to the workspace.
  std::uint32_t in_tree = 0;  ///< 1: declared by a path literal, so it lies among the sources.
};

// --- nodes
// ----------------------------------------------------------------------------------------

enum class ActionKind : std::uint32_t {
  Script,  ///< `script` run by bash with the parameters `args`.
  Exec,    ///< A program without a shell: args = { argv, stdin?, stdout?, stderr?, append? }.
  Native,  ///< `action` names a function of engine/actions; `args` are its arguments.
  Group,   ///< Does nothing itself: the handle of an instance without `self`; inputs are its parts.
};

enum class Cwd : std::uint32_t { Scratch, Inputs, Project };

/// One `$` or `>` line of a script.
struct ScriptLine {
  StrId shown{};  ///< As written, with its holes.
  std::uint32_t manifest_line = 0;
};

/// A compiled script, shared by all cells of a family. docs/reference/graph-format.md, "Scripts".
struct Script {
  StrId
      body{};  ///< Bash; its parameters are dg1, dg2, …; `: dg_at N` marks stand before each line.
  StrId file{};    ///< The manifest, workspace-relative.
  Span32 lines{};  ///< In the pool of ScriptLines.
};

/// What only schedules or guards a node, and is in no key unless said. Equal rows are shared.
struct Traits {
  std::uint64_t timeout_ms = 0;  ///< 0: none.
  std::uint64_t backoff_ms = 0;  ///< Before a retry; doubled each time.
  std::uint64_t memory = 0;      ///< Bytes it is expected to need; 0: unknown.
  std::uint32_t retries = 0;
  StrId retry_on{};  ///< RE2; empty: any failure.
  StrId pool{};
  StrId mutex{};
  std::uint32_t weight = 1;   ///< `-j` slots.
  Span32 ok{};                ///< In the pool of Numbers: accepted exit codes; in the key.
  Span32 hints{};             ///< In the pool of Hints.
  std::uint32_t network = 0;  ///< 1: may use TCP; in the key.
  std::uint32_t sandbox = 1;  ///< In the key.
  Cwd cwd = Cwd::Scratch;     ///< In the key.
  std::uint32_t may_fail = 0;
  std::uint32_t allow_failed = 0;          ///< Of the listed inputs: a count, or
  std::uint32_t allow_failed_percent = 0;  ///< a share in percent. Both 0: none.
  std::uint32_t incremental = 0;  ///< 1: is told what changed since its last run; in the key.
};

struct Hint {
  StrId pattern{};  ///< RE2.
  StrId advice{};
};

/// The value of a late axis in a cell that stands for those which are not known yet.
inline constexpr std::string_view kUnknownValue = "…";

/// A coordinate of a cell.
struct AxisValue {
  StrId axis{};
  StrId value{};
};

namespace node_flags {
inline constexpr std::uint32_t kEffect = 1;   ///< Changes the world, or depends on what does.
inline constexpr std::uint32_t kPrivate = 2;  ///< A private child; not named in manifests.
inline constexpr std::uint32_t kSeed =
    4;  ///< Runs before all others (language reference, "Files of the tree").
inline constexpr std::uint32_t kDecides =
    8;  ///< A late axis is decoded from what it makes; nodes that need its cells stand `after` it.
/// Its arguments are files by their place in the tree (language reference, "Files of the tree"):
inline constexpr std::uint32_t kFreeze = 16;  ///< `devgraph freeze` copies them there;
inline constexpr std::uint32_t kLinks = 32;   ///< links to them stand there.
}  // namespace node_flags

struct Node {
  StrId project{};  ///< Folder relative to the workspace; empty: the root.
  StrId name{};     ///< `node`, or `node/child` below an instance.
  Span32 axes{};    ///< In the pool of AxisValues, in declared order.
  StrId rule{};     ///< As the user wrote it: `run`, `wheel`.
  ActionKind kind = ActionKind::Script;
  StrId action{};        ///< Native: which. Else empty.
  ScriptId script{};     ///< Of Script; of Exec only its lines count, and `argv` has none.
  ValueId args{};        ///< A Map.
  ValueId env{};         ///< A Map of Str, Input, Text and Secret.
  ValueId stdin_text{};  ///< None, Str, Input (a file), Text or Secret.
  ValueId secrets{};     ///< A Map of Secret.
  ValueId within{};      ///< None, or Input: the layout of the image that a command runs in.
  ValueId asks{};        ///< None, or what it asks for outside by name (asks.h); in no key.
  Span32 inputs{};       ///< In the pool of InputIds: all that `args`, `env`, `stdin` and `deps`
                         ///< mention, tools included; each once, in the order of mention.
  Span32 listed{};       ///< In the pool of InputIds: those `allow_failed` speaks of.
  Span32 outputs{};      ///< OutputIds, consecutive.
  Span32 after{};        ///< In the pool of NodeIds.
  TraitsId traits{};
  NodeId counts_with{};  ///< Itself, or the public node with which a private child is counted.
  std::uint32_t flags = 0;
  StrId manifest{};  ///< Where it is declared, workspace-relative;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  StrId depfile{};  ///< Empty, or where the command writes the inputs it found (make's format),
                    ///< relative to the folder it runs in.
  StrId doc{};
  StrId refused{};  ///< Not empty: why this program cannot run it; said before anything runs.
  StrId late{};     ///< Not empty: it stands for cells of a late axis that are not known yet, or
                    ///< needs the list of them; why. It is never run: the graph is made again.
};

enum class TargetKind : std::uint32_t { Node, Family, Instance, Let };

/// A public name that a label may give, for `list` and for choosing what to build.
struct Target {
  TargetKind kind = TargetKind::Node;
  StrId project{};
  StrId name{};
  StrId rule{};         ///< Empty for a let.
  Span32 axis_names{};  ///< In the pool of StrIds.
  Span32 nodes{};       ///< In the pool of NodeIds: what building it builds, effects included; of a
                        ///< late family without cells the nodes that decide about them.
  StrId doc{};
  StrId manifest{};
  std::uint32_t line = 0;
};

struct Pool {
  StrId name{};
  std::uint32_t capacity = 1;
};

// --- reads
// ----------------------------------------------------------------------------------------

/// One thing that evaluation looked at; the graph holds while all reads give equal digests.
/// `lang/reads.h` can redo each.
enum class ReadOp : std::uint32_t {
  Manifest,  ///< arg: a manifest or library file; digest of its text.
  Text,      ///< arg: file; digest of its text.
  Part,      ///< arg: file, NUL, decoder, NUL, steps joined by NUL; digest of the part.
  Glob,      ///< arg: pattern; digest of the sorted list of names.
  Exists,    ///< arg: path.
  Discover,  ///< arg: empty; digest of the list of project folders.
  Env,       ///< arg: variable; salted digest of its value, zero for unset.
  Git,       ///< arg: project, NUL, which fact, NUL, its arguments.
  Host,      ///< arg: which fact.
  Tool,      ///< arg: name; digest of the resolved path.
  Param,     ///< arg: `//project:name`; digest of the text given, zero for none.
  Lock,      ///< arg: kind, NUL, name, NUL, rev of an Ask; digest of what it is locked to.
  Late,      ///< arg: decoder, NUL, path of what a node makes, NUL, steps joined by NUL; digest of
             ///< the values, or of why there are none.
};

struct Read {
  ReadOp op = ReadOp::Manifest;
  StrId arg{};
  Digest digest;
};

/// What a node is, in digests that depend on the graph and this program alone. Computing them costs
/// as much as all the rest of a build in which nothing changed, so they are kept with the graph.
struct Identity {
  Digest label;       ///< Of `label_of`.
  Digest static_key;  ///< Of all but the content of inputs; plan/key.h.
};

// --- the graph
// ------------------------------------------------------------------------------------

class Graph {
 public:
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

  /// Takes a block made by GraphBuilder::finish.
  static Result<Graph> from_bytes(std::string bytes);
  /// The same on memory that `owner` keeps alive. Checks the header, the checksum, every id and
  /// span.
  static Result<Graph> from_memory(std::string_view bytes, std::shared_ptr<const void> owner);
  /// The same graph with one identity for each node.
  Graph with_identities(std::span<const Identity> rows) const;
  /// The block itself, for saving.
  std::string_view bytes() const;

  std::string_view str(StrId id) const;
  std::size_t node_count() const;
  std::size_t file_count() const;
  std::size_t output_count() const;
  std::size_t input_count() const;
  std::size_t tree_count() const;
  std::size_t value_count() const;

  const Node& node(NodeId id) const;
  const File& file(FileId id) const;
  const Tree& tree(TreeId id) const;
  const Input& input(InputId id) const;
  const Output& output(OutputId id) const;
  const Value& value(ValueId id) const;
  const Script& script(ScriptId id) const;
  const Traits& traits(TraitsId id) const;
  const Traits& traits_of(NodeId id) const { return traits(node(id).traits); }

  std::span<const InputId> inputs(NodeId id) const;
  std::span<const InputId> listed(NodeId id) const;
  std::span<const Output> outputs(NodeId id) const;
  OutputId output_id(NodeId node, std::size_t index) const;
  std::span<const NodeId> after(NodeId id) const;
  std::span<const AxisValue> axes(NodeId id) const;
  std::span<const FileId> tree_files(TreeId id) const;
  std::span<const ValueId> items(const Value& list) const;  ///< Of List, Join, Rsp.
  std::span<const Field> fields(const Value& map) const;    ///< Of Map.
  std::span<const ScriptLine> lines(const Script& script) const;
  std::span<const std::uint32_t> ok_codes(const Traits& traits) const;
  std::span<const Hint> hints(const Traits& traits) const;

  std::span<const Target> targets() const;
  std::span<const NodeId> nodes(const Target& target) const;
  std::span<const StrId> axis_names(const Target& target) const;
  std::span<const Pool> pools() const;
  std::span<const Read> reads() const;
  std::string_view out_root() const;        ///< Workspace-relative.
  std::span<const StrId> projects() const;  ///< All that were evaluated.
  /// By NodeId; empty until `with_identities` was called.
  std::span<const Identity> identities() const;

  /// The nodes that make the inputs of a node, without `after`; an input made by no node gives
  /// none.
  std::optional<NodeId> producer(InputId id) const;

 private:
  struct Sections;
  Graph();
  std::unique_ptr<Sections> sections_;
};

/// `//project:name@axis=value,…`, in full.
std::string label_of(const Graph& graph, NodeId id);
std::string label_of(const Graph& graph, const Target& target);
/// The value of a field of a Map, or none.
std::optional<ValueId> find_field(const Graph& graph, ValueId map, std::string_view name);

}  // namespace devgraph
