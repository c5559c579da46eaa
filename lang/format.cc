#include "lang/format.h"
namespace devgraph::lang { std::optional<std::string> format(const Sources&, SourceId, Diagnostics&) { return std::nullopt; } }
