#pragma once
/// Little-endian bytes of the state files: written at the end of a string, read with bounds
/// checked.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/base/digest.h"

namespace devgraph::store {

template <class T>
void put_number(std::string& out, T value) {
  static_assert(std::is_integral_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

inline void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

inline void put_digest(std::string& out, const Digest& digest) {
  put_number(out, digest.high);
  put_number(out, digest.low);
}

inline void put_sha(std::string& out, const Sha256& sha) {
  out.append(reinterpret_cast<const char*>(sha.bytes.data()), sha.bytes.size());
}

/// Reads what the functions above wrote. After a read beyond the end `ok()` is false, for good, and
/// all values are zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  template <class T>
  T number() {
    T value{};
    const std::string_view raw = take(sizeof(T));
    if (ok_) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  std::string_view text() { return take(number<std::uint32_t>()); }
  Digest digest() {
    const std::uint64_t high = number<std::uint64_t>();
    return Digest{high, number<std::uint64_t>()};
  }
  Sha256 sha() {
    Sha256 value;
    const std::string_view raw = take(value.bytes.size());
    if (ok_) std::memcpy(value.bytes.data(), raw.data(), raw.size());
    return value;
  }
  std::string_view take(std::size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace devgraph::store
