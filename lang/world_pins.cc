/// What stands in for outputs.

#include "lang/world.h"

namespace devgraph::lang {

const Pins& World::pins() {
  if (pins_) return *pins_;
  pins_.emplace();
  const std::string name(kPinsName);
  if (!exists(name)) return *pins_;
  const Result<std::string> text = read_text(name);
  Result<Pins> pins = text ? parse_pins(*text) : std::unexpected(text.error());
  if (pins) {
    pins_ = *std::move(pins);
  } else {
    pins_fault_ = pins.error().message;
  }
  return *pins_;
}

}  // namespace devgraph::lang
