#pragma once
/// The built-in functions and values: names, signatures and one line of documentation each. The
/// checker and the evaluator share this table, so that neither can know one that the other does
/// not.

#include <cstdint>
#include <span>
#include <string_view>

namespace devgraph::lang {

enum class BuiltinId : std::uint8_t {
  Len,
  Keys,
  Values,
  Has,
  Sort,
  Unique,
  Reverse,
  Flatten,
  Range,
  Zip,
  Group,
  Join,
  Split,
  Trim,
  Lower,
  Upper,
  Replace,
  Sub,
  Before,
  AfterLast,
  Prefix,
  Suffix,
  Find,
  FindAll,
  Matches,
  Starts,
  Ends,
  Str,
  Int,
  Bool,
  Version,
  Bump,
  Floor,
  Base,
  Stem,
  Ext,
  Parent,
  Maybe,
  Files,
  Read,
  Lines,
  Json,
  Toml,
  Yaml,
  Dotenv,
  Names,
  Exists,
  Text,
  Secret,
  Tool,
  Env,
  CommitOf,
  Opt,
  Opts,
  Each,
  Rsp,
  Raw,
};

/// Where a function may be called.
enum class BuiltinPlace : std::uint8_t {
  Anywhere,
  Manifest,  ///< Not in a library or std: they get such values as arguments.
  Words,     ///< Makes words of a command: in holes of scripts and in `argv`.
};

/// The type is written as in a manifest, with `any`, and `T`, `U` for types that the call decides.
struct BuiltinParameter {
  std::string_view name;
  std::string_view type;
  std::string_view fallback =
      {};  ///< As written; empty: must be given. Optional ones may be named.
};

struct Builtin {
  BuiltinId id;
  std::string_view name;  ///< `git.commit_of` for a function of `git`.
  std::span<const BuiltinParameter> parameters;
  std::string_view result;
  BuiltinPlace place;
  std::string_view doc;
};

std::span<const Builtin> builtins();
/// Null: no such function.
const Builtin* find_builtin(std::string_view name);

/// A value that is there without a declaration: `git.short`, `host.os`. Manifests only.
struct BuiltinFact {
  std::string_view object;  ///< `git` or `host`.
  std::string_view name;
  std::string_view type;
  std::string_view doc;
};
std::span<const BuiltinFact> builtin_facts();

}  // namespace devgraph::lang
