#pragma once
/// Puts what a layout is about into a registry: blobs, then manifests by digest, then names.

#include <functional>
#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"
#include "engine/actions/oci/registry.h"

namespace devgraph::oci {

struct Pushed {
  std::size_t blobs = 0;    ///< That went over the wire.
  std::uint64_t bytes = 0;  ///< Of these.
};

struct PushGoal {
  std::string repository;
  Descriptor root;
  std::vector<std::string> tags;
};
/// What is there already is not sent. The names are given last, so that each of them is a whole
/// image at any time. `stopped` is asked between blobs.
Reply<Pushed> push_image(Registry& registry, Files& files, const Layout& layout,
                         const PushGoal& goal, const net::Stopped& stopped);

}  // namespace devgraph::oci
