/// A ref that only one release can make.

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/git_remote.h"
#include "engine/actions/net/http.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::string_view kRef = "refs/devgraph/lease";

/// Who holds it, a line each: for people who meet it.
std::string mark_of(const std::string& release) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return fmt::format("{}\non {}, process {}, since {}\n", release, host.data(), ::getpid(),
                     time.data());
}

class GitLease final : public Lease {
 public:
  explicit GitLease(const Context& context)
      : context_(context), remote_(string_arg(context, "remote")) {}

  std::string target() const override { return net::shown(remote_); }

  Status take(const std::string& release, const std::vector<std::string>& own) override {
    Git git(context_);
    const Result<std::string> object = git({"hash-object", "-w", "--stdin"}, mark_of(release));
    if (!object) return std::unexpected(object.error());
    object_ = trim(*object);
    Status done = push({});
    if (done) return done;
    const Result<RemoteRef> there = ask_remote(context_, remote_, std::string(kRef));
    if (!there) return std::unexpected(there.error());
    if (there->object.empty()) return done;  // It was refused for another reason.
    const Result<std::string> held = read(there->object);
    if (!held) return std::unexpected(held.error());
    const std::string holder = held->substr(0, held->find('\n'));
    if (std::ranges::find(own, holder) != own.end()) return push(there->object);
    return fail(fmt::format("another release is going on at {}: {}", target(),
                            printable(trim(std::string_view(*held).substr(holder.size())))));
  }

  Status drop() override {
    Git git(context_);
    const auto done =
        git({"push", "--quiet", fmt::format("--force-with-lease={}:{}", kRef, object_), remote_,
             fmt::format(":{}", kRef)});
    return done ? Status() : std::unexpected(done.error());
  }

 private:
  /// `instead`: what the remote has to have there; empty: nothing.
  Status push(const std::string& instead) {
    Git git(context_);
    const auto done =
        git({"push", "--quiet", fmt::format("--force-with-lease={}:{}", kRef, instead), remote_,
             fmt::format("{}{}:{}", instead.empty() ? "" : "+", object_, kRef)});
    return done ? Status() : std::unexpected(done.error());
  }
  Result<std::string> read(const std::string& object) {
    Git git(context_);
    const auto come =
        git({"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote_, std::string(kRef)});
    if (!come) return std::unexpected(come.error());
    return git({"cat-file", "blob", object});
  }

  const Context& context_;
  std::string remote_;
  std::string object_;
};

}  // namespace

std::unique_ptr<Lease> lease_git(const Context& context) {
  return std::make_unique<GitLease>(context);
}

}  // namespace devgraph::actions
