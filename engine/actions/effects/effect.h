#pragma once
/// What changes the world outside of the workspace, one name at one target at a time. A release
/// plans the steps of all its effects, looks at every target, and then does what is not there yet.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/action.h"

namespace devgraph::actions {

/// What a target holds under the name of a step.
enum class Held : std::uint8_t {
  Nothing,
  Same,
  Other,
  Unknown,  ///< The target cannot be asked: the ledger alone tells whether it was done.
};
struct Seen {
  Held held = Held::Nothing;
  std::string what = {};  ///< Of Same and Other: what is there: a digest, a commit, a size.
};

/// When a step has its turn, among those that do not wait for each other.
enum class Turn : std::uint8_t {
  Reversible,  ///< It can be taken back.
  Final,       ///< A name that never moves and cannot be taken back, or not unseen.
  Moving,      ///< A name that may move: only when all others of the release are there.
};

/// A secret that an effect sends away, and the host that gets it.
struct SecretUse {
  std::string secret;
  std::string host;
};

struct StepFacts {
  std::string kind;    ///< `push`, `upload`: the rule's name, or a part of what it does.
  std::string target;  ///< For people and the ledger: the name outside, without any password.
  /// What is put there: `sha256:…`, a commit. Target and digest say which step it is, also in a
  /// later run.
  std::string digest;
  std::uint64_t size = 0;  ///< Bytes; 0: there is no use in telling.
  Turn turn = Turn::Final;
  bool can_revert = false;
  bool waits = false;  ///< For the steps of its effect before it: if one fails, it is not done.
};

/// One name at one target. Lives no longer than the context that it was made from.
class Step {
 public:
  explicit Step(StepFacts facts) : facts_(std::move(facts)) {}
  virtual ~Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  const StepFacts& facts() const { return facts_; }
  /// Asks the target and changes nothing. Error: it does not answer, or refuses to.
  virtual Result<Seen> look() = 0;
  /// What the last look has to say of why it saw nothing: lines, for people. May be empty.
  virtual std::string why_nothing() const { return {}; }
  /// Puts it there. Only after `look` said that nothing is there, or something else under a moving
  /// name. What is sent has to have the digest of the facts: a file that changed is an error.
  virtual Status apply() = 0;
  /// Takes it back; only after `look` said that it is there. `before`: what a moving name stood for
  /// before `apply`, as `Seen::what`; a moving name that was new is not taken back.
  virtual Status revert(const std::string& before);

 private:
  StepFacts facts_;
};

struct Steps {
  std::vector<std::unique_ptr<Step>> list;
  /// What the effect's output says (its receipt); known before it is done.
  std::string receipt;
};

/// Keeps two releases apart at a target that can hold a mark.
class Lease {
 public:
  virtual ~Lease() = default;
  /// Of equal targets one lease is taken.
  virtual std::string target() const = 0;
  /// Puts the mark of a release there, only if there is none; that of one of `own`, unfinished
  /// releases of this workspace, is taken over. Error: somebody else holds it, in words for people.
  virtual Status take(const std::string& release, const std::vector<std::string>& own) = 0;
  /// Takes the own mark away.
  virtual Status drop() = 0;
};

/// A native effect by the name of its rule.
struct Effect {
  std::string_view name;
  /// Error: refused already, by a login that is missing or not taken. Before anything is built, so
  /// inputs may not be there. May be null.
  Status (*ready)(const Context&) = nullptr;
  /// The steps, in the order in which they are shown. Inputs are in place; no target is asked.
  Result<Steps> (*plan)(const Context&) = nullptr;
  /// Where its secrets go; by its arguments alone. May be null.
  std::vector<SecretUse> (*uses)(const Context&) = nullptr;
  /// Null: its target can hold no mark.
  std::unique_ptr<Lease> (*lease)(const Context&) = nullptr;
};
/// Null: there is none of this name.
const Effect* find_effect(std::string_view name);

}  // namespace devgraph::actions
