#include "engine/exec/image_layers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/actions/oci/config.h"
#include "engine/actions/oci/layer.h"
#include "engine/base/fd.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestLayer = std::uint64_t{1} << 40;
// Up to this size a layer is never a bomb; above it, it may be a thousand times as large as packed.
constexpr std::uint64_t kFreeSize = std::uint64_t{1} << 30;
constexpr std::uint64_t kRatio = 1000;
constexpr std::size_t kNameLength = 24;  // All lower folders have to fit into one page of options.
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

/// tar with its standard input at the other end of a pipe.
class Tar {
 public:
  explicit Tar(const std::string& folder) : folder_(folder) {}
  ~Tar() {
    pipe_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  Tar(const Tar&) = delete;
  Tar& operator=(const Tar&) = delete;

  Status start();
  Status feed(std::string_view bytes);
  Status finish();

 private:
  std::string folder_;
  pid_t pid_ = -1;
  Fd pipe_;
};

Status Tar::start() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  Fd read_end(ends[0]);
  pipe_ = Fd(ends[1]);
  // This process has one thread, so the child may do as it likes.
  pid_ = ::fork();
  if (pid_ < 0) return fail_errno("cannot start tar", errno);
  if (pid_ == 0) {
    ::dup2(read_end.get(), STDIN_FILENO);
    const char* owner = ::geteuid() == 0 ? "--same-owner" : "--no-same-owner";
    // Commands get devices from here, never those of an image: without root none can be made.
    const std::array words = {"tar",
                              "--extract",
                              "--file=-",
                              "--directory",
                              folder_.c_str(),
                              owner,
                              "--numeric-owner",
                              "--anchored",
                              "--exclude=dev/*",
                              "--exclude=./dev/*",
                              static_cast<const char*>(nullptr)};
    // Nothing of what the caller has, TAR_OPTIONS least of all.
    const std::array environment = {"LC_ALL=C.UTF-8", static_cast<const char*>(nullptr)};
    // execvpe does not write to them.
    ::execvpe("tar", const_cast<char* const*>(words.data()),
              const_cast<char* const*>(environment.data()));
    ::_exit(127);
  }
  return {};
}

Status Tar::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    // Behind the end of an archive tar reads no more; its status says whether all is well.
    if (wrote < 0 && errno == EPIPE) return {};
    if (wrote < 0) return fail_errno("tar takes no more", errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Status Tar::finish() {
  pipe_.reset();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("tar cannot unpack it");
}

/// What a layer takes away, in the words of overlayfs: a device 0/0, or an attribute of the folder.
Status convert_whiteouts(const std::string& folder) {
  const char* opaque = ::geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().filename().native().starts_with(kWhiteout)) found.push_back(at->path());
  }
  if (failed) return fail_errno("cannot read the layer", failed.value());
  for (const fs::path& mark : found) {
    const std::string name = mark.filename().native();
    const fs::path parent = mark.parent_path();
    fs::remove(mark, failed);
    if (name == kOpaque) {
      if (::setxattr(parent.c_str(), opaque, "y", 1, 0) != 0) {
        return fail_errno("cannot mark a folder that a layer empties", errno);
      }
      continue;
    }
    const fs::path gone = parent / name.substr(kWhiteout.size());
    if (::mknod(gone.c_str(), S_IFCHR, ::makedev(0, 0)) != 0 && errno != EEXIST) {
      return fail_errno("cannot mark a file that a layer takes away", errno);
    }
  }
  return {};
}

Status unpack(Files& files, const std::string& blob, const std::string& folder) {
  const Result<std::unique_ptr<MappedFile>> file = files.map(blob);
  if (!file) return std::unexpected(file.error());
  const std::string_view bytes = (*file)->bytes();
  const std::uint64_t largest =
      std::min<std::uint64_t>(kLargestLayer, std::max(kFreeSize, bytes.size() * kRatio));
  Tar tar(folder);
  if (Status done = tar.start(); !done) return done;
  const Status fed = oci::archive_type(bytes) == oci::kTarType
                         ? tar.feed(bytes)
                         : oci::decompress(bytes, largest,
                                           [&](std::string_view block) { return tar.feed(block); });
  const Status done = tar.finish();
  if (!fed) return fed;
  if (!done) return done;
  return convert_whiteouts(folder);
}

/// One layer, if nobody unpacks it meanwhile.
Status provide(Files& files, const std::string& blob, const std::string& folder) {
  const Result<FileStat> there = files.lstat(folder);
  if (!there) return std::unexpected(there.error());
  if (there->exists()) return {};
  const std::string lock_path = folder + ".lock";
  const Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail_errno(fmt::format("cannot open {}", printable(lock_path)), errno);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("cannot wait for another process", errno);
  }
  const Result<FileStat> now = files.lstat(folder);
  if (!now) return std::unexpected(now.error());
  if (now->exists()) return {};
  const std::string part = folder + ".part";
  if (Status done = files.remove_all(part); !done) return done;
  if (Status done = files.make_folders(part); !done) return done;
  if (Status done = unpack(files, blob, part); !done) return done;
  if (Status done = files.rename(part, folder); !done) return done;
  return files.remove(lock_path);
}

}  // namespace

Result<std::vector<LayerPlace>> layers_of(const oci::Layout& layout, const oci::FoundImage& image) {
  std::vector<LayerPlace> places;
  for (const oci::Descriptor& layer : image.manifest.layers) {
    if (oci::is_foreign(layer.media_type)) return fail("it has layers that are not kept with it");
    places.push_back({oci::show(layer.digest), layout.blob(layer.digest),
                      hex(layer.digest).substr(0, kNameLength)});
  }
  return places;
}

Status unpack_layers(Files& files, const std::vector<LayerPlace>& layers,
                     const std::string& store) {
  if (Status done = files.make_folders(store); !done) return done;
  // It holds other people's programs, with the rights that they had.
  if (Status done = files.chmod(store, 0700); !done) return done;
  // tar says what is wrong in its own words; a signal would end this process without any.
  std::signal(SIGPIPE, SIG_IGN);
  for (const LayerPlace& layer : layers) {
    if (Status done = provide(files, layer.blob, join_path(store, layer.folder)); !done) {
      return fail(fmt::format("layer {}: {}", layer.name, done.error().message));
    }
  }
  return {};
}

}  // namespace devgraph::exec
