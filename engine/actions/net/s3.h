#pragma once
/// `s3://bucket/key` as a request, by the variables that AWS's own tools read: AWS_ENDPOINT_URL_S3,
/// AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
/// AWS_SESSION_TOKEN. Without a key the request is not signed: public buckets need none.

#include <string>
#include <string_view>

#include "engine/actions/net/http.h"
#include "engine/base/digest.h"

namespace devgraph::net {

bool is_s3(std::string_view url);

struct S3Options {
  std::string method = "GET";
  Sha256 body = sha256_of("");  ///< The SHA-256 of what is sent.
  /// In place of the variables' key; empty: as they say.
  std::string key_id = {};
  std::string secret = {};
};
/// Error: the URL names no bucket and key, or a variable is no URL. `s3://bucket` alone is the
/// bucket, which can only be asked for by HEAD.
Result<Request> s3_request(std::string_view url, const S3Options& options = {});

/// What an answer that refuses says: ` (AccessDenied)`, with the cure where one is known.
std::string s3_refusal(const Answer& answer);

}  // namespace devgraph::net
