#pragma once
/// Typed indices, and the vector that only one of them can index.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace devgraph {

/// The raw number of a typed index.
template <class Id>
constexpr std::uint32_t index_of(Id id) {
  return static_cast<std::uint32_t>(id);
}

/// A vector indexed by one id type: `IdVec<FileId, Digest>` cannot be indexed by a NodeId.
template <class Id, class T>
class IdVec {
 public:
  IdVec() = default;
  explicit IdVec(std::size_t size, const T& value = T()) : items_(size, value) {}

  Id push_back(T item) {
    items_.push_back(std::move(item));
    return Id(static_cast<std::uint32_t>(items_.size() - 1));
  }
  typename std::vector<T>::reference operator[](Id id) {
    assert(index_of(id) < items_.size());
    return items_[index_of(id)];
  }
  typename std::vector<T>::const_reference operator[](Id id) const {
    assert(index_of(id) < items_.size());
    return items_[index_of(id)];
  }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  void resize(std::size_t size) { items_.resize(size); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  T* data() { return items_.data(); }
  const T* data() const { return items_.data(); }

 private:
  std::vector<T> items_;
};

}  // namespace devgraph
