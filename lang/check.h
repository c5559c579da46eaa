#pragma once
/// Static checks of a whole program, before anything is evaluated: every name is known, every
/// expression has a type that fits where it stands, every rule call is complete.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "lang/resolve.h"
#include "lang/types.h"

namespace devgraph::lang {

/// The files around a program, for messages that count what is really there.
struct Surroundings {
  Files* files = nullptr;
  std::string workspace;  ///< Absolute.
};

/// The type a written type means in a module (its typedefs, the library's, std's).
TypeRef declared_type(const Program& program, const Module& module, const ast::Type& written,
                      Diagnostics& found);

/// Parameters of a rule with their types, the universal fields not among them.
struct RuleSignature {
  std::vector<TypeField> parameters;
  TypeRef result;  ///< The handle's record: outputs of `self`, then public children.
  bool effect = false;
  bool is_native = false;
};
RuleSignature signature_of(const Program& program, const Symbol& rule, Diagnostics& found);

/// True if a value of type `from` may stand where `to` is expected (with the conversions of the
/// language reference: a node for its file, a glob for a list of files, one T for [T], …).
bool fits(const Type& from, const Type& to);

/// Which kind of action a native is, as far as universal fields go.
enum class NativeKind : std::uint8_t {
  Command,  ///< Has a script or argv: honours every universal field.
  Network,  ///< Reads or writes remote things: retries and timeouts too.
  Local,    ///< Makes files out of files.
};
NativeKind native_kind(const ast::Rule& rule);

/// Universal fields with their types (language reference, "Fields that every node has").
const std::vector<TypeField>& universal_fields();

/// Reports E1xx (types), E2xx (names, scripts), E3xx (secrets, effects), E5xx (axes), and with
/// `lints` W7xx (near-miss holes, raw, tools only in `after`, hidden std names, unused imports).
/// The standard library is taken for right; `check_std` is for its own tests.
void check(const Program& program, const Sources& sources, bool lints, Diagnostics& found,
           const Surroundings& around = {});
void check_std(const Program& program, const Sources& sources, Diagnostics& found);

}  // namespace devgraph::lang
