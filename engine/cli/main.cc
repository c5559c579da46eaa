#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "engine/cli/run.h"

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

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  // A reader of our output that goes away is an error of a write, not our end.
  std::signal(SIGPIPE, SIG_IGN);
  // libarchive's zip writer calls localtime: equal inputs must give equal bytes anywhere.
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  return devgraph::cli::run(std::vector<std::string>(argv + 1, argv + argc));
}
