#pragma once
/// The key of a node: a digest of all that can change what it makes. One visitor yields its parts;
/// the key hashes them and `why` shows them, so that the reason cannot drift from the decision.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/graph/graph.h"
#include "engine/store/parts.h"

namespace devgraph::plan {

/// What stands in a key for a listed input that `allow_failed` leaves out.
inline constexpr Digest kMissing{0x6D697373696E6721, 0x6C65667420206F75};

/// The name of a part: `script`, or in two words `env CC`.
struct PartName {
  std::string_view kind;
  std::string_view which;  ///< Empty: one word.
};

/// Takes the parts of a key, in a fixed order.
class KeySink {
 public:
  virtual ~KeySink() = default;
  virtual void text(PartName name, std::string_view value) = 0;
  /// A value, with the identity of the inputs that it mentions but not their content.
  virtual void value(PartName name, ValueId value) = 0;
  virtual void input(InputId id, const Digest& content) = 0;
};

/// Everything of a node but the content of its inputs. `version` is that of a native action.
void visit_static(const Graph& graph, NodeId id, unsigned version, KeySink& sink);
/// All of it. `contents` holds the digest of each input, by InputId; kMissing for one left out.
void visit_key(const Graph& graph, NodeId id, unsigned version,
               const IdVec<InputId, Digest>& contents, KeySink& sink);

/// What visit_static gives, framed, without what is of this machine alone: the engine at hand for
/// Dockerfiles. Portable keys begin with it.
std::string portable_bytes(const Graph& graph, NodeId id, unsigned version);

/// The digest of visit_static: depends on the graph alone. From several threads at once.
Digest static_key(const Graph& graph, NodeId id, unsigned version);
/// The digest of visit_key, given that of visit_static; `missing` (sorted) count as kMissing.
/// Allocates nothing for up to 64 inputs.
Digest full_key(const Graph& graph, NodeId id, const Digest& static_part,
                const IdVec<InputId, Digest>& contents, std::span<const InputId> missing = {});
/// The key with the inputs that a command told of itself.
struct Discovered {
  std::string_view path;
  Digest content;
};
Digest key_with(const Digest& key, std::span<const Discovered> discovered);

/// The parts for people: `script`, `env CC`, `input ./a.c`, `tool g++`, with values or short
/// digests.
std::vector<store::KeyPart> key_parts(const Graph& graph, NodeId id, unsigned version,
                                      const IdVec<InputId, Digest>& contents);

/// How an input is called in messages: `./a.c`, `//lib:core`, `tool g++`.
std::string input_name(const Graph& graph, InputId id);

/// A value in one line of at most about 60 bytes, for messages.
std::string show_value(const Graph& graph, ValueId id);

}  // namespace devgraph::plan
