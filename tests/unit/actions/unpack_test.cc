/// Archives by hand, good and hostile: what no archiver would write is what matters here.

#include <cstdlib>
#include <ctime>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "engine/actions/extractor.h"
#include "tests/unit/actions/action_test.h"

using namespace devgraph;
using namespace devgraph::actions;

namespace {

/// One ustar entry, with whatever is asked for.
std::string entry(std::string_view name, char type, std::string_view content = {},
                  std::string_view link = {}, unsigned mode = 0644) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, fmt::format("{:07o}", mode));
  put(108, "0001750");
  put(116, "0001750");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "00000000000");
  header[156] = type;
  put(157, link);
  put(257, std::string_view("ustar\00000", 8));
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : header)
    sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  std::string made = header + std::string(content);
  made.append((512 - made.size() % 512) % 512, '\0');
  return made;
}

std::string tar_of(const std::vector<std::string>& entries) {
  std::string made;
  for (const std::string& one : entries)
    made += one;
  return made + std::string(1024, '\0');
}

struct Unpacked {
  Bench bench;
  Status status;

  explicit Unpacked(const std::string& bytes, int strip = 0,
                    const std::vector<std::string>& only = {}) {
    const InputId file = bench.source("a.tar", bytes);
    std::vector<ValueId> globs;
    for (const std::string& glob : only)
      globs.push_back(bench.graph.string(glob));
    status = bench.run("unpack",
                       {{"archive", bench.graph.input(file)},
                        {"strip", bench.graph.integer(strip)},
                        {"only", bench.list(globs)}},
                       true);
  }

  std::string error() const {
    const std::string text = message(status);
    const std::string head = "cannot unpack a.tar: ";
    return text.starts_with(head) ? text.substr(head.size()) : text;
  }
};

using Listing = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("an archive becomes files, folders and links") {
  Unpacked made(tar_of({entry("./", '5'), entry("d/", '5', {}, {}, 0700),
                        entry("d/tool", '0', "#!", {}, 04755), entry("implied/deep/a", '0', "a"),
                        entry("d/same", '1', {}, "d/tool"), entry("l", '2', {}, "d/tool"),
                        entry("implied/up", '2', {}, "../d"),
                        entry("caf\xc3\xa9\xff", '0', "bytes"), entry("empty", '0')}));
  REQUIRE_EQ(made.error(), "");
  CHECK((made.bench.listing() == Listing{{"d", "/"},
                                         {"d/tool", "*#!"},
                                         {"d/same", "*#!"},
                                         {"implied", "/"},
                                         {"implied/deep", "/"},
                                         {"implied/deep/a", "a"},
                                         {"implied/up", "-> ../d"},
                                         {"l", "-> d/tool"},
                                         {"caf\xc3\xa9\xff", "bytes"},
                                         {"empty", ""}}));
  CHECK_EQ(made.bench.files().stat(made.bench.out() + "/d/tool")->mode, 0755);
  CHECK_EQ(made.bench.files().stat(made.bench.out() + "/d")->mode, 0755);
}

TEST_CASE("the umask of the user does not matter") {
  const mode_t before = umask(077);
  Unpacked made(tar_of({entry("d/a", '0', "a"), entry("b", '0', "b", {}, 0700)}));
  umask(before);
  REQUIRE_EQ(made.error(), "");
  CHECK_EQ(made.bench.files().stat(made.bench.out() + "/d/a")->mode, 0644);
  CHECK_EQ(made.bench.files().stat(made.bench.out() + "/d")->mode, 0755);
  CHECK_EQ(made.bench.files().stat(made.bench.out() + "/b")->mode, 0755);
}

TEST_CASE("hostile archives are refused, and nothing lands outside of the folder") {
  struct Hostile {
    const char* name;
    std::string bytes;
    const char* error;
  };
  const Hostile cases[] = {
      {"parent", tar_of({entry("../evil", '0', "x")}),
       "the archive holds `../evil`, a name that leads out of the folder"},
      {"parent inside", tar_of({entry("a/../../evil", '0', "x")}),
       "a name that leads out of the folder"},
      {"parent that stays", tar_of({entry("a/../b", '0', "x")}),
       "a name that leads out of the folder"},
      {"parent folder", tar_of({entry("../evil/", '5')}), "a name that leads out of the folder"},
      {"absolute", tar_of({entry("/tmp/devgraph-evil", '0', "x")}), "an absolute name"},
      {"absolute link", tar_of({entry("l", '2', {}, "/etc/passwd")}),
       "the link `l` to `/etc/passwd`, which leads out of the folder"},
      {"link up", tar_of({entry("d/l", '2', {}, "../../evil")}), "which leads out of the folder"},
      {"file through a link", tar_of({entry("l", '2', {}, "d"), entry("l/a", '0', "x")}),
       "holds `l` in two kinds"},
      {"link in place of a folder", tar_of({entry("d/a", '0', "x"), entry("d", '2', {}, "..")}),
       "leads out of the folder"},
      {"link over a folder", tar_of({entry("d/a", '0', "x"), entry("d", '2', {}, "e")}),
       "holds `d` in two kinds"},
      {"two links that add up",
       tar_of({entry("a/b/c", '0', "x"), entry("d", '2', {}, "a/b"),
               entry("z/x", '2', {}, "../d/../../..")}),
       "leads out of the folder"},
      {"link through a link",
       tar_of({entry("a/b/l", '2', {}, "../.."), entry("m", '2', {}, "a/b/l/..")}),
       "leads out of the folder"},
      {"links in a circle", tar_of({entry("a", '2', {}, "b"), entry("b", '2', {}, "a")}),
       "which leads to itself"},
      {"hard link out", tar_of({entry("h", '1', {}, "/etc/passwd")}), "an absolute name"},
      {"hard link up", tar_of({entry("h", '1', {}, "../evil")}),
       "a name that leads out of the folder"},
      {"hard link to nothing", tar_of({entry("h", '1', {}, "later"), entry("later", '0', "x")}),
       "which is no file that it holds before"},
      {"hard link to a link", tar_of({entry("l", '2', {}, "x"), entry("h", '1', {}, "l")}),
       "which is no file that it holds before"},
      {"twice", tar_of({entry("a", '0', "1"), entry("a", '0', "2")}), "holds `a` twice"},
      {"twice in another form", tar_of({entry("a", '0', "1"), entry("./a", '0', "2")}),
       "holds `a` twice"},
      {"file over folder", tar_of({entry("a/b", '0', "1"), entry("a", '0', "2")}),
       "holds `a` in two kinds"},
      {"character device", tar_of({entry("null", '3')}), "neither a file, a folder nor a link"},
      {"block device", tar_of({entry("sda", '4')}), "neither a file, a folder nor a link"},
      {"fifo", tar_of({entry("pipe", '6')}), "neither a file, a folder nor a link"},
      {"cut off", tar_of({entry("a", '0', std::string(5000, 'x'))}).substr(0, 3000),
       "cannot read `a`"},
      {"no archive", "this is no archive at all, just a line of text that goes on\n", ""},
      {"empty", "", ""},
  };
  for (const Hostile& one : cases) {
    CAPTURE(std::string(one.name));
    Unpacked made(one.bytes);
    CHECK_FALSE(made.status.has_value());
    CHECK_NE(made.error().find(one.error), std::string::npos);
    if (made.error().find(one.error) == std::string::npos) CHECK_EQ(made.error(), one.error);
    // Beside the output and the workspace there is nothing new.
    CHECK_EQ(made.bench.files().list(made.bench.folder() / "scratch-out")->size(), 1);
    CHECK_FALSE(made.bench.files().stat(made.bench.folder() / "evil")->exists());
  }
  CHECK_FALSE(DiskFiles().stat("/tmp/devgraph-evil")->exists());
}

TEST_CASE("names are limited in length and depth") {
  Bench bench;
  const std::string root = bench.folder() / "root";
  REQUIRE(bench.files().make_folders(root));
  Result<Extractor> extractor = Extractor::open(bench.files(), root, {});
  REQUIRE(extractor);
  CHECK_FALSE(extractor->checked_name(std::string(256, 'n')));
  CHECK(extractor->checked_name(std::string(255, 'n')));
  std::string deep;
  for (int i = 0; i < 101; ++i)
    deep += "d/";
  CHECK_FALSE(extractor->checked_name(deep));
  CHECK_FALSE(extractor->checked_name(""));
  CHECK_FALSE(extractor->checked_name(std::string("a\0b", 3)));
  CHECK_EQ(extractor->checked_name("./a//b/./c/").value(), "a/b/c");
}

TEST_CASE("bytes and entries are limited") {
  Bench bench;
  const std::string root = bench.folder() / "root";
  REQUIRE(bench.files().make_folders(root));
  Result<Extractor> extractor = Extractor::open(bench.files(), root, {.bytes = 10, .entries = 3});
  REQUIRE(extractor);
  REQUIRE(extractor->begin_file("a", false));
  CHECK(extractor->data("12345", 0));
  CHECK_FALSE(extractor->data("123456", 5));
  CHECK_FALSE(extractor->end_file(1'000'000'000'000));
  CHECK(extractor->folder("b"));
  CHECK(extractor->folder("c"));
  CHECK_FALSE(extractor->folder("d"));
}

TEST_CASE("a folder that is not empty is refused") {
  Bench bench;
  const std::string root = bench.folder() / "root";
  REQUIRE(bench.files().make_folders(root + "/x"));
  CHECK_FALSE(Extractor::open(bench.files(), root, {}));
}

namespace {

/// An archive by libarchive, for the formats that are more work by hand.
std::string packed(bool zip, int filter,
                   const std::vector<std::pair<std::string, std::string>>& members) {
  std::string made(std::size_t{1} << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  if (zip) {
    archive_write_set_format_zip(writer);
  } else {
    archive_write_set_format_pax_restricted(writer);
  }
  if (filter != ARCHIVE_FILTER_NONE) archive_write_add_filter(writer, filter);
  REQUIRE_EQ(archive_write_open_memory(writer, made.data(), made.size(), &used), ARCHIVE_OK);
  for (const auto& [name, content] : members) {
    archive_entry* one = archive_entry_new();
    archive_entry_set_pathname(one, name.c_str());
    archive_entry_set_perm(one, name.ends_with(".sh") ? 0755 : 0644);
    if (content.starts_with("-> ")) {
      archive_entry_set_filetype(one, AE_IFLNK);
      archive_entry_set_symlink(one, content.substr(3).c_str());
      archive_write_header(writer, one);
    } else {
      archive_entry_set_filetype(one, AE_IFREG);
      archive_entry_set_size(one, static_cast<la_int64_t>(content.size()));
      archive_write_header(writer, one);
      archive_write_data(writer, content.data(), content.size());
    }
    archive_entry_free(one);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  made.resize(used);
  return made;
}

}  // namespace

TEST_CASE("zip, gzip and zstd are read, other packings are not") {
  const std::vector<std::pair<std::string, std::string>> members = {
      {"d/a.txt", "hello"}, {"run.sh", "#!"}, {"l", "-> d/a.txt"}};
  const Listing want = {{"d", "/"}, {"d/a.txt", "hello"}, {"run.sh", "*#!"}, {"l", "-> d/a.txt"}};
  for (const std::string& bytes :
       {packed(true, ARCHIVE_FILTER_NONE, members), packed(false, ARCHIVE_FILTER_GZIP, members),
        packed(false, ARCHIVE_FILTER_ZSTD, members), packed(false, ARCHIVE_FILTER_NONE, members)}) {
    Unpacked made(bytes);
    REQUIRE_EQ(made.error(), "");
    CHECK((made.bench.listing() == want));
  }
  CHECK_FALSE(Unpacked(packed(false, ARCHIVE_FILTER_XZ, members)).status.has_value());
  CHECK_NE(
      Unpacked(packed(true, ARCHIVE_FILTER_NONE, {{"../evil", "x"}})).error().find("leads out"),
      std::string::npos);
}

TEST_CASE("names of a zip that are UTF-8 stay as they are, whatever the locale is") {
  // Python's zipfile: `n\xc3\xa9.txt` with the flag for UTF-8.
  constexpr std::string_view kHex =
      "504b0304140000080000000021008316dc8c0100000001000000070000006ec3a92e74787478"
      "504b01021403140000080000000021008316dc8c010000000100000007000000000000000000"
      "0000a481000000006ec3a92e747874504b0506000000000100010035000000260000000000";
  std::string bytes;
  for (std::size_t i = 0; i < kHex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16));
  Unpacked made(bytes);
  REQUIRE_EQ(made.error(), "");
  CHECK((made.bench.listing() == Listing{{"n\xc3\xa9.txt", "x"}}));
}

TEST_CASE("an archive that grows more than a thousandfold is refused") {
  // 300 MiB of zeros in some kilobytes: zstd of zeros behind one tar header.
  const std::string zeros(std::size_t{300} << 20, '\0');
  std::string made(std::size_t{4} << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_ustar(writer);
  archive_write_add_filter_zstd(writer);
  REQUIRE_EQ(archive_write_open_memory(writer, made.data(), made.size(), &used), ARCHIVE_OK);
  archive_entry* one = archive_entry_new();
  archive_entry_set_pathname(one, "zeros");
  archive_entry_set_filetype(one, AE_IFREG);
  archive_entry_set_size(one, static_cast<la_int64_t>(zeros.size()));
  archive_write_header(writer, one);
  archive_write_data(writer, zeros.data(), zeros.size());
  archive_entry_free(one);
  archive_write_close(writer);
  archive_write_free(writer);
  made.resize(used);
  REQUIRE(used * 1000 < zeros.size());
  CHECK_NE(Unpacked(made).error().find("what is in the archive is larger than"), std::string::npos);
}

TEST_CASE("strip and only choose what is taken") {
  const std::string bytes =
      tar_of({entry("top/", '5'), entry("top/a/x.c", '0', "x"), entry("top/a/y.h", '0', "y"),
              entry("top/h", '1', {}, "top/a/x.c"), entry("README", '0', "r")});
  Unpacked stripped(bytes, 1);
  REQUIRE_EQ(stripped.error(), "");
  CHECK((stripped.bench.listing() ==
         Listing{{"a", "/"}, {"a/x.c", "x"}, {"a/y.h", "y"}, {"h", "x"}}));
  Unpacked only(bytes, 1, {"**/*.c"});
  REQUIRE_EQ(only.error(), "");
  CHECK((only.bench.listing() == Listing{{"a", "/"}, {"a/x.c", "x"}}));
  CHECK_EQ(Unpacked(bytes, 0, {"**/*.c", "*.md"}).error(), "`*.md` matches nothing in a.tar");
  CHECK_EQ(Unpacked(bytes, 9).error(),
           "nothing of a.tar is left when 9 folders are taken off the names");
}

TEST_CASE("what is refused is refused even where it is not wanted") {
  CHECK_NE(Unpacked(tar_of({entry("a", '0', "x"), entry("../b", '0', "x")}), 0, {"a"})
               .error()
               .find("leads out"),
           std::string::npos);
}
