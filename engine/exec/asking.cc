#include "engine/exec/asking.h"

#include "engine/base/at_once.h"

namespace devgraph::exec {

void ask_all(std::size_t count, const std::function<void(std::size_t)>& ask) {
  constexpr std::size_t kAtOnce = 16;
  at_once(count, kAtOnce, [&](std::size_t i) {
    ask(i);
    return true;
  });
}

}  // namespace devgraph::exec
