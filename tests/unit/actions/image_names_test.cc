#include "engine/actions/effects/image_names.h"

#include <doctest/doctest.h>

using devgraph::actions::is_pinned;

TEST_CASE("a tag that says which image it is never moves") {
  for (const char* tag :
       {"1.4.0", "v1.4.0", "dev-1.10.0", "1.4.0-gpu", "nightly-20261122", "2026-11-22", "1f2e3d4",
        "main-1f2e3d4c5b6a", "local-3f9c21d07a44", "1.4.0_rc.1"}) {
    CAPTURE(tag);
    CHECK(is_pinned(tag));
  }
  for (const char* tag :
       {"latest", "dev", "edge", "1", "1.4", "v2", "py3.11", "bookworm-slim", "defaced", "feedbeef",
        "cuda12", "amd64-cuda-runtime-latest-root", "12345", ""}) {
    CAPTURE(tag);
    CHECK_FALSE(is_pinned(tag));
  }
}
