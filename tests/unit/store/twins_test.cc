#include "engine/store/twins.h"

#include <doctest/doctest.h>

namespace devgraph::store {

namespace {

FileStat stat_of(std::uint64_t inode, std::uint32_t mode, std::int64_t changed) {
  FileStat stat;
  stat.kind = FileKind::Regular;
  stat.inode = inode;
  stat.mode = mode;
  stat.size = 7;
  stat.mtime_ns = 100;
  stat.ctime_ns = changed;
  return stat;
}

}  // namespace

TEST_CASE("a twin is known by its stat, and by nothing less") {
  Twins twins;
  const Twins::Content content{digest_of("content"), sha256_of("content")};
  twins.add(stat_of(1, 0444, 200), content);
  CHECK(twins.find(stat_of(1, 0444, 200), false)->content == content.content);
  CHECK_FALSE(twins.find(stat_of(2, 0444, 200), false));
  FileStat touched = stat_of(1, 0444, 200);
  touched.mtime_ns = 101;
  CHECK_FALSE(twins.find(touched, true));
  FileStat longer = stat_of(1, 0444, 200);
  longer.size = 8;
  CHECK_FALSE(twins.find(longer, true));
}

TEST_CASE("a further link moves the change time only") {
  Twins twins;
  twins.add(stat_of(1, 0444, 200), {digest_of("content"), std::nullopt});
  CHECK_FALSE(twins.find(stat_of(1, 0444, 201), false));
  CHECK(twins.find(stat_of(1, 0444, 201), true));
}

TEST_CASE("what somebody may write has no twins") {
  Twins twins;
  twins.add(stat_of(1, 0644, 200), {digest_of("content"), std::nullopt});
  CHECK_FALSE(twins.find(stat_of(1, 0644, 200), false));
  CHECK_FALSE(twins.find(stat_of(1, 0644, 200), true));
}

TEST_CASE("a SHA-256 is kept when the file is read again without it") {
  Twins twins;
  twins.add(stat_of(1, 0444, 200), {digest_of("content"), sha256_of("content")});
  twins.add(stat_of(1, 0444, 201), {digest_of("content"), std::nullopt});
  CHECK(twins.find(stat_of(1, 0444, 201), false)->sha == sha256_of("content"));
  twins.add(stat_of(1, 0444, 202), {digest_of("other"), std::nullopt});
  CHECK_FALSE(twins.find(stat_of(1, 0444, 202), false)->sha);
}

}  // namespace devgraph::store
