#pragma once
/// Verdicts: pure functions of what was recorded and what is there now.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/store/parts.h"
#include "engine/store/record.h"

namespace devgraph::plan {

/// What is found at the place of an output.
struct OutputNow {
  bool exists = false;
  store::MadeKind kind = store::MadeKind::File;
  bool executable = false;
  Digest content;
};

enum class Stale : std::uint8_t {
  NeverBuilt,
  KeyChanged,
  OutputMissing,
  OutputAltered,
};

/// True if what is there is what was made.
bool is_as_made(const store::MadeOutput& made, const OutputNow& now);

/// Why a node whose inputs are final must be made again; none: it is fresh.
std::optional<Stale> judge(const std::optional<store::Made>& last, const Digest& key,
                           std::span<const OutputNow> outputs);

/// What differs between two lists of key parts, those of `now` in order, then those that are gone.
struct PartChange {
  std::string part;
  std::string before;
  std::string now;
};
std::vector<PartChange> changes(const std::vector<store::KeyPart>& before,
                                const std::vector<store::KeyPart>& now);

/// The first change in a few words: `./a.c changed`, `script changed`, `env CC is new`.
std::string in_words(const PartChange& change);

}  // namespace devgraph::plan
