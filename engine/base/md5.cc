#include "engine/base/md5.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace devgraph {

std::string md5_hex_of(std::string_view bytes) {
  std::array<unsigned char, 16> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr) != 1) {
    return {};
  }
  std::string made;
  for (const unsigned char byte : digest)
    made += fmt::format("{:02x}", byte);
  return made;
}

}  // namespace devgraph
