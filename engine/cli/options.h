#pragma once
/// The command line: what each command takes, parsed into one value, with faults that name the
/// cure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"

namespace devgraph::cli {

enum class ColorMode : std::uint8_t { Auto, Always, Never };
enum class SandboxChoice : std::uint8_t { On, Require, Off };

/// Everything that was typed. Fields that a command does not offer keep their defaults.
struct Options {
  std::string command;

  // Of every command.
  std::vector<std::string> folders;      ///< `-C`, each relative to the one before.
  std::vector<std::string> defines;      ///< `-D name=value`.
  std::vector<std::string> param_files;  ///< `-P`.
  ColorMode color = ColorMode::Auto;
  bool quiet = false;
  bool verbose = false;

  std::vector<std::string> words;  ///< Labels, files, a code or a shell.
  std::string format;              ///< `--format`, or `json` by `--json`; empty: text.

  // build
  unsigned jobs = 0;  ///< 0: as many as there are cores.
  double load_limit = 0;
  bool keep_going = false;
  bool dry_run = false;  ///< Also of clean, gc and update.
  bool always = false;
  bool twice = false;
  bool explain = false;
  bool adopt = false;
  bool no_wait = false;
  bool locked = false;
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::string trace;
  std::optional<std::uint64_t> shuffle;
  bool shuffle_any = false;  ///< `--shuffle` without a seed.
  SandboxChoice sandbox = SandboxChoice::On;

  // release
  bool plan_only = false;  ///< `--dry-run`
  bool yes = false;
  bool revert = false;
  bool anew = false;  ///< `--new`

  bool paranoid = false;  ///< check
  bool remote = false;    ///< check
  bool portable = false;  ///< check: `--lock`

  std::optional<std::uint64_t> keep_bytes;  ///< gc: `--keep`

  unsigned attempt = 0;  ///< log: 0 is the last attempt, 1 the one before it.
  bool follow = false;   ///< log
  bool failed = false;   ///< log, run, shell

  bool reseed = false;  ///< freeze

  std::vector<std::string> from;  ///< pin: paths, or `output=path`
  bool empty = false;             ///< pin

  bool fix = false;     ///< link
  bool force = false;   ///< link
  std::string stage;    ///< link: a path
  std::string unstage;  ///< link: a path

  bool check = false;      ///< fmt
  bool gitignore = false;  ///< init
};

/// What came of a command line.
struct Parsed {
  std::optional<Options> options;  ///< None: there is `text` to show, or there are faults.
  std::string text;                ///< The help or version that was asked for.
  Diagnostics faults;              ///< Codes E901 to E904.
};

/// `arguments` without the program's name.
Parsed parse_options(const std::vector<std::string>& arguments);

// --- what there is, for help, completion and the reference
// ----------------------------------------

/// What a command's words are, so that they can be completed.
enum class WordKind : std::uint8_t { None, Labels, Files, Code, Shell, Free };

struct CommandInfo {
  std::string_view name;
  std::string_view words;    ///< As in the synopsis: `[LABEL…]`.
  std::string_view summary;  ///< One line.
  WordKind kind = WordKind::None;
  std::size_t least = 0;  ///< Words needed,
  std::size_t most = 0;   ///< and allowed.
};

struct OptionInfo {
  std::string short_name;  ///< `-j`, or empty.
  std::string long_name;   ///< `--jobs`, or empty.
  std::string value;       ///< `N`; empty: a flag.
  bool value_optional = false;
  std::string help;
  std::vector<std::string> choices;
  bool common = false;  ///< Of every command.
};

/// All commands that people see, in the order of the help.
const std::vector<CommandInfo>& commands();
/// Null: no such command.
const CommandInfo* find_command(std::string_view name);
/// The options of a command, the common ones last.
std::vector<OptionInfo> options_of(std::string_view command);

std::string general_help();
std::string command_help(const CommandInfo& command);

}  // namespace devgraph::cli
