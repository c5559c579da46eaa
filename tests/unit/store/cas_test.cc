#include "engine/store/cas.h"

#include <doctest/doctest.h>

#include "engine/store/tree.h"
#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::store;

TEST_CASE("small contents share a pack, and come back verified") {
  MemFiles files;
  files.put_folder("/s");
  const Sha256 hello = sha256_of("hello");
  const Sha256 empty = sha256_of("");
  {
    Cas cas(files, "/s");
    CHECK_FALSE(cas.has(hello));
    cas.put_small(hello, "hello");
    cas.put_small(empty, "");
    cas.put_small(hello, "hello");
    CHECK(cas.get(hello) == "hello");
    REQUIRE(cas.flush());
    CHECK(cas.get(hello) == "hello");
  }
  CHECK(files.get("/s/cas/pack") == "hello");
  Cas cas(files, "/s");
  CHECK(cas.get(hello) == "hello");
  CHECK(cas.get(empty) == "");
  REQUIRE(cas.restore(hello, "/copy", 0755).value());
  CHECK(files.get("/copy") == "hello");
  CHECK(files.stat("/copy")->executable);

  SUBCASE("a damaged one is missing from then on") {
    files.put("/s/cas/pack", "hellO");
    Cas damaged(files, "/s");
    CHECK_FALSE(damaged.get(hello));
    CHECK_FALSE(damaged.has(hello));
    damaged.put_small(hello, "hello");
    REQUIRE(damaged.flush());
    CHECK(Cas(files, "/s").get(hello) == "hello");
  }
  SUBCASE("a pack cut short loses what was behind the cut") {
    files.put("/s/cas/pack", "hel");
    Cas cut(files, "/s");
    CHECK_FALSE(cut.has(hello));
    cut.put_small(hello, "hello");
    REQUIRE(cut.flush());
    CHECK(Cas(files, "/s").get(hello) == "hello");
  }
}

TEST_CASE("large contents that are in memory become files of their own") {
  MemFiles files;
  const std::string text(100'000, 'x');
  const Sha256 name = sha256_of(text);
  Cas cas(files, "/s");
  REQUIRE(cas.put_large(name, text));
  REQUIRE(cas.put_large(name, text));
  CHECK(cas.get(name) == text);
  REQUIRE(cas.restore(name, "/copy", 0644).value());
  CHECK(files.get("/copy") == text);
}

TEST_CASE("big contents are files of their own, read-only, and never damaged unseen") {
  MemFiles files;
  const std::string text(100'000, 'x');
  const Sha256 name = sha256_of(text);
  files.put("/big", text);
  Cas cas(files, "/s");
  REQUIRE(cas.put_file(name, "/big"));
  REQUIRE(cas.put_file(name, "/big"));
  CHECK(cas.has(name));
  REQUIRE(cas.restore(name, "/back", 0644).value());
  CHECK(files.get("/back") == text);
  // The copy is not the blob: writing to it does not poison.
  files.put("/back", "mine");
  CHECK(cas.restore(name, "/again", 0644).value());
  CHECK(files.get("/again") == text);

  const std::string blob = "/s/cas/" + hex(name).substr(0, 2) + "/" + hex(name).substr(2);
  REQUIRE(files.get(blob));
  files.put(blob, text + "!");
  CHECK_FALSE(cas.restore(name, "/bad", 0644).value());
  CHECK_FALSE(files.exists("/bad"));
  CHECK_FALSE(cas.has(name));
  CHECK_FALSE(cas.put_file(sha256_of("other"), "/big"));
}

TEST_CASE("a tree is its names, kinds, x bits, links and contents") {
  MemFiles files;
  files.put("/t/b", "1");
  files.put("/t/a/x", "2");
  files.put_link("/t/l", "a/x");
  files.put_folder("/t/empty");
  StatIndex index = StatIndex::load(files, "/s");
  const Look look{"", files.now(), false, false};
  const auto digest = [&] { return digest_tree(files, index, look, "/t").value().value(); };
  const Digest before = digest();
  CHECK(digest() == before);
  struct Case {
    const char* name;
    void (*edit)(MemFiles&);
  };
  const Case cases[] = {
      {"a content", [](MemFiles& f) { f.put("/t/b", "3"); }},
      {"an x bit", [](MemFiles& f) { f.set_mode("/t/b", 0755); }},
      {"a new file", [](MemFiles& f) { f.put("/t/c", ""); }},
      {"a folder gone", [](MemFiles& f) { f.erase("/t/empty"); }},
      {"a link's target", [](MemFiles& f) { f.put_link("/t/l", "b"); }},
      {"a name", [](MemFiles& f) { static_cast<void>(f.rename("/t/b", "/t/b2")); }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    c.edit(files);
    CHECK(digest() != before);
    files.erase("/t");
    files.put("/t/b", "1");
    files.put("/t/a/x", "2");
    files.put_link("/t/l", "a/x");
    files.put_folder("/t/empty");
    CHECK(digest() == before);
  }
  files.erase("/t");
  CHECK_FALSE(digest_tree(files, index, look, "/t").value());
}

TEST_CASE("a tree manifest is read back as it was, and no name leaves its folder") {
  TreeManifest tree;
  tree.entries = {{"a", TreeEntryKind::Folder, false, 0, {}, {}, ""},
                  {"a/f", TreeEntryKind::File, true, 3, digest_of("abc"), sha256_of("abc"), ""},
                  {"l", TreeEntryKind::Link, false, 0, {}, {}, "a/f"}};
  const std::optional<TreeManifest> back = decode_tree(encode_tree(tree));
  REQUIRE(back);
  CHECK(tree_digest(*back) == tree_digest(tree));
  CHECK(back->entries[1].sha == sha256_of("abc"));
  CHECK_FALSE(back->entries[1].fixed);
  tree.entries[1].fixed = true;
  CHECK(tree_digest(tree) == tree_digest(*back));
  const std::optional<TreeManifest> fixed = decode_tree(encode_tree(tree));
  REQUIRE(fixed);
  CHECK(fixed->entries[1].fixed);
  CHECK(fixed->entries[1].executable);
  tree.entries[1].fixed = false;
  // As an older devgraph wrote it.
  std::string old = encode_tree(tree);
  old.replace(0, 8, "DGTREE01");
  REQUIRE(decode_tree(old));
  CHECK(decode_tree(old)->entries[1].executable);
  const std::string bytes = encode_tree(tree);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_tree(std::string_view(bytes).substr(0, size)));
  }
  for (const char* name : {"../x", "/x", "a/../../x", "", "."}) {
    tree.entries[1].path = name;
    CHECK_FALSE(decode_tree(encode_tree(tree)));
  }
}

TEST_CASE("no file of a manifest lies behind a link of it") {
  TreeManifest tree;
  tree.entries = {{"a", TreeEntryKind::Link, false, 0, {}, {}, "/etc"},
                  {"a/passwd", TreeEntryKind::File, false, 0, {}, {}, ""}};
  CHECK_FALSE(decode_tree(encode_tree(tree)));
  tree.entries[0].kind = TreeEntryKind::Folder;
  CHECK(decode_tree(encode_tree(tree)));
  tree.entries.erase(tree.entries.begin());
  CHECK_FALSE(decode_tree(encode_tree(tree)));
}

TEST_CASE("many contents are written before they fill the memory") {
  MemFiles files;
  files.put_folder("/s");
  Cas cas(files, "/s");
  const std::string block(kPackedBlob, 'x');
  std::string all;
  std::vector<Cas::Small> blobs;
  for (int i = 0; i < 200; ++i) {
    std::string one = block;
    one[0] = static_cast<char>(i);
    blobs.push_back({sha256_of(one), static_cast<std::uint32_t>(one.size())});
    all += one;
  }
  REQUIRE(cas.put_many(blobs, all));
  CHECK(files.get("/s/cas/pack") == all);
  REQUIRE(cas.put_many(blobs, all));
  REQUIRE(cas.flush());
  CHECK(files.get("/s/cas/pack") == all);
  CHECK(Cas(files, "/s").get(blobs[150].name) == all.substr(150 * block.size(), block.size()));
}
