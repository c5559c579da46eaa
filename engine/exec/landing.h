#pragma once
/// The end of a run: outputs are checked and hashed where they were made, moved into place and
/// stored. Runs on any thread; what it found comes back as a value.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/files.h"
#include "engine/graph/graph.h"
#include "engine/plan/judge.h"
#include "engine/store/cas.h"
#include "engine/store/record.h"
#include "engine/store/stat_index.h"
#include "engine/store/twins.h"

namespace devgraph::exec {

/// One output of a node that ended well.
struct LandItem {
  OutputKind declared = OutputKind::File;
  std::string staged;     ///< Absolute; where the command made it.
  std::string place;      ///< Absolute; where it belongs.
  std::string_view path;  ///< Workspace-relative, of the graph.
};

struct LandedItem {
  store::MadeOutput made;
  plan::OutputNow now;
  FileStat stat;  ///< At its final place.
  /// Small contents for the pack: the file, or the manifest of a tree and the small files in it.
  std::vector<std::pair<Sha256, std::string>> blobs;
  /// What the next build need not read again: the files of a tree, by workspace-relative path.
  std::vector<std::pair<std::string, store::Known>> known;
};

struct Landed {
  std::string refused;  ///< Not empty: the node failed, `output missing: out/x`.
  Error error;          ///< Not empty message: the file system failed, so does the build.
  std::vector<LandedItem> items;
};

/// Checks that each output was made and is of its kind, and takes its digests. Nothing moves.
/// `scratch` is the folder of the run, into which no link may lead. `twins`: what is known of files
/// that a native action shared between its outputs, or null.
Landed inspect(Files& files, store::Cas& cas, const std::vector<LandItem>& items,
               const std::string& scratch, store::Twins* twins = nullptr);

/// The same of what stands at the places of outputs already, without storing it: it is the user's.
Landed look_in_place(Files& files, const std::vector<LandItem>& items);

/// Moves inspected outputs into place. `aside` is an existing folder that may hold what is in the
/// way until it is deleted.
Status move_in_place(Files& files, const std::vector<LandItem>& items, const std::string& aside,
                     Landed& landed);

/// Takes one thing to its place, over whatever is there.
Status put_in_place(Files& files, const std::string& from, const std::string& to,
                    const std::string& aside, bool is_tree);

/// True if `inspect` reads little, so that a thread of its own would cost more.
bool is_small(Files& files, const std::vector<LandItem>& items);

/// Makes an output again from the CAS at `to`, a path where nothing is. False: not all is there.
/// `shared` is a folder for files that several outputs have in common; the caller deletes it.
/// `known` is filled as in LandedItem.
Result<bool> restore_output(Files& files, store::Cas& cas, const store::MadeOutput& made,
                            const std::string& shared, const std::string& to,
                            std::vector<std::pair<std::string, store::Known>>& known);

}  // namespace devgraph::exec
