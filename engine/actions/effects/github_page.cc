#include "engine/actions/effects/github_page.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

using nlohmann::json;

/// Empty: it is not there, or no text.
std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_at(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// Discarded if it is no JSON.
json parsed(const net::Answer& answer) {
  return json::parse(answer.body, nullptr, false);
}

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// `Validation Failed: name already_exists`, in brackets.
std::string github_words(const net::Answer& answer) {
  const json body = parsed(answer);
  std::string words = text_at(body, "message");
  if (words.empty()) return words_of(answer);
  const auto errors = body.find("errors");
  if (errors != body.end() && errors->is_array()) {
    for (const json& error : *errors) {
      const std::string message = text_at(error, "message");
      words += fmt::format(": {}", !message.empty()
                                       ? message
                                       : text_at(error, "field") + " " + text_at(error, "code"));
    }
  }
  return fmt::format(" ({})", printable(words));
}

/// Tags may hold slashes, which stay.
std::string path_of_tag(std::string_view tag) {
  std::string made;
  for (const std::string_view part : split(tag, '/')) {
    if (!made.empty()) made += '/';
    made += net::percent_encoded(part);
  }
  return made;
}

GithubAsset asset_of(const json& object) {
  GithubAsset asset;
  asset.id = number_at(object, "id");
  asset.name = text_at(object, "name");
  asset.is_whole = text_at(object, "state") == "uploaded";
  asset.size = number_at(object, "size");
  const std::string digest = text_at(object, "digest");
  if (digest.starts_with("sha256:")) asset.digest = digest;
  return asset;
}

/// Assets go to a host of their own, so a token does, too: beside api.X only to uploads.X.
bool may_get_token(const net::Url& api, const net::Url& uploads) {
  if (uploads.scheme != api.scheme) return false;
  if (uploads.host == api.host) return true;
  return api.host.starts_with("api.") && uploads.host == "uploads." + api.host.substr(4);
}

json text_fields(const GithubText& text) {
  json body = {{"prerelease", text.is_prerelease}};
  if (text.title) body["name"] = *text.title;
  if (text.notes) body["body"] = *text.notes;
  return body;
}

}  // namespace

std::string GithubPlace::page() const {
  return fmt::format("{}/{}/releases/tag/{}", web, repo, path_of_tag(tag));
}

std::string GithubPlace::download(std::string_view name) const {
  return fmt::format("{}/{}/releases/download/{}/{}", web, repo, path_of_tag(tag), name);
}

std::string GithubPage::url(std::string_view rest) const {
  return fmt::format("{}repos/{}{}", net::show(place_.api), place_.repo, rest);
}

std::uint64_t GithubPage::known() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return id_;
}

void GithubPage::know(std::uint64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  id_ = id;
}

Result<net::Request> GithubPage::request(std::string_view method, std::string url) const {
  net::Request request;
  request.method = method;
  request.url = std::move(url);
  request.follow = false;
  request.headers = {"Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28"};
  if (const Status done = add_login(context_, place_.login, request); !done)
    return std::unexpected(done.error());
  return request;
}

Result<net::Answer> GithubPage::send(std::string_view method, const std::string& url,
                                     const std::string& body) {
  Result<net::Request> request = this->request(method, url);
  if (!request) return std::unexpected(request.error());
  if (!body.empty()) {
    request->headers.emplace_back("Content-Type: application/json");
    request->body = body;
  }
  request->is_question = url.ends_with("/graphql");
  return ask(context_, *request);
}

Status GithubPage::order(std::string_view method, const std::string& url, const std::string& body) {
  const Result<net::Answer> answer = send(method, url, body);
  if (!answer) return std::unexpected(answer.error());
  const bool is_gone = method == "DELETE" && answer->status == net::kNotFound;
  if (answer->is_good() || is_gone) return {};
  return refused(method, url, *answer);
}

std::unexpected<Error> GithubPage::refused(std::string_view method, const std::string& url,
                                           const net::Answer& answer) const {
  const std::string said = fmt::format("{} answers {} to {}{}", net::shown(url), answer.status,
                                       method, github_words(answer));
  const std::string token = name_of(place_.login);
  if (answer.header("x-ratelimit-remaining") == "0") {
    return fail(fmt::format("{}: {} may ask no more for now; try again in an hour", said, token));
  }
  if (answer.status == net::kUnauthorized) {
    return fail(fmt::format("{}: it does not take {}", said, token), net::kRefusedLogin);
  }
  if (answer.status == net::kForbidden) {
    return fail(fmt::format("{}: {} may not do that; it needs to write the contents of {}", said,
                            token, place_.repo),
                net::kRefusedLogin);
  }
  if (answer.status >= 300 && answer.status < 400) {
    return fail(
        fmt::format("{}: {} has another name by now; write that as `repo`", said, place_.repo));
  }
  if (answer.status == net::kNotFound) {
    return fail(fmt::format("{}: it is not there, or {} may not see it", said, token));
  }
  return fail(said);
}

Status GithubPage::check_login() {
  return order("GET", url(""));
}

/// A tag that was pushed just now may need a moment.
Status GithubPage::check_tag() {
  const std::string asked = url("/git/ref/tags/" + path_of_tag(place_.tag));
  for (int attempts = 1;; ++attempts) {
    const Result<net::Answer> answer = send("GET", asked);
    if (!answer) return std::unexpected(answer.error());
    if (answer->is_good()) return {};
    if (answer->status != net::kNotFound) return refused("GET", asked, *answer);
    if (attempts == net::kAttempts) break;
    net::pause(attempts, {}, [&] { return stopped(context_); });
    if (stopped(context_)) return interrupted();
  }
  return fail(
      fmt::format("{} has no tag {}, and GitHub would make one at its default branch: push the tag "
                  "first, by `git_tag` in `after`",
                  place_.repo, printable(place_.tag)));
}

Result<GithubRelease> GithubPage::release_in(const std::string& url,
                                             const net::Answer& answer) const {
  const json body = parsed(answer);
  GithubRelease release;
  release.id = number_at(body, "id");
  release.is_draft = body.is_object() && body.value("draft", json()) == json(true);
  const std::string uploads = text_at(body, "upload_url");
  // It ends in a template for a query.
  release.uploads = uploads.substr(0, uploads.find('{'));
  if (release.id == 0 || text_at(body, "tag_name") != place_.tag) {
    return fail(fmt::format("{} gives no release of {}", net::shown(url), printable(place_.tag)));
  }
  const Result<net::Url> place = net::parse_url(release.uploads);
  if (place && may_get_token(place_.api, *place)) return release;
  return fail(fmt::format("{} wants files sent to `{}`, where the token is not sent",
                          net::shown(url), net::shown(release.uploads)));
}

Result<std::optional<GithubRelease>> GithubPage::get(const std::string& url) {
  const Result<net::Answer> answer = send("GET", url);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == net::kNotFound) return std::nullopt;
  if (!answer->is_good()) return refused("GET", url, *answer);
  Result<GithubRelease> release = release_in(url, *answer);
  if (!release) return std::unexpected(release.error());
  know(release->id);
  return *std::move(release);
}

Result<std::optional<GithubRelease>> GithubPage::find() {
  if (const std::uint64_t id = known(); id != 0) {
    Result<std::optional<GithubRelease>> found = get(url(fmt::format("/releases/{}", id)));
    if (!found || *found) return found;
    know(0);
  }
  Result<std::optional<GithubRelease>> found =
      get(url("/releases/tags/" + path_of_tag(place_.tag)));
  if (!found || *found) return found;
  return find_draft();
}

/// By REST a draft is found only in the list of all releases; by GraphQL at once, as gh does it.
Result<std::optional<GithubRelease>> GithubPage::find_draft() {
  constexpr std::string_view kVersion = "v3/";
  std::string where = net::show(place_.api);
  if (where.ends_with("/api/v3/")) where.resize(where.size() - kVersion.size());
  where += "graphql";
  const std::size_t slash = place_.repo.find('/');
  const json asked = {{"query",
                       "query($owner:String!,$name:String!,$tag:String!){repository(owner:$owner,"
                       "name:$name){release(tagName:$tag){databaseId}}}"},
                      {"variables",
                       {{"owner", place_.repo.substr(0, slash)},
                        {"name", place_.repo.substr(slash + 1)},
                        {"tag", place_.tag}}}};
  const Result<net::Answer> answer = send("POST", where, dumped(asked));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_good()) return refused("POST", where, *answer);
  const json body = parsed(*answer);
  const json::json_pointer path("/data/repository");
  const json repository = body.is_object() ? body.value(path, json()) : json();
  if (!repository.is_object()) {
    return fail(fmt::format("{} does not tell the drafts of {}{}", net::shown(where), place_.repo,
                            words_of(*answer)));
  }
  const std::uint64_t id = number_at(repository.value("release", json()), "databaseId");
  if (id == 0) return std::nullopt;
  return get(url(fmt::format("/releases/{}", id)));
}

Result<std::vector<GithubAsset>> GithubPage::assets(const GithubRelease& release) {
  constexpr std::size_t kPage = 100;
  std::vector<GithubAsset> found;
  for (int page = 1;; ++page) {
    const std::string asked =
        url(fmt::format("/releases/{}/assets?per_page={}&page={}", release.id, kPage, page));
    const Result<net::Answer> answer = send("GET", asked);
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_good()) return refused("GET", asked, *answer);
    const json body = parsed(*answer);
    if (!body.is_array()) return fail(fmt::format("{} gives no list", net::shown(asked)));
    for (const json& one : body)
      found.push_back(asset_of(one));
    if (body.size() < kPage) return found;
  }
}

Result<std::optional<GithubAsset>> GithubPage::asset(const GithubRelease& release,
                                                     std::string_view name) {
  const Result<std::vector<GithubAsset>> all = assets(release);
  if (!all) return std::unexpected(all.error());
  const auto found = std::ranges::find(*all, name, &GithubAsset::name);
  if (found == all->end()) return std::nullopt;
  return *found;
}

Result<std::string> GithubPage::hash_asset(const GithubAsset& asset, std::uint64_t most) {
  const std::string asked = url(fmt::format("/releases/assets/{}", asset.id));
  Result<net::Request> request = this->request("GET", asked);
  if (!request) return std::unexpected(request.error());
  request->headers.front() = "Accept: application/octet-stream";
  // To a storage of others, which curl does not tell the token.
  request->follow = true;
  request->is_safe = true;
  const Result<Fetched> fetched = fetch_digest(context_, *std::move(request), most);
  if (!fetched) return std::unexpected(fetched.error());
  if (fetched->is_long) return std::string();
  if (!fetched->answer.is_good()) return refused("GET", asked, fetched->answer);
  return "sha256:" + hex(fetched->digest);
}

/// A draft that was made just now may need a moment.
Result<bool> GithubPage::shows_up() {
  for (int attempts = 1;; ++attempts) {
    const Result<std::optional<GithubRelease>> found = find();
    if (!found) return std::unexpected(found.error());
    if (found->has_value() || attempts == net::kAttempts) return found->has_value();
    net::pause(attempts, {}, [&] { return stopped(context_); });
    if (stopped(context_)) return interrupted();
  }
}

/// An answer may be lost, and a second draft would be one too many: between two attempts it is
/// looked for.
Status GithubPage::create(const GithubText& text) {
  json body = text_fields(text);
  body["tag_name"] = place_.tag;
  body["draft"] = true;
  if (!text.title) body["name"] = place_.tag;
  const std::string content = dumped(body);
  const std::string where = url("/releases");
  const net::Stopped is_stopped = [&] { return stopped(context_); };
  for (int attempts = 1;; ++attempts) {
    Result<net::Request> request = this->request("POST", where);
    if (!request) return std::unexpected(request.error());
    request->headers.emplace_back("Content-Type: application/json");
    request->body = content;
    const auto answer = net::exchange(*request, is_stopped);
    if (is_stopped()) return interrupted();
    if (answer && answer->is_good()) {
      const Result<GithubRelease> made = release_in(where, *answer);
      if (!made) return std::unexpected(made.error());
      know(made->id);
      return {};
    }
    const bool again = answer ? net::is_transient(answer->status) : answer.error().again;
    if (again) net::pause(attempts, answer ? answer->header("retry-after") : "", is_stopped);
    const Result<bool> is_there = again ? shows_up() : false;
    if (!is_there) return std::unexpected(is_there.error());
    if (*is_there) return {};
    if (again && attempts < net::kAttempts) continue;
    if (answer) return refused("POST", where, *answer);
    return fail(fmt::format("{}: {}", net::shown(where), answer.error().message));
  }
}

Status GithubPage::publish(const GithubRelease& release, const GithubText& text) {
  json body = text_fields(text);
  body["draft"] = false;
  return order("PATCH", url(fmt::format("/releases/{}", release.id)), dumped(body));
}

Status GithubPage::hide(const GithubRelease& release) {
  return order("PATCH", url(fmt::format("/releases/{}", release.id)), R"({"draft":true})");
}

Status GithubPage::remove(const GithubRelease& release) {
  return order("DELETE", url(fmt::format("/releases/{}", release.id)));
}

Status GithubPage::remove(const GithubAsset& asset) {
  return order("DELETE", url(fmt::format("/releases/assets/{}", asset.id)));
}

std::expected<net::Answer, net::Fault> GithubPage::upload(const GithubRelease& release,
                                                          const std::string& name,
                                                          const PlannedFile& file) {
  Result<net::Request> request =
      this->request("POST", release.uploads + "?name=" + net::percent_encoded(name));
  if (!request) return std::unexpected(net::Fault{request.error().message, false, true});
  request->headers.emplace_back("Content-Type: application/octet-stream");
  request->body = file.bytes();
  request->sends = file.watch(0);
  return net::exchange(*request, [&] { return stopped(context_); });
}

Result<GithubAsset> GithubPage::uploaded(const net::Answer& answer) const {
  GithubAsset asset = asset_of(parsed(answer));
  if (asset.id == 0) return fail("the answer to an upload names no asset");
  return asset;
}

}  // namespace devgraph::actions
