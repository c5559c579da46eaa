#pragma once
/// What effects share that send files over HTTP: logins, further attempts, files that must not
/// change on their way.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/effects/effect.h"
#include "engine/actions/net/http.h"
#include "engine/actions/net/url.h"

namespace devgraph::actions {

/// The name of a secret that is an argument.
std::optional<std::string_view> secret_arg(const Context& context, std::string_view name);

/// Who sends. The value of the secret is asked for with each request, and kept nowhere.
struct Login {
  std::string user;    ///< Empty: the secret is a bearer token.
  std::string secret;  ///< Its name; empty: what ~/.netrc has for the host, if anything.
};
/// Whether it is known here: before anything runs, values of secrets may not be.
bool can_log_in(const Context& context, const Login& login);
/// Nothing is added where it is not known.
Status add_login(const Context& context, const Login& login, net::Request& request);
/// `the secret PYPI_TOKEN`, `~/.netrc`.
std::string name_of(const Login& login);

/// The answer, of any status, after further attempts where they could help. Error: there is none.
Result<net::Answer> ask(const Context& context, const net::Request& request);
/// What is done with the bytes that a GET brings.
struct Fetched {
  net::Answer answer;
  Sha256 digest;         ///< Of a good answer's body.
  bool is_long = false;  ///< It has more bytes than were wanted; the digest says nothing.
};
/// Hashes a file elsewhere without keeping it, and stops behind `most` bytes.
Result<Fetched> fetch_digest(const Context& context, net::Request request, std::uint64_t most);
/// What a page that refuses says, in one line: a title, the first words; in brackets.
std::string words_of(const net::Answer& answer);

/// `folder` with `/` at its end. Error: no URL, or one where no password and no file may go.
Result<net::Url> sending_url(std::string_view argument, std::string_view url);

/// A file with the digest that was planned, mapped.
class PlannedFile {
 public:
  /// Error: it has another digest by now.
  static Result<PlannedFile> open(const Context& context, const std::string& path,
                                  const StepFacts& facts);
  std::string_view bytes() const { return content_->bytes(); }
  /// For `Request::sends`: breaks off if the file changes on its way. `offset`: where it begins in
  /// the body. Lives no longer than this.
  std::function<Status(std::uint64_t, std::string_view)> watch(std::uint64_t offset) const;

 private:
  PlannedFile(std::unique_ptr<MappedFile> content, std::string path, std::string digest)
      : content_(std::move(content)), path_(std::move(path)), digest_(std::move(digest)) {}
  std::unique_ptr<MappedFile> content_;
  std::string path_;
  std::string digest_;
};

/// A file of an effect, by the name that it gets outside.
struct NamedFile {
  InputId input{};
  std::string name;
};
/// Error: a name twice. Inputs need not be there.
Result<std::vector<NamedFile>> named_files(const Context& context, std::string_view argument);
/// The kind, the digest and the size. The file must be there.
Result<StepFacts> file_facts(const Context& context, const NamedFile& file, std::string kind);
/// The digest in such facts.
Sha256 sha256_in(const StepFacts& facts);

}  // namespace devgraph::actions
