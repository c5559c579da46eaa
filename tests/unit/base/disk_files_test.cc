// What only the real disk has: fifos, races, depth, permissions.

#include <atomic>
#include <cerrno>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "tests/support/temp_folder.h"

namespace devgraph {
namespace {

TEST_CASE("a fifo is refused and does not block") {
  const TempFolder folder;
  DiskFiles files;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(files.stat(folder / "pipe").value().kind == FileKind::Other);
  const std::string want = "cannot read " + (folder / "pipe") + ": not a regular file";
  CHECK(files.read(folder / "pipe").error().message == want);
  CHECK(files.hash(folder / "pipe", false).error().message == want);
  CHECK(!files.copy(folder / "pipe", folder / "copy"));
  CHECK(!files.append_to(folder / "pipe", 0));
}

TEST_CASE("hash refuses a file that keeps changing while it is read") {
  // Large enough that reading takes longer than a tick of the clock that stamps files.
  constexpr off_t kSize = 256 << 20;
  const TempFolder folder;
  DiskFiles files;
  const std::string path = folder / "busy";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  REQUIRE(::ftruncate(fd, kSize) == 0);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (char byte = 'a'; !stop; ++byte) {
      if (::pwrite(fd, &byte, 1, 0) != 1) break;
      ::usleep(100);
    }
  });
  const Result<FileHash> busy = files.hash(path, false);
  stop = true;
  writer.join();
  ::close(fd);
  REQUIRE(!busy);
  CHECK(busy.error().message == path + " changed while it was read");
  CHECK(busy.error().code == EBUSY);
  CHECK(files.hash(path, false));
}

TEST_CASE("remove_all gets down a folder deeper than descriptors reach") {
  const TempFolder folder;
  DiskFiles files;
  REQUIRE(files.make_folders(folder / "deep"));
  const int home = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::chdir((folder / "deep").c_str()) == 0);
  int made = 0;
  for (; made < 3000; ++made) {
    if (::mkdir("d", 0755) != 0 || ::chdir("d") != 0) break;
  }
  REQUIRE(::fchdir(home) == 0);
  ::close(home);
  CHECK(made == 3000);
  REQUIRE(files.remove_all(folder / "deep"));
  CHECK(!files.lstat(folder / "deep").value().exists());
}

TEST_CASE("remove_all of somebody without root rights opens read-only folders first") {
  const TempFolder folder;
  REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    DiskFiles files;
    bool good = files.make_folders(folder / "d/e/f").has_value() &&
                files.write(folder / "d/e/x", "", 0400, false).has_value() &&
                files.chmod(folder / "d/e/f", 0).has_value() &&
                files.chmod(folder / "d/e", 0).has_value() &&
                files.chmod(folder / "d", 0500).has_value();
    good = good && files.remove_all(folder / "d").has_value();
    good = good && !files.lstat(folder / "d").value().exists();
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a failed write names the file, and leaves no temporary file") {
  const TempFolder folder;
  DiskFiles files;
  CHECK(files.write("/dev/full/x", "x", 0644, false).error().message ==
        "cannot create /dev/full/x: Not a directory");
  REQUIRE(files.make_folders(folder / "d/x"));
  CHECK(!files.write(folder / "d", "x", 0644, true));
  CHECK(files.list(folder.path()).value().size() == 1);
}

TEST_CASE("modes honour the umask") {
  const TempFolder folder;
  DiskFiles files;
  const mode_t before = ::umask(077);
  REQUIRE(files.write(folder / "f", "", 0644, false));
  REQUIRE(files.make_folders(folder / "d"));
  ::umask(before);
  CHECK(files.stat(folder / "f").value().mode == 0600);
  CHECK(files.stat(folder / "d").value().mode == 0700);
}

TEST_CASE("only what nobody may write is shared; the rest is copied") {
  const TempFolder folder;
  DiskFiles files;
  REQUIRE(files.write(folder / "open", "text", 0644, false));
  REQUIRE(files.write(folder / "fixed", "text", 0444, false));
  REQUIRE(files.share(folder / "open", folder / "copy"));
  REQUIRE(files.share(folder / "fixed", folder / "twin"));
  const auto inode = [&](const char* name) { return files.stat(folder / name).value().inode; };
  CHECK(inode("open") != inode("copy"));
  CHECK(inode("fixed") == inode("twin"));
  CHECK(files.read(folder / "copy").value() == "text");
  CHECK(!files.share(folder / "fixed", folder / "twin"));
}

TEST_CASE("a file that gets further names while it is hashed has not changed") {
  const TempFolder folder;
  DiskFiles files;
  const std::string text(std::size_t{4} << 20, 'x');
  REQUIRE(files.write(folder / "fixed", text, 0444, false));
  std::atomic<bool> over = false;
  std::thread linker([&] {
    while (!over) {
      ::link((folder / "fixed").c_str(), (folder / "twin").c_str());
      ::unlink((folder / "twin").c_str());
    }
  });
  for (int i = 0; i < 20; ++i) {
    const Result<FileHash> hash = files.hash(folder / "fixed", false);
    REQUIRE(hash);
    CHECK(hash->xxh == digest_of(text));
  }
  over = true;
  linker.join();
}

}  // namespace
}  // namespace devgraph
