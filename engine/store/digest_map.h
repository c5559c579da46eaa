#pragma once
/// A flat map from digests to small numbers; digests are random already, so they hash themselves.

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/digest.h"

namespace devgraph::store {

class DigestMap {
 public:
  void reserve(std::size_t count) {
    std::size_t size = 16;
    while (size < count * 2)
      size *= 2;
    if (size > slots_.size()) grow(size);
  }

  /// Sets the value; returns the one it had.
  std::optional<std::uint32_t> set(const Digest& key, std::uint32_t value) {
    if ((used_ + 1) * 2 > slots_.size()) grow(slots_.empty() ? 16 : slots_.size() * 2);
    Slot& slot = slots_[place(key)];
    if (slot.value != kEmpty) {
      const std::uint32_t before = slot.value;
      slot.value = value;
      if (before != kErased) return before;
      ++live_;
      return std::nullopt;
    }
    slot = Slot{key, value};
    ++used_;
    ++live_;
    return std::nullopt;
  }

  std::optional<std::uint32_t> get(const Digest& key) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place(key)];
    if (slot.value == kEmpty || slot.value == kErased) return std::nullopt;
    return slot.value;
  }

  void erase(const Digest& key) {
    if (slots_.empty()) return;
    Slot& slot = slots_[place(key)];
    if (slot.value == kEmpty || slot.value == kErased) return;
    slot.value = kErased;
    --live_;
  }

  std::size_t size() const { return live_; }

  template <class F>
  void for_each(F use) const {
    for (const Slot& slot : slots_) {
      if (slot.value != kEmpty && slot.value != kErased) use(slot.key, slot.value);
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;
  static constexpr std::uint32_t kErased = 0xFFFFFFFE;  ///< The key stays, so that chains hold.
  struct Slot {
    Digest key;
    std::uint32_t value = kEmpty;
  };

  std::size_t place(const Digest& key) const {
    std::size_t at = key.low & (slots_.size() - 1);
    while (slots_[at].value != kEmpty && slots_[at].key != key)
      at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow(std::size_t size) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    used_ = 0;
    for (const Slot& slot : old) {
      if (slot.value == kEmpty || slot.value == kErased) continue;
      slots_[place(slot.key)] = slot;
      ++used_;
    }
  }

  std::vector<Slot> slots_;  // A power of two, at most half full.
  std::size_t used_ = 0;     // With those erased.
  std::size_t live_ = 0;
};

}  // namespace devgraph::store
