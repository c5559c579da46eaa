#pragma once
/// `s3://bucket/key` as a request, by the variables that AWS's own tools read: AWS_ENDPOINT_URL_S3,
/// AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
/// AWS_SESSION_TOKEN. Without a key the request is not signed: public buckets need none.

#include <string>
#include <string_view>

#include "engine/actions/net/http.h"

namespace devgraph::net {

bool is_s3(std::string_view url);

/// Error: the URL names no bucket and key, or a variable is no URL.
Result<Request> s3_request(std::string_view url);

/// What an answer that refuses says: ` (AccessDenied)`, with the cure where one is known.
std::string s3_refusal(const Answer& answer);

}  // namespace devgraph::net
