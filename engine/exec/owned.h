#pragma once
/// Files of the tree that the graph owns in part: the copies of `freeze` and the links of `links`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// A place of the tree, and what belongs there.
struct OwnedFile {
  std::string path;  ///< Workspace-relative.
  InputId from{};
};
bool is_freeze(const Graph& graph, NodeId id);
bool is_links(const Graph& graph, NodeId id);
/// Of a node of either kind, in written order.
std::vector<OwnedFile> owned_files(const Graph& graph, NodeId id);
/// The nodes that one reads or comes after, and what instances among them are made of: they have to
/// be made before it is carried out, or what it owns can be compared. Sorted by id.
std::vector<NodeId> direct_needs(const Graph& graph, NodeId id);
/// The node of either kind that puts something at a path; none if there is none.
std::optional<NodeId> owner_of(const Graph& graph, std::string_view path);

/// Error: nothing may be put there, because it is a folder or a link, or behind a link.
Status may_write(Files& files, const std::string& workspace, std::string_view path);

enum class Frozen : std::uint8_t { Equal, Absent, Differs };
/// What lies at the place against what belongs there, which has been made.
Result<Frozen> look_at_frozen(const Graph& graph, Files& files, const std::string& workspace,
                              const OwnedFile& file);
/// Puts the bytes there, on the disk and all at once. The permissions of a file that is there stay,
/// but for the executable bit.
Status put_bytes(Files& files, const std::string& path, std::string_view bytes, bool executable);

/// Why a copy is not as the graph would have it, which has been made: `./x drifted: …`; empty: it
/// is.
std::string frozen_drift(const Graph& graph, Files& files, const std::string& workspace,
                         NodeId node, const OwnedFile& file);

/// The relative text of a link at `place` that leads to `original`; both workspace-relative.
std::string link_text(std::string_view place, std::string_view original);

enum class LinkState : std::uint8_t {
  Good,
  Absent,
  Elsewhere,  ///< A link to something else, to nothing, or a ring of links.
  Copy,       ///< A file with the same content.
  Other,      ///< A file with another content.
  Blocked     ///< What nobody replaces: a folder, a device, something behind a link.
};
struct LinkNow {
  LinkState state = LinkState::Good;
  std::string what;  ///< In words, unless it is good.
  std::string text;  ///< What the link should say.
};
Result<LinkNow> look_at_link(const Graph& graph, Files& files, const std::string& workspace,
                             const OwnedFile& file);
/// Puts a link there in one step, whatever file or link is there.
Status put_link(Files& files, const std::string& path, const std::string& text);

/// A file of the tree that is not as the graph would have it.
struct Drift {
  NodeId node{};
  std::string reason;  ///< `./x drifted: …`.
};
/// Of the nodes of `links` among all that the goals need.
std::vector<Drift> drifted_links(const Graph& graph, Files& files, const std::string& workspace,
                                 const std::vector<NodeId>& goals);

}  // namespace devgraph::exec
