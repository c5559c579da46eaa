#pragma once
/// What every command is given: the options, the outside world, and where faults go.

#include <map>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/files.h"
#include "engine/base/source.h"
#include "engine/cli/console.h"
#include "engine/cli/options.h"

namespace devgraph::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitRefused = 2;
inline constexpr int kExitStale = 3;

struct Context {
  const Options& options;
  Files& files;
  Console& console;
  std::map<std::string, std::string> environment;
  std::string folder;  ///< The working folder, absolute.

  Sources sources{};
  Diagnostics found{};     ///< What is wrong so far; shown by `refuse`.
  Diagnostics doubtful{};  ///< Of manifests that were read: what hardly means what it says.
  std::uint32_t doubts_before = 0;  ///< The same of a compiled graph, which knows only how many.
};

/// Adds a fault of the command line or the surroundings; the helps are the cure.
void add_fault(Context& context, std::string code, std::string message,
               std::vector<std::string> helps = {});
/// Shows all that was found on stderr. Gives kExitRefused.
int refuse(Context& context);
/// The same with one fault more.
int refuse(Context& context, std::string code, std::string message,
           std::vector<std::string> helps = {});

/// The working folder, absolute; `/` if it is gone.
std::string working_folder();
std::map<std::string, std::string> process_environment();

}  // namespace devgraph::cli
