/// Uploads files to a folder of a server: `s3://` or WebDAV.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/over_http.h"
#include "engine/actions/effects/upload_folder.h"
#include "engine/base/md5.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::string_view kSha256 = "sha256:";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class UploadStep final : public Step {
 public:
  UploadStep(const Context& context, StepFacts facts, Folder folder, NamedFile file)
      : Step(std::move(facts)),
        context_(context),
        folder_(std::move(folder)),
        file_(std::move(file)) {}

  Result<Seen> look() override;
  Status apply() override;
  Status revert(const std::string& before) override;

 private:
  Seen judged(const std::string& digest) const {
    return {digest == facts().digest ? Held::Same : Held::Other, digest};
  }
  bool has_its_md5(const net::Answer& answer) const;
  Result<Seen> fetch_and_compare();
  Result<net::Answer> put(const PlannedFile& file, bool only_new);
  Result<net::Answer> put_somehow(const PlannedFile& file);
  Result<bool> misses_folder();
  Status make_folder(const std::string& url);
  Status settle(const net::Answer& answer);

  const Context& context_;
  Folder folder_;
  NamedFile file_;
};

/// An ETag is mostly the MD5 of what was sent in one part; if it is another, that says nothing.
bool UploadStep::has_its_md5(const net::Answer& answer) const {
  const std::string tag = answer.header("etag");
  constexpr std::size_t kDigits = 32;
  if (!folder_.is_s3 || tag.size() != kDigits + 2 || !tag.starts_with('"')) return false;
  const Result<PlannedFile> file =
      PlannedFile::open(context_, context_.path_of(file_.input), facts());
  return file && tag == '"' + md5_hex_of(file->bytes()) + '"';
}

Result<Seen> UploadStep::fetch_and_compare() {
  Result<net::Request> request = request_for(context_, folder_, "GET", file_.name);
  if (!request) return std::unexpected(request.error());
  const net::Request asked = *request;
  const Result<Fetched> fetched = fetch_digest(context_, *std::move(request), facts().size);
  if (!fetched) return std::unexpected(fetched.error());
  if (fetched->is_long) return Seen{Held::Other, fmt::format("more than {} bytes", facts().size)};
  if (is_absent(fetched->answer)) return Seen{Held::Nothing};
  if (!fetched->answer.is_good()) return refused(folder_, asked, fetched->answer);
  return judged(std::string(kSha256) + hex(fetched->digest));
}

Result<Seen> UploadStep::look() {
  Result<net::Request> request = request_for(context_, folder_, "HEAD", file_.name);
  if (!request) return std::unexpected(request.error());
  if (folder_.is_s3) request->headers.emplace_back("x-amz-checksum-mode: ENABLED");
  const Result<net::Answer> answer = ask(context_, *request);
  if (!answer) return std::unexpected(answer.error());
  if (is_absent(*answer)) return Seen{Held::Nothing};
  if (!answer->is_good()) return refused(folder_, *request, *answer);
  const std::optional<std::uint64_t> size = number(answer->header("content-length"));
  if (size && *size != facts().size) return Seen{Held::Other, fmt::format("{} bytes", *size)};
  const std::string told = told_digest(folder_, *answer);
  if (!told.empty()) return judged(std::string(kSha256) + told);
  if (has_its_md5(*answer)) return judged(facts().digest);
  return fetch_and_compare();
}

/// `only_new`: the server refuses if there is something by now. Not all of them know that.
Result<net::Answer> UploadStep::put(const PlannedFile& file, bool only_new) {
  const Sha256 digest = sha256_in(facts());
  Result<net::Request> request = request_for(context_, folder_, "PUT", file_.name, digest);
  if (!request) return std::unexpected(request.error());
  request->headers.emplace_back("Content-Type: application/octet-stream");
  if (only_new) request->headers.emplace_back("If-None-Match: *");
  if (folder_.is_s3) request->headers.push_back("x-amz-meta-sha256: " + hex(digest));
  request->body = file.bytes();
  request->sends = file.watch(0);
  return ask(context_, *request);
}

Result<net::Answer> UploadStep::put_somehow(const PlannedFile& file) {
  const bool only_new = facts().turn != Turn::Moving;
  // nginx answers 500 where a folder is missing, after it has taken the file. Where folders cannot
  // be made, what PUT says counts.
  if (const Result<bool> is_missing = misses_folder(); is_missing && *is_missing) {
    static_cast<void>(make_folder(folder_.url));
  }
  Result<net::Answer> answer = put(file, only_new);
  if (answer && answer->status == net::kNotImplemented && only_new) {
    // Some servers that speak S3 know no conditions.
    answer = put(file, false);
  }
  if (answer && answer->status == net::kConflict && !folder_.is_s3) {
    if (const Status done = make_folder(folder_.url); !done) return std::unexpected(done.error());
    answer = put(file, only_new);
  }
  return answer;
}

Result<bool> UploadStep::misses_folder() {
  if (folder_.is_s3) return false;
  const Result<net::Request> request = request_for(context_, folder_, "HEAD", {});
  if (!request) return std::unexpected(request.error());
  const Result<net::Answer> answer = ask(context_, *request);
  if (!answer) return std::unexpected(answer.error());
  return is_absent(*answer);
}

/// With the folders above it, if one is missing: the server answers 409 then (RFC 4918, 9.3.1).
Status UploadStep::make_folder(const std::string& url) {
  const auto make = [&]() -> Result<net::Answer> {
    net::Request request;
    request.method = "MKCOL";
    request.url = url;
    request.follow = false;
    if (const Status done = add_login(context_, folder_.login, request); !done)
      return std::unexpected(done.error());
    return ask(context_, request);
  };
  Result<net::Answer> answer = make();
  if (answer && answer->status == net::kConflict) {
    const std::string_view inner = std::string_view(url).substr(0, url.size() - 1);
    const std::size_t slash = inner.rfind('/');
    if (slash > url.find("://") + 2) {
      if (Status done = make_folder(url.substr(0, slash + 1)); !done) return done;
      answer = make();
    }
  }
  if (!answer) return std::unexpected(answer.error());
  // 405: it is there.
  if (answer->is_good() || answer->status == net::kNotAllowed) return {};
  return fail(
      fmt::format("the folder {} is not there, and the server answers {} to MKCOL{}: make "
                  "it there",
                  net::shown(url), answer->status, words_of(*answer)));
}

Status UploadStep::apply() {
  constexpr std::uint64_t kMost = std::uint64_t{5} << 30;  // What S3 takes in one PUT.
  if (folder_.is_s3 && facts().size > kMost) {
    return fail(
        fmt::format("{} has {}, and s3:// takes up to {} at once; split it, or send it by "
                    "`exec` with a tool that sends parts",
                    printable(file_.name), human_size(facts().size), human_size(kMost)));
  }
  const Result<PlannedFile> file =
      PlannedFile::open(context_, context_.path_of(file_.input), facts());
  if (!file) return std::unexpected(file.error());
  const Result<net::Answer> answer = put_somehow(*file);
  if (!answer) return std::unexpected(answer.error());
  return settle(*answer);
}

/// What is there now tells what a refusal means: an answer can be lost, so that the next attempt
/// meets what the first one sent, and another sender be quicker.
Status UploadStep::settle(const net::Answer& answer) {
  if (answer.is_good()) return {};
  const bool may_be_there =
      answer.status == net::kPreconditionFailed || answer.status == net::kConflict;
  const Result<Seen> seen = may_be_there ? look() : Result<Seen>(Seen{});
  if (!seen) return std::unexpected(seen.error());
  if (seen->held == Held::Same) return {};
  if (seen->held == Held::Other) {
    return fail(fmt::format("{} holds {} now, not {}: someone else sent it meanwhile",
                            facts().target, seen->what, facts().digest));
  }
  net::Request request;
  request.method = "PUT";
  request.url = facts().target;
  return refused(folder_, request, answer);
}

Status UploadStep::revert(const std::string& before) {
  if (!before.empty()) {
    return fail(fmt::format("{} held {} before, which nobody has kept", facts().target, before));
  }
  const Result<Seen> seen = look();
  if (!seen) return std::unexpected(seen.error());
  if (seen->held == Held::Nothing) return {};
  if (seen->held != Held::Same) {
    return fail(
        fmt::format("{} holds {} by now, which is not ours to delete", facts().target, seen->what));
  }
  const Result<net::Request> request = request_for(context_, folder_, "DELETE", file_.name);
  if (!request) return std::unexpected(request.error());
  const Result<net::Answer> answer = ask(context_, *request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_good() || is_absent(*answer)) return {};
  return refused(folder_, *request, *answer);
}

Status ready_s3(const Context& context, const Folder& folder, const std::vector<NamedFile>& files) {
  const std::size_t key = folder.url.find('/', std::string_view("s3://").size());
  const Folder bucket{folder.url.substr(0, key), true, folder.login};
  const Result<net::Request> request = request_for(context, bucket, "HEAD", {});
  if (!request) return std::unexpected(request.error());
  if (!can_log_in(context, folder.login)) return {};
  if (!request->signer) {
    return fail(
        "s3:// needs a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give "
        "`user` and `password`");
  }
  Result<net::Answer> answer = ask(context, *request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_good()) return {};
  if (is_absent(*answer)) return fail(fmt::format("there is no bucket {}", bucket.url));
  if (answer->status != net::kForbidden || files.empty()) return refused(folder, *request, *answer);
  // A key may have leave for a part of the bucket only.
  const Result<net::Request> first = request_for(context, folder, "HEAD", files.front().name);
  if (!first) return std::unexpected(first.error());
  answer = ask(context, *first);
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_good() || is_absent(*answer)) return {};
  return refused(folder, *first, *answer);
}

/// Servers that ask for a login only when something is written cannot be asked; of the others, 401
/// is the answer to a question, too. 403 says nothing: of a folder it is common.
Status ready_dav(const Context& context, const Folder& folder) {
  Result<net::Request> request = request_for(context, folder, "PROPFIND", {});
  if (!request) return std::unexpected(request.error());
  request->headers.emplace_back("Depth: 0");
  const Result<net::Answer> answer = ask(context, *request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == net::kUnauthorized && can_log_in(context, folder.login))
    return refused(folder, *request, *answer);
  return {};
}

}  // namespace

Status ready_upload(const Context& context) {
  const Result<Folder> folder = folder_of(context);
  if (!folder) return std::unexpected(folder.error());
  const Result<std::vector<NamedFile>> files = named_files(context, "files");
  if (!files) return std::unexpected(files.error());
  return folder->is_s3 ? ready_s3(context, *folder, *files) : ready_dav(context, *folder);
}

/// upload(files, to, user, password, floating)
Result<Steps> plan_upload(const Context& context) {
  const Result<Folder> folder = folder_of(context);
  if (!folder) return std::unexpected(folder.error());
  const Result<std::vector<NamedFile>> files = named_files(context, "files");
  if (!files) return std::unexpected(files.error());
  const std::vector<std::string_view> floating = strings_arg(context, "floating");
  for (const std::string_view name : floating) {
    if (std::ranges::find(*files, name, &NamedFile::name) == files->end())
      return fail(
          fmt::format("`floating` has `{}`, which no file of `files` is called", printable(name)));
  }
  Steps steps;
  for (const NamedFile& file : *files) {
    Result<StepFacts> facts = file_facts(context, file, "upload");
    if (!facts) return std::unexpected(facts.error());
    const bool moves = std::ranges::find(floating, file.name) != floating.end();
    // A key of S3 is what it is; an address is written as one.
    facts->target =
        folder->url + (folder->is_s3 ? printable(file.name) : net::percent_encoded(file.name));
    facts->turn = moves ? Turn::Moving : Turn::Reversible;
    // Of a name that moves, nobody keeps what it held before.
    facts->can_revert = !moves;
    steps.receipt += facts->target + "\n";
    steps.list.push_back(std::make_unique<UploadStep>(context, *std::move(facts), *folder, file));
  }
  return steps;
}

/// S3 gets a signature and never the key.
std::vector<SecretUse> uses_upload(const Context& context) {
  const Result<Folder> folder = folder_of(context);
  if (!folder || folder->is_s3 || folder->login.secret.empty()) return {};
  const Result<net::Url> url = net::parse_url(folder->url);
  if (!url) return {};
  return {{folder->login.secret, url->host}};
}

}  // namespace devgraph::actions
