#pragma once
/// Many things that wait for the network, not for a processor.

#include <cstddef>
#include <functional>

namespace devgraph {

/// Calls `work` with each number below `count`, up to `threads` of them at a time, and returns when
/// all have ended. Once one has said false, no more are begun.
void at_once(std::size_t count, std::size_t threads, const std::function<bool(std::size_t)>& work);

}  // namespace devgraph
