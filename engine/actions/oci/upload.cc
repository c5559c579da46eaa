/// How a blob gets into a repository (distribution-spec 1.1, "Pushing blobs"): by naming a
/// repository of the same server that has it, else in one piece; what is broken off goes on where
/// the server says it stopped.

#include <charconv>

#include <fmt/format.h>

#include "engine/actions/oci/registry.h"

namespace devgraph::oci {

namespace {

using net::Answer;
using net::Request;

/// Which repository of a server has a blob, as far as this process knows.
class Seen {
 public:
  void add(const std::string& host, const Sha256& digest, const std::string& repository) {
    const std::lock_guard<std::mutex> lock(mutex_);
    seen_.try_emplace({host, digest}, repository);
  }
  std::string find(const std::string& host, const Sha256& digest) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto held = seen_.find({host, digest});
    return held == seen_.end() ? std::string() : held->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, Sha256>, std::string> seen_;
};

Seen& seen() {
  static Seen all;
  return all;
}

std::string scope_of(const std::string& repository) {
  return fmt::format("repository:{}:pull,push", repository);
}

/// Behind the last byte that the server has: 100 of `0-99`.
std::size_t end_of_range(const std::string& range) {
  const std::size_t dash = range.find('-');
  std::size_t last = 0;
  if (dash == std::string::npos) return 0;
  const char* end = range.data() + range.size();
  const auto [stop, problem] = std::from_chars(range.data() + dash + 1, end, last);
  // Servers say `0-0` of nothing, too.
  return problem == std::errc{} && stop == end && last > 0 ? last + 1 : 0;
}

}  // namespace

/// One blob on its way.
class Upload {
 public:
  Upload(Registry& registry, std::string repository, const Sha256& digest, std::string_view bytes)
      : registry_(registry), repository_(std::move(repository)), digest_(digest), bytes_(bytes) {}

  /// True if bytes went over the wire.
  Reply<bool> run();

 private:
  Reply<bool> begin();
  Reply<std::size_t> offset();
  Reply<Answer> send(std::size_t offset);
  Reply<Answer> finish(std::string_view bytes);
  std::unexpected<Refusal> refused(const Request& request, const Answer& answer) const {
    return std::unexpected(registry_.refused(request, answer));
  }

  Registry& registry_;
  std::string repository_;
  Sha256 digest_;
  std::string_view bytes_;
  std::string location_;  ///< Of the upload that was begun; empty for none.
};

/// Opens an upload. True if the server took the blob over from another repository instead.
Reply<bool> Upload::begin() {
  const std::string other = seen().find(registry_.host(), digest_);
  Request request;
  request.method = "POST";
  request.url = registry_.url(repository_, "blobs/uploads/");
  request.body = std::string_view();
  if (!other.empty() && other != repository_) {
    Request mount = request;
    mount.url += fmt::format("?mount={}&from={}", net::percent_encoded(show(digest_)),
                             net::percent_encoded(other));
    const Reply<Answer> answer = registry_.ask(mount, scope_of(repository_));
    if (answer && answer->status == net::kCreated) return true;
    if (answer && answer->status == net::kAccepted) location_ = answer->header("location");
    if (!location_.empty()) return false;
  }
  const Reply<Answer> answer = registry_.ask(request, scope_of(repository_));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 202) return refused(request, *answer);
  location_ = answer->header("location");
  if (!location_.empty()) return false;
  return std::unexpected(Refusal{fmt::format("{} does not say where to upload", registry_.host())});
}

/// How much the server has of an upload that broke off. Where it does not say, the upload begins
/// anew.
Reply<std::size_t> Upload::offset() {
  Request request;
  request.url = location_;
  const Reply<Answer> answer = registry_.ask(request, scope_of(repository_));
  if (!answer) return std::unexpected(answer.error());
  const std::size_t end = answer->is_good() ? end_of_range(answer->header("range")) : 0;
  if (end == 0 || end > bytes_.size()) {
    location_.clear();
    return 0;
  }
  if (const std::string next = answer->header("location"); !next.empty()) location_ = next;
  return end;
}

Reply<Answer> Upload::finish(std::string_view bytes) {
  Request put;
  put.method = "PUT";
  put.url = location_ + (location_.find('?') == std::string::npos ? "?" : "&") +
            "digest=" + net::percent_encoded(show(digest_));
  put.body = bytes;
  put.headers = {"Content-Type: application/octet-stream"};
  return registry_.ask_once(put, scope_of(repository_));
}

Reply<Answer> Upload::send(std::size_t offset) {
  if (offset == 0) return finish(bytes_);
  if (offset < bytes_.size()) {
    Request patch;
    patch.method = "PATCH";
    patch.url = location_;
    patch.body = bytes_.substr(offset);
    patch.headers = {"Content-Type: application/octet-stream",
                     fmt::format("Content-Range: {}-{}", offset, bytes_.size() - 1)};
    Reply<Answer> answer = registry_.ask_once(patch, scope_of(repository_));
    if (!answer || answer->status != 202) return answer;
    if (const std::string next = answer->header("location"); !next.empty()) location_ = next;
  }
  return finish({});
}

Reply<bool> Upload::run() {
  for (int attempts = 1;; ++attempts) {
    std::size_t have = 0;
    if (!location_.empty()) {
      const Reply<std::size_t> found = offset();
      if (!found) return std::unexpected(found.error());
      have = *found;
    }
    if (location_.empty()) {
      const Reply<bool> mounted = begin();
      if (!mounted) return std::unexpected(mounted.error());
      if (*mounted) return false;
    }
    const Reply<Answer> answer = send(have);
    if (answer && answer->status == net::kCreated) return true;
    const bool again = answer ? net::is_transient(answer->status) : answer.error().unreachable;
    // What went on in the middle may not fit; the whole of it does.
    if (answer && have != 0) location_.clear();
    if ((!again && have == 0) || attempts == net::kAttempts || registry_.stopped_()) {
      if (!answer) return std::unexpected(answer.error());
      Request put;
      put.method = "PUT";
      return refused(put, *answer);
    }
    net::pause(attempts, answer ? answer->header("retry-after") : std::string(),
               registry_.stopped_);
  }
}

Reply<bool> Registry::push_blob(const std::string& repository, const Sha256& digest,
                                std::string_view bytes) {
  const Reply<bool> there = has_blob(repository, digest);
  if (!there) return std::unexpected(there.error());
  Reply<bool> sent = false;
  if (!*there) sent = Upload(*this, repository, digest, bytes).run();
  if (sent) seen().add(host_, digest, repository);
  return sent;
}

}  // namespace devgraph::oci
