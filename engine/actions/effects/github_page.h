#pragma once
/// A release on GitHub by its REST API (docs.github.com/rest/releases), version 2022-11-28.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/effects/over_http.h"

namespace devgraph::actions {

/// Which release, and who asks for it.
struct GithubPlace {
  net::Url api;      ///< `https://api.github.com/`, `https://HOST/api/v3/`; with `/` at its end.
  std::string web;   ///< `https://github.com`
  std::string repo;  ///< `OWNER/NAME`
  std::string tag;
  Login login;

  std::string page() const;
  std::string download(std::string_view name) const;
};
/// From `api` and `token` alone; `repo` may be empty.
Result<GithubPlace> github_server(const Context& context);
/// With the repository: of `repo`, or of the remote `origin`.
Result<GithubPlace> github_place(const Context& context);
/// GitHub itself, which its tokens are for.
bool is_github(const GithubPlace& place);

struct GithubAsset {
  std::uint64_t id = 0;
  std::string name;
  bool is_whole = false;  ///< Else it holds a name, and nothing can be had: its upload failed.
  std::uint64_t size = 0;
  std::string digest;  ///< `sha256:…`; empty: the server tells none.
};

struct GithubRelease {
  std::uint64_t id = 0;
  bool is_draft = false;
  std::string uploads;  ///< Where assets are sent.
};

/// What people read of it. Without a value, what is there stays.
struct GithubText {
  std::optional<std::string> title;
  std::optional<std::string> notes;
  bool is_prerelease = false;
};

/// Several threads may ask it.
class GithubPage {
 public:
  GithubPage(const Context& context, GithubPlace place)
      : context_(context), place_(std::move(place)) {}

  const GithubPlace& place() const { return place_; }
  /// That the repository is there, and the token is taken.
  Status check_login();
  /// That the tag is there: publishing would make a missing one, wherever the default branch is.
  Status check_tag();

  /// None: no release has this tag. A published one goes before a draft.
  Result<std::optional<GithubRelease>> find();
  Result<std::vector<GithubAsset>> assets(const GithubRelease& release);
  Result<std::optional<GithubAsset>> asset(const GithubRelease& release, std::string_view name);
  /// The digest of what is behind an asset; empty: it has more than `most` bytes.
  Result<std::string> hash_asset(const GithubAsset& asset, std::uint64_t most);

  /// A draft, unless there is a release.
  Status create(const GithubText& text);
  Status publish(const GithubRelease& release, const GithubText& text);
  /// Makes it a draft again.
  Status hide(const GithubRelease& release);
  Status remove(const GithubRelease& release);
  Status remove(const GithubAsset& asset);
  /// One attempt, of any status.
  std::expected<net::Answer, net::Fault> upload(const GithubRelease& release,
                                                const std::string& name, const PlannedFile& file);
  /// The asset of a good answer to an upload.
  Result<GithubAsset> uploaded(const net::Answer& answer) const;

  /// What an answer that refuses means.
  std::unexpected<Error> refused(std::string_view method, const std::string& url,
                                 const net::Answer& answer) const;

 private:
  Result<net::Request> request(std::string_view method, std::string url) const;
  std::string url(std::string_view rest) const;
  Result<net::Answer> send(std::string_view method, const std::string& url,
                           const std::string& body = {});
  Status order(std::string_view method, const std::string& url, const std::string& body = {});
  Result<std::optional<GithubRelease>> get(const std::string& url);
  Result<std::optional<GithubRelease>> find_draft();
  Result<bool> shows_up();
  Result<GithubRelease> release_in(const std::string& url, const net::Answer& answer) const;
  std::uint64_t known() const;
  void know(std::uint64_t id);

  const Context& context_;
  GithubPlace place_;
  mutable std::mutex mutex_;
  std::uint64_t id_ = 0;  ///< Guarded by `mutex_`. 0: not known.
};

}  // namespace devgraph::actions
