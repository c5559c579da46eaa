#pragma once
/// What a manifest asks for outside of the workspace by a name that may stand for something else
/// tomorrow: a tag, a branch, a URL. The lock file says what it stands for.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph {

enum class AskKind : std::uint8_t {
  File,  ///< `name` is a URL; it stands for `sha256:…` of what is there.
  Git,   ///< `name` is a URL, `rev` a branch, tag or shortened commit; it stands for a commit.
  Image  ///< `name` as docker reads it; it stands for `registry/repository@sha256:…`.
};

struct Ask {
  AskKind kind = AskKind::File;
  std::string name;
  std::string rev = {};  ///< Of Git only.

  friend auto operator<=>(const Ask&, const Ask&) = default;
};

/// What one node asks for, with what it was locked to when the graph was made.
struct Asked {
  Ask ask;
  std::optional<std::string> locked;
};
std::vector<Asked> asks_of(const Graph& graph, NodeId node);

class GraphBuilder;
/// The value of `Node::asks`.
ValueId value_of(GraphBuilder& builder, const std::vector<Asked>& asked);

/// `file`, `git`, `image`.
std::string_view word_of(AskKind kind);
std::optional<AskKind> ask_kind(std::string_view word);
/// Whether a text has the form of what such a name stands for.
bool is_locked_form(AskKind kind, std::string_view value);
/// `image debian:12`, `git https://example.org/x main`: in messages; may hold control bytes.
std::string show(const Ask& ask);
/// A URL without the user's name and password: the lock file is for everybody.
std::string without_login(std::string_view url);

}  // namespace devgraph
