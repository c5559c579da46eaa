#pragma once
/// The two hashes: XXH3-128 for everything local, SHA-256 for names of stored or shipped content.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace devgraph {

/// XXH3-128 of some bytes. The zero digest means "none".
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool is_zero() const { return high == 0 && low == 0; }
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

struct DigestHash {
  std::size_t operator()(const Digest& digest) const { return digest.low; }
};

/// 32 lower-case hex digits, high half first (xxHash's canonical form).
std::string hex(const Digest& digest);
std::optional<Digest> parse_digest(std::string_view hex_text);

Digest digest_of(std::string_view bytes);

/// XXH3-128 over a stream. `field` frames what it adds, so that ("ab","c") and ("a","bc") differ.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void reset();
  void bytes(std::string_view raw);   ///< Unframed.
  void field(std::string_view text);  ///< Length (8 bytes, little endian), then the bytes.
  void number(std::uint64_t value);   ///< 8 bytes, little endian.
  void digest(const Digest& value);   ///< 16 bytes, high half first, each little endian.
  Digest finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 (FIPS 180-4).
struct Sha256 {
  std::array<std::uint8_t, 32> bytes{};
  friend auto operator<=>(const Sha256&, const Sha256&) = default;
};

std::string hex(const Sha256& digest);  ///< 64 lower-case hex digits.
std::optional<Sha256> parse_sha256(std::string_view hex_text);
Sha256 sha256_of(std::string_view bytes);

/// SHA-256 over a stream, by OpenSSL.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  void bytes(std::string_view raw);
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace devgraph
