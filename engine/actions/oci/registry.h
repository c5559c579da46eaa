#pragma once
/// A client of one registry, which several threads may use at once (OCI Distribution
/// Specification 1.1; the token protocol of distribution/distribution, "Token Authentication
/// Specification").

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/actions/net/http.h"
#include "engine/actions/oci/credentials.h"
#include "engine/actions/oci/spec.h"

namespace devgraph::oci {

/// Why a registry did not do what was asked.
struct Refusal {
  std::string message;
  long status = 0;           ///< Of HTTP; 0 if there was no answer.
  bool unreachable = false;  ///< Nobody answered: nothing is known.

  Error error() const { return Error{message, net::code_of(status)}; }
};
template <class T>
using Reply = std::expected<T, Refusal>;

class Registry {
 public:
  /// `host` as in names of images. HTTPS, and HTTP for this machine's own loopback where nothing
  /// else is spoken.
  Registry(std::string host, Credentials credentials, net::Stopped stopped);

  const std::string& host() const { return host_; }

  /// What a tag or digest stands for; none if it is not there.
  Reply<std::optional<Descriptor>> head_manifest(const std::string& repository,
                                                 const std::string& reference);
  struct Document {
    Descriptor descriptor;
    std::string bytes;
  };
  Reply<Document> get_manifest(const std::string& repository, const std::string& reference);
  /// Whether the server takes our login for pushing; nothing is written. It may still refuse the
  /// push: what a user may do, servers only say when it is done.
  Reply<void> check_login(const std::string& repository);
  Reply<bool> has_blob(const std::string& repository, const Sha256& digest);
  /// Size and digest are checked when all has come.
  Reply<void> get_blob(const std::string& repository, const Descriptor& blob,
                       const std::function<Status(std::string_view)>& take);
  /// Puts a blob there unless it is there; true if bytes went over the wire. A blob that another
  /// repository of the server got from this process is taken over from there; an upload that breaks
  /// off goes on where it stopped.
  Reply<bool> push_blob(const std::string& repository, const Sha256& digest,
                        std::string_view bytes);
  /// Takes a blob over from another repository of the server; false if the server does not do that.
  Reply<bool> mount_blob(const std::string& repository, const Sha256& digest,
                         const std::string& from);
  Reply<void> push_manifest(const std::string& repository, const std::string& reference,
                            std::string_view media_type, std::string_view bytes);
  /// Whether the server keeps lists of what is about a manifest; old ones do not.
  Reply<bool> lists_referrers(const std::string& repository, const Sha256& digest);

 private:
  friend class Upload;
  struct Known {
    std::string scheme;
    std::string header;
  };
  Known known(const std::string& scope);
  Reply<net::Answer> ask(const net::Request& request, const std::string& scope);
  Reply<net::Answer> ask_once(const net::Request& request, const std::string& scope);
  Reply<net::Answer> send(net::Request& request, const std::string& target, const Known& known);
  Reply<std::string> authorize(const std::string& challenge, const std::string& scope);
  Reply<std::string> fetch_token(const std::map<std::string, std::string>& challenge,
                                 const std::string& scope);
  Refusal refused(const net::Request& request, const net::Answer& answer) const;
  std::string url(const std::string& repository, std::string_view rest) const;

  std::string host_;
  Credentials credentials_;
  net::Stopped stopped_;
  std::mutex mutex_;                           // Guards all below.
  std::string scheme_;                         // Empty: not known yet.
  std::map<std::string, std::string> header_;  // Scope -> `Authorization: …`.
};

}  // namespace devgraph::oci
