#pragma once
/// MD5 (RFC 1321), only to know bytes again that others name by it: it proves nothing.

#include <string>
#include <string_view>

namespace devgraph {

/// 32 lower-case hex digits. Empty where OpenSSL may not compute it.
std::string md5_hex_of(std::string_view bytes);

}  // namespace devgraph
