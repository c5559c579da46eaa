#include "engine/actions/effects/upload_folder.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/net/s3.h"
#include "engine/actions/oci/credentials.h"
#include "engine/base/text.h"

namespace devgraph::actions {

bool is_absent(const net::Answer& answer) {
  return answer.status == net::kNotFound || answer.status == net::kGone;
}

Result<Folder> folder_of(const Context& context) {
  Folder folder;
  folder.url = string_arg(context, "to");
  folder.is_s3 = net::is_s3(folder.url);
  folder.login.user = string_arg(context, "user");
  folder.login.secret = secret_arg(context, "password").value_or(std::string_view());
  if (!folder.login.user.empty() && folder.login.secret.empty()) {
    return fail(
        fmt::format("`user` is `{}`, and `password` is not given: write  password = "
                    "secret(\"NAME\")",
                    printable(folder.login.user)));
  }
  if (folder.login.user.find(':') != std::string::npos) {
    return fail(
        fmt::format("`user` is `{}`, which no user is called", printable(folder.login.user)));
  }
  if (!folder.is_s3) {
    const Result<net::Url> url = sending_url("to", folder.url);
    if (!url) return std::unexpected(url.error());
    folder.url = net::show(*url);
    return folder;
  }
  if (!folder.url.ends_with('/')) folder.url += '/';
  if (folder.login.user.empty() && !folder.login.secret.empty()) {
    return fail(
        "`password` is given and `user` is not: of s3:// they are the secret key and the "
        "key id");
  }
  return folder;
}

Result<net::Request> request_for(const Context& context, const Folder& folder,
                                 const std::string& method, const std::string& name,
                                 const Sha256& body) {
  net::Request request;
  if (folder.is_s3) {
    net::S3Options options{.method = method, .body = body};
    if (!folder.login.secret.empty() && can_log_in(context, folder.login)) {
      const Result<std::string> value = context.secret(folder.login.secret);
      if (!value) return std::unexpected(value.error());
      options.key_id = folder.login.user;
      options.secret = trim(*value);
    }
    Result<net::Request> made = net::s3_request(folder.url + name, options);
    if (!made) return made;
    request = *std::move(made);
  } else {
    request.method = method;
    request.url = folder.url + net::percent_encoded(name);
    if (const Status done = add_login(context, folder.login, request); !done) {
      return std::unexpected(done.error());
    }
  }
  // What is sent goes where it was said to go, and so does the question before it.
  request.follow = false;
  return request;
}

std::unexpected<Error> refused(const Folder& folder, const net::Request& request,
                               const net::Answer& answer) {
  const std::string where = net::shown(request.url);
  const std::string said = fmt::format("{} answers {} to {}", where, answer.status, request.method);
  if (answer.status >= 300 && answer.status < 400 && !answer.header("location").empty()) {
    return fail(fmt::format("{}: nothing is sent on to {}; write its folder as `to` if it is right",
                            said,
                            net::shown(net::resolved(request.url, answer.header("location")))));
  }
  const bool is_login = answer.status == net::kUnauthorized || answer.status == net::kForbidden;
  if (folder.is_s3 && (folder.login.secret.empty() || !is_login)) {
    // A HEAD has no words; and without leave to list, what is absent is forbidden.
    const bool may_be_list = answer.status == net::kForbidden && request.method == "HEAD";
    return fail(said + net::s3_refusal(answer) +
                    (may_be_list ? ", or have no leave for s3:GetObject and s3:ListBucket, which "
                                   "looking needs"
                                 : ""),
                net::code_of(answer.status));
  }
  if (is_login) {
    return fail(
        fmt::format("{}{}: it does not take {}{}", said, words_of(answer), name_of(folder.login),
                    folder.login.secret.empty() && answer.status == net::kUnauthorized
                        ? ", or that has no login for it; give `user` and `password`"
                        : ""),
        net::code_of(answer.status));
  }
  if (answer.status == net::kNotAllowed) {
    return fail(fmt::format("{}{}: no WebDAV is spoken there", said, words_of(answer)));
  }
  return fail(said + words_of(answer));
}

std::string told_digest(const Folder& folder, const net::Answer& answer) {
  if (!folder.is_s3) {
    // Artifactory says so.
    const std::optional<Sha256> told = parse_sha256(answer.header("x-checksum-sha256"));
    return told ? hex(*told) : std::string();
  }
  if (const auto ours = parse_sha256(answer.header("x-amz-meta-sha256"))) return hex(*ours);
  // In parts, it is a digest of digests, with their number behind a dash, which is no base64.
  const auto bytes = oci::base64_decoded(answer.header("x-amz-checksum-sha256"));
  Sha256 digest;
  if (!bytes || bytes->size() != digest.bytes.size()) return {};
  std::ranges::transform(*bytes, digest.bytes.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return hex(digest);
}

}  // namespace devgraph::actions
