// What every `Files` must do: the same cases run on the disk and in memory.

#include "engine/base/files.h"

#include <cerrno>
#include <functional>

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"
#include "tests/support/temp_folder.h"

namespace devgraph {
namespace {

/// Runs a case on both.
void on_both(const std::function<void(Files&, const std::string&)>& body) {
  SUBCASE("disk") {
    const TempFolder folder;
    DiskFiles files;
    body(files, folder.path());
  }
  SUBCASE("memory") {
    MemFiles files;
    files.put_folder("/w");
    body(files, "/w");
  }
}

std::string names(Files& files, const std::string& folder) {
  std::string out;
  const std::vector<FolderEntry> entries = files.list(folder).value();
  for (const FolderEntry& entry : entries) {
    const char* kind = entry.kind == FileKind::Folder    ? "/"
                       : entry.kind == FileKind::Symlink ? "@"
                                                         : "";
    out += entry.name + kind + " ";
  }
  return out;
}

TEST_CASE("a written file is read, mapped, hashed and listed") {
  on_both([](Files& files, const std::string& root) {
    const std::string path = root + "/a b\n'$x";
    REQUIRE(files.write(path, std::string("text\0more", 9), 0644, false));
    CHECK(files.read(path).value() == std::string("text\0more", 9));
    CHECK(files.map(path).value()->bytes() == std::string("text\0more", 9));
    const FileHash plain = files.hash(path, false).value();
    CHECK(plain.xxh == digest_of(std::string("text\0more", 9)));
    CHECK(!plain.sha);
    CHECK(plain.stat == files.stat(path).value());
    const FileHash both = files.hash(path, true).value();
    CHECK(both.xxh == plain.xxh);
    CHECK((both.sha == sha256_of(std::string("text\0more", 9))));
    CHECK(names(files, root) == "a b\n'$x ");
  });
}

TEST_CASE("hashing by blocks gives the hash of the whole") {
  on_both([](Files& files, const std::string& root) {
    const std::size_t block = std::size_t{128} * 1024;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1, 3 * block, 5 * block + 77}) {
      CAPTURE(size);
      std::string bytes(size, 'x');
      for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(i * 31 >> 3);
      REQUIRE(files.write(root + "/big", bytes, 0644, false));
      const FileHash hash = files.hash(root + "/big", true).value();
      CHECK(hash.xxh == digest_of(bytes));
      CHECK((hash.sha == sha256_of(bytes)));
      CHECK(hash.stat.size == size);
    }
  });
}

TEST_CASE("stat tells kinds, follows links, and absence is no error") {
  on_both([](Files& files, const std::string& root) {
    REQUIRE(files.write(root + "/run", "x", 0755, false));
    REQUIRE(files.symlink("run", root + "/link"));
    REQUIRE(files.symlink("nowhere", root + "/broken"));
    REQUIRE(files.symlink("loop", root + "/loop"));
    CHECK(files.stat(root).value().kind == FileKind::Folder);
    CHECK(files.stat(root + "/run").value().executable);
    CHECK(files.stat(root + "/run").value().mode == 0755);
    CHECK(files.stat(root + "/link").value() == files.stat(root + "/run").value());
    CHECK(files.lstat(root + "/link").value().kind == FileKind::Symlink);
    CHECK(files.lstat(root + "/broken").value().kind == FileKind::Symlink);
    for (const char* name : {"/absent", "/broken", "/loop", "/run/below", "/absent/below"}) {
      CAPTURE(name);
      CHECK(!files.stat(root + name).value().exists());
    }
    CHECK(files.read_link(root + "/link").value() == "run");
    CHECK(files.read_link(root + "/run").error().code == EINVAL);
    CHECK(names(files, root) == "broken@ link@ loop@ run ");
  });
}

TEST_CASE("errors name the file and say why") {
  on_both([](Files& files, const std::string& root) {
    CHECK(files.read(root + "/no").error().message ==
          "cannot read " + root + "/no: No such file or directory");
    CHECK(files.read(root + "/no").error().code == ENOENT);
    CHECK(files.read(root).error().message == "cannot read " + root + ": Is a directory");
    CHECK(files.hash(root, false).error().message == "cannot read " + root + ": Is a directory");
    CHECK(files.list(root + "/no").error().message ==
          "cannot list " + root + "/no: No such file or directory");
    CHECK(files.write(root + "/no/x", "", 0644, false).error().message ==
          "cannot create " + root + "/no/x: No such file or directory");
    CHECK(files.rename(root + "/no", root + "/y").error().message ==
          "cannot move " + root + "/no to " + root + "/y: No such file or directory");
    REQUIRE(files.write(root + "/file", "", 0644, false));
    CHECK(files.list(root + "/file").error().code == ENOTDIR);
    CHECK(files.make_folders(root + "/file/x").error().code == ENOTDIR);
    CHECK(files.make_folders(root + "/file").error().message ==
          "cannot create folder " + root + "/file: Not a directory");
    CHECK(files.symlink("t", root + "/file").error().code == EEXIST);
    CHECK(files.read(root + "/e\x1b[m").error().message.find('\x1b') == std::string::npos);
  });
}

TEST_CASE("write replaces whole files by new inodes and leaves nothing else behind") {
  on_both([](Files& files, const std::string& root) {
    REQUIRE(files.write(root + "/f", "one", 0644, true));
    const FileStat before = files.stat(root + "/f").value();
    REQUIRE(files.write(root + "/f", "two", 0755, false));
    const FileStat after = files.stat(root + "/f").value();
    CHECK(files.read(root + "/f").value() == "two");
    CHECK(after.executable);
    CHECK(after.inode != before.inode);
    REQUIRE(files.make_folders(root + "/d"));
    CHECK(files.write(root + "/d", "x", 0644, false).error().code == EISDIR);
    CHECK(names(files, root) == "d/ f ");
    // A link is replaced, not written through.
    REQUIRE(files.symlink("f", root + "/l"));
    REQUIRE(files.write(root + "/l", "three", 0644, false));
    CHECK(files.read(root + "/f").value() == "two");
    CHECK(files.lstat(root + "/l").value().kind == FileKind::Regular);
  });
}

TEST_CASE("make_folders makes what is missing and is content with what is there") {
  on_both([](Files& files, const std::string& root) {
    REQUIRE(files.make_folders(root + "/a/b/c"));
    REQUIRE(files.make_folders(root + "/a/b/c"));
    REQUIRE(files.make_folders(root + "/a/b/d/e/f"));
    CHECK(names(files, root + "/a/b") == "c/ d/ ");
    REQUIRE(files.symlink("a", root + "/to_a"));
    REQUIRE(files.make_folders(root + "/to_a/x"));
    CHECK(names(files, root + "/a") == "b/ x/ ");
  });
}

TEST_CASE("copy takes bytes and the executable bit to a new file only") {
  on_both([](Files& files, const std::string& root) {
    const std::string bytes(300'000, 'z');
    REQUIRE(files.write(root + "/from", bytes, 0700, false));
    REQUIRE(files.copy(root + "/from", root + "/to"));
    CHECK(files.read(root + "/to").value() == bytes);
    CHECK(files.stat(root + "/to").value().executable);
    CHECK(files.copy(root + "/from", root + "/to").error().code == EEXIST);
    REQUIRE(files.write(root + "/empty", "", 0644, false));
    REQUIRE(files.copy(root + "/empty", root + "/empty2"));
    CHECK(files.read(root + "/empty2").value().empty());
    CHECK(!files.stat(root + "/empty2").value().executable);
    REQUIRE(files.symlink("victim", root + "/trap"));
    CHECK(files.copy(root + "/from", root + "/trap").error().code == EEXIST);
    CHECK(!files.stat(root + "/victim").value().exists());
    CHECK(files.copy(root, root + "/x").error().code == EISDIR);
  });
}

TEST_CASE("rename moves files and folders, over files and empty folders") {
  on_both([](Files& files, const std::string& root) {
    REQUIRE(files.make_folders(root + "/d/e"));
    REQUIRE(files.write(root + "/d/f", "1", 0644, false));
    REQUIRE(files.write(root + "/g", "2", 0644, false));
    REQUIRE(files.rename(root + "/g", root + "/d/f"));
    CHECK(files.read(root + "/d/f").value() == "2");
    REQUIRE(files.rename(root + "/d", root + "/moved"));
    CHECK(names(files, root) == "moved/ ");
    REQUIRE(files.make_folders(root + "/empty"));
    REQUIRE(files.rename(root + "/moved", root + "/empty"));
    CHECK(names(files, root + "/empty") == "e/ f ");
    REQUIRE(files.make_folders(root + "/other"));
    CHECK(files.rename(root + "/other", root + "/empty").error().code == ENOTEMPTY);
    CHECK(files.rename(root + "/empty/f", root + "/other").error().code == EISDIR);
    CHECK(files.rename(root + "/other", root + "/empty/f").error().code == ENOTDIR);
    CHECK(files.rename(root + "/empty", root + "/empty/e/x").error().code == EINVAL);
  });
}

TEST_CASE("remove takes one thing, remove_all a tree, neither follows links") {
  on_both([](Files& files, const std::string& root) {
    REQUIRE(files.make_folders(root + "/d/e/f"));
    REQUIRE(files.make_folders(root + "/safe"));
    REQUIRE(files.write(root + "/safe/x", "x", 0644, false));
    REQUIRE(files.symlink(root + "/safe", root + "/d/e/link"));
    REQUIRE(files.symlink(root + "/safe", root + "/top"));
    REQUIRE(files.write(root + "/d/e/x", "x", 0400, false));
    CHECK(files.remove(root + "/d").error().code == ENOTEMPTY);
    REQUIRE(files.chmod(root + "/d/e/f", 0500));
    REQUIRE(files.chmod(root + "/d/e", 0500));
    REQUIRE(files.remove_all(root + "/d"));
    REQUIRE(files.remove_all(root + "/top"));
    REQUIRE(files.remove_all(root + "/absent"));
    REQUIRE(files.remove(root + "/absent"));
    REQUIRE(files.remove(root + "/safe/x/below"));
    CHECK(names(files, root) == "safe/ ");
    CHECK(files.read(root + "/safe/x").value() == "x");
    REQUIRE(files.remove(root + "/safe/x"));
    REQUIRE(files.remove(root + "/safe"));
    CHECK(names(files, root).empty());
  });
}

TEST_CASE("append_to cuts first, then appends") {
  on_both([](Files& files, const std::string& root) {
    const std::string path = root + "/log";
    {
      auto log = files.append_to(path, 0).value();
      REQUIRE(log->append("good,torn"));
      REQUIRE(log->sync());
    }
    auto log = files.append_to(path, 5).value();
    REQUIRE(log->append("next"));
    REQUIRE(log->append(""));
    CHECK(files.read(path).value() == "good,next");
    auto all = files.append_to(path, ~std::uint64_t{0}).value();
    REQUIRE(all->append("!"));
    CHECK(files.read(path).value() == "good,next!");
    REQUIRE(files.symlink("log", root + "/link"));
    CHECK(files.append_to(root + "/link", 0).error().code == ELOOP);
  });
}

TEST_CASE("the clock is that of files touched now") {
  on_both([](Files& files, const std::string& root) {
    const std::int64_t before = files.clock(root).value();
    REQUIRE(files.write(root + "/f", "", 0644, false));
    const std::int64_t at = files.stat(root + "/f").value().mtime_ns;
    const std::int64_t after = files.clock(root).value();
    CHECK(before <= at);
    CHECK(at <= after);
    CHECK(names(files, root) == "f ");
    CHECK(files.clock(root + "/no").error().code == ENOENT);
  });
}

}  // namespace
}  // namespace devgraph
