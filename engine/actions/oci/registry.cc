#include "engine/actions/oci/registry.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/oci/challenge.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using net::Answer;
using net::Fault;
using net::Request;
using nlohmann::json;

const char* const kAccept =
    "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

bool is_loopback(std::string_view host) {
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name.starts_with("127.") || host.starts_with("[::1]");
}

/// docker.io is a name; its registry is elsewhere.
std::string server_of(const std::string& host) {
  return host == "docker.io" ? "registry-1.docker.io" : host;
}

std::string pull(const std::string& repository) {
  return fmt::format("repository:{}:pull", repository);
}
std::string push(const std::string& repository) {
  return fmt::format("repository:{}:pull,push", repository);
}

/// The words of the registry's own error document.
std::string words_of(const std::string& body) {
  const json document = json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("errors")) return {};
  std::string words;
  for (const json& one : document["errors"]) {
    if (!one.is_object()) continue;
    const std::string text = one.value("message", one.value("code", std::string()));
    words += (words.empty() ? "" : "; ") + text;
  }
  return words;
}

Refusal no_answer(const std::string& host, const Fault& fault) {
  return Refusal{fmt::format("{}: {}", host, fault.message), 0, !fault.local};
}

}  // namespace

Registry::Registry(std::string host, Credentials credentials, net::Stopped stopped)
    : host_(std::move(host)), credentials_(std::move(credentials)), stopped_(std::move(stopped)) {
  if (!is_loopback(host_)) scheme_ = "https";
}

std::string Registry::url(const std::string& repository, std::string_view rest) const {
  return fmt::format("/v2/{}/{}", repository, rest);
}

Refusal Registry::refused(const Request& request, const Answer& answer) const {
  std::string why = words_of(answer.body);
  if (answer.status == net::kUnauthorized || answer.status == net::kForbidden) {
    why = credentials_.is_empty()
              ? fmt::format("there is no login for {0}; run  docker login {0}", host_)
              : fmt::format("the login for {} may not do this{}{}", host_, why.empty() ? "" : ": ",
                            why);
  }
  const std::string words = fmt::format("{} answers {} to {}{}{}", host_, answer.status,
                                        request.method, why.empty() ? "" : ": ", printable(why));
  return Refusal{words, answer.status, false};
}

Reply<std::string> Registry::fetch_token(const std::map<std::string, std::string>& challenge,
                                         const std::string& scope) {
  const auto parameter = [&](const char* name) {
    const auto found = challenge.find(name);
    return found == challenge.end() ? std::string() : found->second;
  };
  const std::string realm = parameter("realm");
  const bool is_safe = realm.starts_with("https://") || is_loopback(host_);
  if (realm.empty() || !is_safe) {
    return std::unexpected(Refusal{fmt::format("{} asks for a login at `{}`, where nothing is sent",
                                               host_, printable(realm))});
  }
  Request request;
  const std::string question =
      fmt::format("service={}&scope={}", net::percent_encoded(parameter("service")),
                  net::percent_encoded(scope));
  std::string form;
  if (!credentials_.identity_token.empty()) {
    form = fmt::format("grant_type=refresh_token&client_id=devgraph&refresh_token={}&{}",
                       net::percent_encoded(credentials_.identity_token), question);
    request.method = "POST";
    request.is_question = true;
    request.url = realm;
    request.body = form;
    request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
  } else {
    request.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") + question;
    if (!credentials_.user.empty()) {
      request.headers.push_back("Authorization: Basic " +
                                base64(credentials_.user + ":" + credentials_.password));
    }
  }
  const auto answer = net::exchange(request, stopped_);
  if (!answer) return std::unexpected(no_answer(host_, answer.error()));
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  const json document = json::parse(answer->body, nullptr, false);
  if (document.is_object()) {
    for (const char* name : {"token", "access_token"}) {
      if (document.contains(name) && document[name].is_string()) {
        return "Authorization: Bearer " + document[name].get<std::string>();
      }
    }
  }
  return std::unexpected(Refusal{fmt::format("the token server of {} gives no token", host_)});
}

Reply<std::string> Registry::authorize(const std::string& challenge, const std::string& scope) {
  const Challenge wanted = parse_challenge(challenge);
  if (wanted.scheme == "bearer") return fetch_token(wanted.parameters, scope);
  if (wanted.scheme == "basic" && !credentials_.user.empty()) {
    return "Authorization: Basic " + base64(credentials_.user + ":" + credentials_.password);
  }
  return std::string();
}

Registry::Known Registry::known(const std::string& scope) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto header = header_.find(scope);
  return Known{scheme_, header == header_.end() ? std::string() : header->second};
}

/// One exchange with what is known; finds out whether the server speaks HTTPS or HTTP.
Reply<Answer> Registry::send(Request& request, const std::string& target, const Known& known) {
  const bool is_path = target.starts_with('/');
  std::string scheme = known.scheme.empty() ? "https" : known.scheme;
  const auto base = [&] { return scheme + "://" + server_of(host_); };
  // An upload may go to a store elsewhere, whose address is its own permission.
  const bool is_ours = is_path || target.starts_with(base() + "/");
  if (is_ours && !known.header.empty()) request.headers.push_back(known.header);
  request.url = is_path ? base() + target : target;
  auto answer = net::exchange(request, stopped_);
  if (!answer && is_path && known.scheme.empty() && !answer.error().local) {
    scheme = "http";
    request.url = base() + target;
    answer = net::exchange(request, stopped_);
  }
  if (!answer) return std::unexpected(no_answer(host_, answer.error()));
  if (is_path && known.scheme.empty()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    scheme_ = scheme;
  }
  return std::move(*answer);
}

/// Logs in when the server asks for it.
Reply<Answer> Registry::ask_once(const Request& request, const std::string& scope) {
  Request first = request;
  Reply<Answer> answer = send(first, request.url, known(scope));
  if (!answer || answer->status != 401) return answer;
  Reply<std::string> header = authorize(answer->header("www-authenticate"), scope);
  if (!header) return std::unexpected(header.error());
  if (header->empty()) return answer;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    header_[scope] = std::move(*header);
  }
  Request second = request;
  return send(second, request.url, known(scope));
}

Reply<Answer> Registry::ask(const Request& request, const std::string& scope) {
  for (int attempts = 1;; ++attempts) {
    Reply<Answer> answer = ask_once(request, scope);
    const bool again = answer ? net::is_transient(answer->status) : answer.error().unreachable;
    if (!again || attempts == net::kAttempts || stopped_()) return answer;
    net::pause(attempts, answer ? answer->header("retry-after") : std::string(), stopped_);
  }
}

Reply<void> Registry::check_login(const std::string& repository) {
  Request request;
  request.url = "/v2/";
  const Reply<Answer> answer = ask(request, push(repository));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  return {};
}

Reply<std::optional<Descriptor>> Registry::head_manifest(const std::string& repository,
                                                         const std::string& reference) {
  Request request;
  request.method = "HEAD";
  request.url = url(repository, "manifests/" + reference);
  request.headers.emplace_back(kAccept);
  const Reply<Answer> answer = ask(request, pull(repository));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == net::kNotFound) return std::nullopt;
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  const Result<Sha256> digest = parse_oci_digest(answer->header("docker-content-digest"));
  if (!digest) {
    const Reply<Document> document = get_manifest(repository, reference);
    if (!document) return std::unexpected(document.error());
    return document->descriptor;
  }
  Descriptor found;
  found.media_type = answer->header("content-type");
  found.digest = *digest;
  found.size = std::strtoull(answer->header("content-length").c_str(), nullptr, 10);
  return found;
}

Reply<Registry::Document> Registry::get_manifest(const std::string& repository,
                                                 const std::string& reference) {
  Request request;
  request.url = url(repository, "manifests/" + reference);
  request.headers.emplace_back(kAccept);
  Reply<Answer> answer = ask(request, pull(repository));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  Document made{describe(answer->header("content-type"), answer->body), std::move(answer->body)};
  const Result<Sha256> wanted = parse_oci_digest(reference);
  if (wanted && *wanted != made.descriptor.digest) {
    return std::unexpected(Refusal{fmt::format("{} gives other bytes for {}", host_, reference)});
  }
  return made;
}

Reply<bool> Registry::has_blob(const std::string& repository, const Sha256& digest) {
  Request request;
  request.method = "HEAD";
  request.url = url(repository, "blobs/" + show(digest));
  const Reply<Answer> answer = ask(request, pull(repository));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == net::kNotFound) return false;
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  return true;
}

Reply<void> Registry::get_blob(const std::string& repository, const Descriptor& blob,
                               const std::function<Status(std::string_view)>& take) {
  Sha256Hasher hash;
  std::uint64_t size = 0;
  Request request;
  request.url = url(repository, "blobs/" + show(blob.digest));
  request.take = [&](std::string_view block) -> Status {
    size += block.size();
    if (size > blob.size) return fail(fmt::format("{} sends more than the size says", host_));
    hash.bytes(block);
    return take(block);
  };
  const Reply<Answer> answer = ask(request, pull(repository));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  if (size == blob.size && hash.finish() == blob.digest) return {};
  return std::unexpected(
      Refusal{fmt::format("{} gives other bytes for {}", host_, show(blob.digest))});
}

Reply<void> Registry::push_manifest(const std::string& repository, const std::string& reference,
                                    std::string_view media_type, std::string_view bytes) {
  Request request;
  request.method = "PUT";
  request.url = url(repository, "manifests/" + reference);
  request.body = bytes;
  request.headers = {fmt::format("Content-Type: {}", media_type)};
  const Reply<Answer> answer = ask(request, push(repository));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 201) return std::unexpected(refused(request, *answer));
  return {};
}

Reply<bool> Registry::mount_blob(const std::string& repository, const Sha256& digest,
                                 const std::string& from) {
  Request request;
  request.method = "POST";
  request.url =
      url(repository, fmt::format("blobs/uploads/?mount={}&from={}",
                                  net::percent_encoded(show(digest)), net::percent_encoded(from)));
  request.body = std::string_view();
  const Reply<Answer> answer = ask(request, push(repository));
  if (!answer) return std::unexpected(answer.error());
  return answer->status == net::kCreated;
}

Reply<bool> Registry::lists_referrers(const std::string& repository, const Sha256& digest) {
  Request request;
  request.url = url(repository, "referrers/" + show(digest));
  request.headers = {fmt::format("Accept: {}", kIndexType)};
  const Reply<Answer> answer = ask(request, pull(repository));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == net::kNotFound) return false;
  if (!answer->is_good()) return std::unexpected(refused(request, *answer));
  return true;
}

}  // namespace devgraph::oci
