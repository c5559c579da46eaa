#include "engine/cli/jobs.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include "engine/base/text.h"

namespace devgraph::cli {
namespace {

/// The number behind `-j` among make's flags; 0: none is given. Behind `--` stand variables.
unsigned jobs_of_make(std::string_view makeflags) {
  unsigned jobs = 0;
  for (const std::string_view word : split(makeflags, ' ')) {
    if (word == "--") break;
    if (!word.starts_with("-j")) continue;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(word.data() + 2, word.data() + word.size(), number);
    if (error == std::errc() && end == word.data() + word.size()) jobs = number;
  }
  return jobs;
}

}  // namespace

unsigned job_count(const Options& options, const std::map<std::string, std::string>& environment) {
  if (options.jobs > 0) return options.jobs;
  const auto flags = environment.find("MAKEFLAGS");
  const unsigned made = flags == environment.end() ? 0 : jobs_of_make(flags->second);
  return made > 0 ? made : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace devgraph::cli
