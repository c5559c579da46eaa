#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "engine/cli/run.h"
#include "engine/exec/within.h"

namespace {

/// A closed descriptor 0, 1 or 2 would be given to the next file that is opened, and be written to.
void fill_standard_descriptors() {
  while (true) {
    const int descriptor = ::open("/dev/null", O_RDWR);
    if (descriptor < 0 || descriptor > STDERR_FILENO) {
      if (descriptor > STDERR_FILENO) ::close(descriptor);
      return;
    }
  }
}

/// Out of threads, perhaps: TBB makes its workers where no caller could be told. What is our own
/// mistake aborts, with a core to look at.
[[noreturn]] void give_up() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::runtime_error& thrown) {
    std::fprintf(stderr, "error[E912]: %s\n", thrown.what());
    std::_Exit(1);
  }
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(give_up);
  // The engine's own child, which becomes a command within an image.
  if (argc == 3 && argv[1] == devgraph::exec::kEnterWord)
    return devgraph::exec::enter_image(argv[2]);
  fill_standard_descriptors();
  // A reader of our output that goes away is an error of a write, not our end.
  std::signal(SIGPIPE, SIG_IGN);
  // The same of a write beyond the limit on the size of files (`ulimit -f`).
  std::signal(SIGXFSZ, SIG_IGN);
  // libarchive's zip writer calls localtime: equal inputs must give equal bytes anywhere.
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  return devgraph::cli::run(std::vector<std::string>(argv + 1, argv + argc));
}
