#include "engine/base/digest.h"

#include <cassert>
#include <cstring>
#include <span>

#include <fmt/format.h>
#include <openssl/evp.h>

#define XXH_STATIC_LINKING_ONLY  // For the size of XXH3_state_t.
#include <xxhash.h>

namespace devgraph {
namespace {

std::string hex_bytes(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

/// Lower-case digits only: one digest has one text.
bool parse_bytes(std::string_view text, std::span<std::uint8_t> bytes) {
  if (text.size() != bytes.size() * 2) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else {
      return false;
    }
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | digit);
  }
  return true;
}

Digest from_xxh(const XXH128_hash_t& hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

std::string hex(const Digest& digest) {
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

std::optional<Digest> parse_digest(std::string_view hex_text) {
  std::array<std::uint8_t, 16> bytes{};
  if (!parse_bytes(hex_text, bytes)) return std::nullopt;
  Digest digest;
  for (std::size_t i = 0; i < 8; ++i) {
    digest.high = digest.high << 8 | bytes.at(i);
    digest.low = digest.low << 8 | bytes.at(i + 8);
  }
  return digest;
}

Digest digest_of(std::string_view bytes) {
  return from_xxh(XXH3_128bits(bytes.data(), bytes.size()));
}

struct Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state_(new State) {
  reset();
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::reset() {
  XXH3_128bits_reset(&state_->xxh);
}

void Hasher::bytes(std::string_view raw) {
  XXH3_128bits_update(&state_->xxh, raw.data(), raw.size());
}

void Hasher::field(std::string_view text) {
  number(text.size());
  bytes(text);
}

void Hasher::number(std::uint64_t value) {
  std::array<char, 8> raw{};
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw.at(i) = static_cast<char>(value >> (8 * i));
  bytes({raw.data(), raw.size()});
}

void Hasher::digest(const Digest& value) {
  number(value.high);
  number(value.low);
}

Digest Hasher::finish() const {
  return from_xxh(XXH3_128bits_digest(&state_->xxh));
}

std::string hex(const Sha256& digest) {
  return hex_bytes(digest.bytes);
}

std::optional<Sha256> parse_sha256(std::string_view hex_text) {
  Sha256 digest;
  if (!parse_bytes(hex_text, digest.bytes)) return std::nullopt;
  return digest;
}

Sha256 sha256_of(std::string_view bytes) {
  Sha256Hasher hasher;
  hasher.bytes(bytes);
  return hasher.finish();
}

struct Sha256Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Hasher::Sha256Hasher() : state_(new State) {
  // Fetched once: a fetch takes OpenSSL's locks and costs more than hashing a small file.
  static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  [[maybe_unused]] const int ok = EVP_DigestInit_ex(state_->context, kAlgorithm, nullptr);
  assert(ok == 1);
}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::bytes(std::string_view raw) {
  EVP_DigestUpdate(state_->context, raw.data(), raw.size());
}

Sha256 Sha256Hasher::finish() {
  Sha256 digest;
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &size);
  assert(size == digest.bytes.size());
  return digest;
}

}  // namespace devgraph
