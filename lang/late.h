#pragma once
/// Late axes: the values that what a node makes gives to an axis.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/files.h"

namespace devgraph::lang {

struct Cell;    // eval.h
struct Family;  // eval.h

/// Where the values of a late axis stand, and how they are decoded.
struct LatePlace {
  std::string decoder;  ///< `names`, `lines`, `json`; `rows`: lines that are no comments.
  std::string path;     ///< What a node makes, workspace-relative.
  std::vector<std::string> steps;  ///< Of `json`: the members that lead to the list.

  /// As it stands in a recorded read.
  std::string text() const;
  static LatePlace parse(std::string_view text);
};

struct LateFault {
  std::string message;
  bool is_absent = false;  ///< Nothing is there.
};
using LateValues = std::expected<std::vector<std::string>, LateFault>;

/// Names come sorted, all else in the order in which it is written. No value comes twice.
LateValues decode_late(Files& files, const std::string& workspace, const LatePlace& place);
Digest digest_of_late(const LateValues& values);

/// What of a node is known only when others have run.
struct LateNeeds {
  /// Who decides about its cells, or about those of families that it takes whole; each once.
  std::vector<Cell*> deciders;
  std::vector<Family*> families;  ///< The late families that it takes.
  std::string waits;              ///< Not empty: they have not run, or not well; in words.

  void add(const LateNeeds& other);
};

}  // namespace devgraph::lang
