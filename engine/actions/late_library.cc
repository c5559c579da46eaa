#include "engine/actions/late_library.h"

#include <utility>

#include <dlfcn.h>
#include <fmt/format.h>

namespace devgraph::actions {

Result<LateLibrary> LateLibrary::open(std::string name, std::string package) {
  void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return fail(fmt::format("{} cannot be loaded: {}; Debian's package {} holds it", name,
                            ::dlerror(), package));
  }
  return LateLibrary(std::move(name), handle);
}

Result<void*> LateLibrary::address_of(const char* symbol) const {
  void* const address = ::dlsym(handle_, symbol);
  if (address == nullptr) return fail(fmt::format("{} has no function {}", name_, symbol));
  return address;
}

}  // namespace devgraph::actions
