#pragma once
/// The folder that `upload` sends files to: `s3://` or WebDAV. What is asked of it, and what its
/// answers mean.

#include <string>

#include "engine/actions/effects/over_http.h"

namespace devgraph::actions {

struct Folder {
  std::string url;  ///< With `/` at its end.
  bool is_s3 = false;
  Login login;
};
/// From `to`, `user` and `password`.
Result<Folder> folder_of(const Context& context);

/// A question or an order about a name in a folder; an empty name: the folder itself.
Result<net::Request> request_for(const Context& context, const Folder& folder,
                                 const std::string& method, const std::string& name,
                                 const Sha256& body = sha256_of(""));

bool is_absent(const net::Answer& answer);
/// What an answer that refuses means, with the cure.
std::unexpected<Error> refused(const Folder& folder, const net::Request& request,
                               const net::Answer& answer);
/// The SHA-256 that a server, or the metadata that went with the upload, knows of a file; empty: it
/// knows none.
std::string told_digest(const Folder& folder, const net::Answer& answer);

}  // namespace devgraph::actions
