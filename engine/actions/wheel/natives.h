#pragma once
/// The native actions for Python packages.

#include "engine/actions/action.h"

namespace devgraph::actions {

Status run_wheel(const Context& context);
Status run_wheel_repack(const Context& context);
Status run_sdist(const Context& context);
Status run_package_index(const Context& context);
Status run_venv(const Context& context);

}  // namespace devgraph::actions
