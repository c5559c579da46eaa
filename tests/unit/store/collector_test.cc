/// Random stores, of which some results are kept: those come back whole, whatever happens, and
/// nothing else takes room.

#include "engine/store/collector.h"

#include <cerrno>
#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "engine/store/tree.h"
#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::store;

namespace {

constexpr const char* kState = "/s";

/// What the test knows of one result.
struct Told {
  std::string label;
  Digest key;
  bool last = false;
  std::vector<std::string> contents;  ///< All of them, manifests of trees too.
};

class Store {
 public:
  explicit Store(std::uint64_t seed) : random_(seed) {
    files.put_folder(kState);
    Record record = Record::load(files, kState);
    Cas cas(files, kState);
    Parts parts(files, kState);
    for (std::size_t i = 2 + pick(20); i > 0; --i)
      add(record, cas, parts);
    REQUIRE(cas.flush());
    REQUIRE(parts.flush());
    REQUIRE(record.flush());
    if (pick(3) == 0) files.put("/s/cas/tmp/7", "left");
    if (pick(3) == 0) files.put("/s/cas/pack.9", "of no index");
    for (const Told& told : results)
      if (told.last || pick(3) == 0) kept.insert(&told);
  }

  MemFiles files;
  std::vector<Told> results;
  std::set<const Told*> kept;

  /// Keeps and drops as chosen.
  Status collect(Files& disk) const {
    Record record = Record::load(disk, kState);
    Cas cas(disk, kState);
    Parts parts(disk, kState);
    Collector collector(disk, record, cas);
    std::vector<Collector::Row> spare;
    for (const Collector::Row& row : collector.rows()) {
      if (is_kept(row.made)) {
        collector.keep(row.made);
      } else {
        spare.push_back(row);
      }
    }
    for (const Collector::Row& row : spare)
      collector.drop(row);
    collector.drop_strays();
    return collector.apply(parts);
  }

  bool is_kept(const Made& made) const {
    for (const Told* told : kept) {
      if (told->key == made.key() && told->label == made.label()) return true;
    }
    return false;
  }

  /// Every kept result is there with all that it consists of.
  void check_kept(Files& disk) const {
    Record record = Record::load(disk, kState);
    Cas cas(disk, kState);
    Parts parts(disk, kState);
    for (const Told* told : kept) {
      bool found = false;
      for (const Made& made : record.with_static_key(told->key))
        found = found || made.label() == told->label;
      CHECK(found);
      if (told->last) {
        const std::optional<Made> last = record.last(digest_of(told->label));
        REQUIRE(last);
        CHECK(last->key() == told->key);
      }
      for (const std::string& content : told->contents) {
        CHECK(cas.has(sha256_of(content)));
        if (content.size() <= kPackedBlob) CHECK(cas.get(sha256_of(content)) == content);
        if (content.size() <= kPackedBlob) continue;
        REQUIRE(disk.remove("/back"));
        CHECK(cas.restore(sha256_of(content), "/back", 0644).value_or(false));
      }
    }
  }

  /// A kill between parts and record may lose these.
  void check_parts(Files& disk) const {
    Record record = Record::load(disk, kState);
    for (const Told* told : kept) {
      for (const Made& made : record.with_static_key(told->key))
        CHECK(Parts(disk, kState).read(made.parts()).size() == 1);
    }
  }

  /// Nothing but that.
  void check_tidy(MemFiles& disk) const {
    Record record = Record::load(disk, kState);
    Cas cas(disk, kState);
    const Collector collector(disk, record, cas);
    CHECK(collector.rows().size() == kept.size());
    for (const Collector::Row& row : collector.rows())
      CHECK(is_kept(row.made));
    std::set<std::string> needed;
    for (const Told* told : kept)
      needed.insert(told->contents.begin(), told->contents.end());
    std::uint64_t packed = 0;
    std::uint64_t large = 0;
    for (const std::string& content : needed)
      (content.size() <= kPackedBlob ? packed : large) += content.size();
    std::uint64_t on_disk = 0;
    std::uint64_t in_pack = 0;
    for (const auto& [path, bytes] : disk.tree("/s/cas")) {
      if (path.ends_with("pack.index") || bytes == "/") continue;
      (path.find("pack") == path.npos ? on_disk : in_pack) += bytes.size();
    }
    CHECK(on_disk == large);
    CHECK(in_pack == packed);
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  /// A small alphabet, so that results share contents; some are too large for the pack.
  std::string content() {
    const std::string text(1, static_cast<char>('a' + pick(8)));
    return pick(4) == 0 ? text + std::string(kPackedBlob + pick(3), 'x') : text;
  }

  void store(Cas& cas, const std::string& bytes) {
    const Sha256 name = sha256_of(bytes);
    if (bytes.size() <= kPackedBlob) cas.put_small(name, bytes);
    if (bytes.size() > kPackedBlob) REQUIRE(cas.put_large(name, bytes));
  }

  void add(Record& record, Cas& cas, Parts& parts) {
    Told told;
    told.label = "//:n" + std::to_string(pick(5));
    told.key = Digest{7, next_key_++};
    const std::string label = told.label;
    MadeNow now;
    now.label = label;
    now.key = now.static_key = told.key;
    now.parts = parts.add({{"script", std::to_string(next_key_)}});
    for (std::size_t i = 1 + pick(2); i > 0; --i) {
      MadeOutput output;
      output.path = "out/x";
      std::string bytes = content();
      if (pick(3) == 0) {
        TreeManifest tree;
        for (const char* name : {"a", "b"}) {
          TreeEntry entry;
          entry.path = name;
          const std::string file = content();
          entry.size = file.size();
          entry.sha = sha256_of(file);
          store(cas, file);
          told.contents.push_back(file);
          tree.entries.push_back(entry);
        }
        bytes = encode_tree(tree);
        output.kind = MadeKind::Tree;
      }
      output.sha = sha256_of(bytes);
      store(cas, bytes);
      told.contents.push_back(bytes);
      now.outputs.push_back(output);
    }
    record.add_made(now);
    for (Told& other : results)
      other.last = other.last && other.label != label;
    told.last = true;
    results.push_back(std::move(told));
  }

  std::mt19937_64 random_;
  std::uint64_t next_key_ = 1;
};

}  // namespace

TEST_CASE("what is kept comes back whole, and nothing else takes room") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Store store(seed);
    for (int again = 0; again < 2; ++again) {
      REQUIRE(store.collect(store.files));
      store.check_kept(store.files);
      store.check_parts(store.files);
      store.check_tidy(store.files);
    }
  }
}

TEST_CASE("a collection killed at any write, or in a power cut, loses nothing that is kept") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (const bool torn : {false, true}) {
      for (std::uint64_t nth = 1;; ++nth) {
        CAPTURE(seed);
        CAPTURE(torn);
        CAPTURE(nth);
        const Store store(seed);
        const std::unique_ptr<MemFiles> disk = store.files.clone();
        disk->kill_at_change(nth, torn);
        bool killed = false;
        try {
          static_cast<void>(store.collect(*disk));
        } catch (const MemFiles::Killed&) {
          killed = true;
        }
        const std::unique_ptr<MemFiles> next = disk->clone();
        store.check_kept(*next);
        REQUIRE(store.collect(*next));
        store.check_kept(*next);
        store.check_tidy(*next);
        if (!killed) break;
      }
    }
  }
}

TEST_CASE("what a collection writes anew is on the disk before what was there goes") {
  // Contents are synced by nobody before; here all are, as they are some time after a build.
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(seed);
      CAPTURE(nth);
      const Store store(seed);
      const std::unique_ptr<MemFiles> disk = store.files.clone();
      for (const auto& [path, bytes] : disk->tree(kState)) {
        const std::string full = std::string(kState) + "/" + path;
        if (bytes != "/") REQUIRE((*disk->append_to(full, disk->get(full)->size()))->sync());
      }
      disk->kill_at_change(nth);
      bool killed = false;
      try {
        static_cast<void>(store.collect(*disk));
      } catch (const MemFiles::Killed&) {
        killed = true;
      }
      store.check_kept(*disk->clone(MemFiles::Keep::Synced));
      if (!killed) break;
    }
  }
}

TEST_CASE("a collection on a disk that fails says so, and loses nothing that is kept") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (const bool lasting : {false, true}) {
      for (std::uint64_t nth = 1; nth < 200; ++nth) {
        CAPTURE(seed);
        CAPTURE(nth);
        const Store store(seed);
        const std::unique_ptr<MemFiles> disk = store.files.clone();
        const std::uint64_t before = disk->changes();
        if (lasting) disk->fail_from_change(nth, ENOSPC);
        if (!lasting) disk->fail_nth_change(nth, EIO);
        const Status done = store.collect(*disk);
        const bool reached = disk->changes() - before >= nth;
        CHECK(done.has_value() == !reached);
        disk->clear_faults();
        store.check_kept(*disk);
        REQUIRE(store.collect(*disk));
        store.check_tidy(*disk);
        if (!reached) break;
      }
    }
  }
}

TEST_CASE("the longer a result has been out of use, the later it comes") {
  MemFiles files;
  files.put_folder(kState);
  Record record = Record::load(files, kState);
  const auto made = [&](const std::string& label, std::uint64_t key) {
    MadeNow now;
    now.label = label;
    now.key = now.static_key = Digest{1, key};
    record.add_made(now);
  };
  made("//:long", 1);  // In use until the end but one.
  made("//:a", 2);
  made("//:a", 3);
  made("//:a", 4);
  made("//:long", 5);
  made("//:gone", 6);
  record.add_gone(digest_of("//:gone"));
  Cas cas(files, kState);
  std::vector<std::uint64_t> keys;
  for (const Collector::Row& row : Collector(files, record, cas).rows())
    keys.push_back(row.made.key().low);
  CHECK(keys == std::vector<std::uint64_t>{5, 4, 6, 1, 3, 2});
}
