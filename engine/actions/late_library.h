#pragma once
/// A shared library that is loaded when it is first needed: libcurl and libarchive bring forty
/// others with them, which would take most of the time in which an up-to-date build ends.

#include <string>

#include "engine/base/result.h"

namespace devgraph::actions {

/// Stays loaded until the program ends.
class LateLibrary {
 public:
  /// `name`: the file name with the version of its interface, `libcurl.so.4`. `package`: the Debian
  /// package that holds it, for the message.
  static Result<LateLibrary> open(std::string name, std::string package);

  /// Points `function` at the function of that name, whose type the library's header gives.
  template <class F>
  Status find(const char* symbol, F*& function) const {
    const Result<void*> address = address_of(symbol);
    if (!address) return std::unexpected(address.error());
    function = reinterpret_cast<F*>(*address);
    return {};
  }

 private:
  LateLibrary(std::string name, void* handle) : name_(std::move(name)), handle_(handle) {}
  Result<void*> address_of(const char* symbol) const;

  std::string name_;
  void* handle_;
};

}  // namespace devgraph::actions
