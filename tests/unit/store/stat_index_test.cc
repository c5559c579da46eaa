#include "engine/store/stat_index.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::store;

namespace {

FileStat stat_at(std::int64_t mtime, std::int64_t ctime) {
  FileStat stat;
  stat.kind = FileKind::Regular;
  stat.size = 5;
  stat.inode = 7;
  stat.mtime_ns = mtime;
  stat.ctime_ns = ctime;
  return stat;
}

Known known_at(std::int64_t hashed_at, const FileStat& stat) {
  return Known{stat, hashed_at, digest_of("x"), std::nullopt};
}

}  // namespace

TEST_CASE("a digest is trusted only if nothing can have changed unseen") {
  constexpr std::int64_t kMs = 1'000'000;
  const FileStat fine = stat_at(1'000'000'001, 1'000'000'002);
  const FileStat coarse = stat_at(1'000'000'000, 1'000'000'000);
  FileStat other_inode = fine;
  other_inode.inode = 8;
  FileStat other_mode = fine;
  other_mode.executable = true;
  struct Case {
    const char* name;
    Known known;
    FileStat now;
    bool want;
  };
  const Case cases[] = {
      {"long before", known_at(fine.ctime_ns + 21 * kMs, fine), fine, true},
      {"within a tick of the clock", known_at(fine.ctime_ns + 19 * kMs, fine), fine, false},
      {"in the future", known_at(fine.ctime_ns - kMs, fine), fine, false},
      {"whole seconds, within two", known_at(coarse.ctime_ns + 1900 * kMs, coarse), coarse, false},
      {"whole seconds, later", known_at(coarse.ctime_ns + 2100 * kMs, coarse), coarse, true},
      {"mtime put back, ctime not", known_at(5'000'000'000, fine),
       stat_at(fine.mtime_ns, fine.ctime_ns + 1), false},
      {"another inode", known_at(5'000'000'000, fine), other_inode, false},
      {"another mode", known_at(5'000'000'000, fine), other_mode, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(is_trusted(c.known, c.now) == c.want);
  }
}

TEST_CASE("the index gives back what was put, from the log and from the table") {
  MemFiles files;
  files.put_folder("/s");
  const auto path = [](int i) { return "dir/file" + std::to_string(i); };
  for (int round = 0; round < 3; ++round) {
    StatIndex index = StatIndex::load(files, "/s");
    for (int i = round * 500; i < (round + 1) * 500; ++i) {
      Known known = known_at(i, stat_at(i, i + 1));
      if (i % 3 == 0) known.sha = sha256_of(path(i));
      index.put(path(i), known);
    }
    index.put(path(1), known_at(round, stat_at(1, round)));
    REQUIRE(index.save());
  }
  const StatIndex index = StatIndex::load(files, "/s");
  for (int i = 2; i < 1500; ++i) {
    CAPTURE(i);
    const std::optional<Known> known = index.find(path(i));
    REQUIRE(known);
    CHECK(known->hashed_at == i);
    CHECK(known->stat == stat_at(i, i + 1));
    CHECK(known->sha.has_value() == (i % 3 == 0));
    if (known->sha) CHECK(*known->sha == sha256_of(path(i)));
  }
  CHECK(index.find(path(1))->stat.ctime_ns == 2);
  CHECK_FALSE(index.find("dir/file"));
  CHECK(files.get("/s/index")->substr(0, 8) == "DGINDEX1");
}

TEST_CASE("a damaged index knows nothing wrong") {
  MemFiles files;
  files.put_folder("/s");
  {
    StatIndex index = StatIndex::load(files, "/s");
    for (int i = 0; i < 400; ++i)
      index.put("f" + std::to_string(i), known_at(i, stat_at(i, i)));
    REQUIRE(index.save());
  }
  const std::string whole = *files.get("/s/index");
  for (std::size_t at = 0; at < whole.size(); at += 61) {
    CAPTURE(at);
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    files.put("/s/index", flipped);
    CHECK_FALSE(StatIndex::load(files, "/s").find("f7"));
    files.put("/s/index", whole.substr(0, at));
    CHECK_FALSE(StatIndex::load(files, "/s").find("f7"));
  }
}

TEST_CASE("looking stats each path once, and reads what is not trusted") {
  MemFiles files;
  files.put_folder("/s");
  std::vector<std::string> names;
  for (int i = 0; i < 600; ++i) {
    names.push_back("f" + std::to_string(i));
    files.put("/w/" + names.back(), names.back());
  }
  names.push_back("absent");
  const std::vector<std::string_view> paths(names.begin(), names.end());
  files.advance(5'000'000'000);
  StatIndex index = StatIndex::load(files, "/s");
  Look look{"/w", files.now(), false, true};
  const std::vector<FileFact> first = look_at(files, index, look, paths);
  CHECK(first[7].content == digest_of("f7"));
  CHECK_FALSE(first[600].stat.exists());
  CHECK(files.count(MemFiles::Call::Hash) == 600);

  files.reset_counts();
  files.put("/w/f3", "changed");
  const std::vector<FileFact> second = look_at(files, index, look, paths);
  CHECK(second[3].content == digest_of("changed"));
  CHECK(files.count(MemFiles::Call::Hash) == 1);
  CHECK(files.count(MemFiles::Call::Stat) == 601);

  look.paranoid = true;
  files.reset_counts();
  look_at(files, index, look, paths);
  CHECK(files.count(MemFiles::Call::Hash) == 600);
}
