#include "engine/actions/net/s3.h"

#include <cstdlib>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::net {

namespace {

constexpr std::string_view kScheme = "s3://";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(trim(value));
}

std::string first_of(const char* name, const char* other) {
  const std::string value = variable(name);
  return value.empty() ? variable(other) : value;
}

/// The key in a URL: its slashes stay.
std::string encoded_key(std::string_view key) {
  std::string made;
  for (const std::string_view part : split(key, '/'))
    made += "/" + percent_encoded(part);
  return made;
}

/// The bucket in the name of the host, as AWS wants it; a name with dots fits no certificate.
std::string address_of(std::string_view bucket, const std::string& region) {
  const std::string host = fmt::format("s3.{}.amazonaws.com", region);
  if (bucket.find('.') != std::string_view::npos) return fmt::format("https://{}/{}", host, bucket);
  return fmt::format("https://{}.{}", bucket, host);
}

bool is_bucket(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             std::string_view::npos;
}

}  // namespace

bool is_s3(std::string_view url) {
  return url.starts_with(kScheme);
}

Result<Request> s3_request(std::string_view url, const S3Options& options) {
  const std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  const std::string_view bucket = rest.substr(0, slash);
  const bool has_key = slash != std::string_view::npos && slash + 1 != rest.size();
  if ((!has_key && options.method != "HEAD") || !is_bucket(bucket)) {
    return fail(fmt::format("`{}` is not of the form s3://BUCKET/KEY", printable(url)));
  }
  std::string region = first_of("AWS_REGION", "AWS_DEFAULT_REGION");
  if (region.empty()) region = "us-east-1";
  std::string endpoint = first_of("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  if (!endpoint.empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    return fail(
        fmt::format("AWS_ENDPOINT_URL is `{}`, which is no http: or https: URL", shown(endpoint)));
  }
  while (endpoint.ends_with('/'))
    endpoint.pop_back();

  Request request;
  request.method = options.method;
  const std::string address =
      endpoint.empty() ? address_of(bucket, region) : fmt::format("{}/{}", endpoint, bucket);
  request.url = address + (has_key ? encoded_key(rest.substr(slash + 1)) : "/");
  const bool is_given = !options.key_id.empty();
  const std::string key_id = is_given ? options.key_id : variable("AWS_ACCESS_KEY_ID");
  const std::string secret = is_given ? options.secret : variable("AWS_SECRET_ACCESS_KEY");
  if (key_id.empty() || secret.empty()) return request;
  request.signer = AwsSigner{region, "s3", key_id, secret};
  // S3 wants the hash of the body among the signed headers.
  request.headers.push_back("x-amz-content-sha256: " + hex(options.body));
  const std::string token = is_given ? std::string() : variable("AWS_SESSION_TOKEN");
  if (!token.empty()) request.headers.push_back("x-amz-security-token: " + token);
  return request;
}

std::string s3_refusal(const Answer& answer) {
  std::string text;
  const std::size_t begin = answer.body.find("<Code>");
  const std::size_t end = answer.body.find("</Code>");
  if (begin != std::string::npos && end != std::string::npos && begin < end) {
    const std::size_t from = begin + std::string_view("<Code>").size();
    text = fmt::format(" ({})", printable(answer.body.substr(from, end - from)));
  }
  const std::string region = answer.header("x-amz-bucket-region");
  if (answer.status == kMovedPermanently || answer.status == kBadRequest) {
    if (!region.empty())
      text += fmt::format("; the bucket is in {0}: set AWS_REGION={0}", printable(region));
  } else if (answer.status == kUnauthorized || answer.status == kForbidden) {
    const bool any = !variable("AWS_ACCESS_KEY_ID").empty();
    text += any ? "; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do not open it"
                : "; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set";
  }
  return text;
}

}  // namespace devgraph::net
