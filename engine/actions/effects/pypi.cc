/// Uploads to a Python package index: one file is one step, which can never be taken back.

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/index_urls.h"
#include "engine/actions/effects/over_http.h"
#include "engine/actions/wheel/archived.h"
#include "engine/actions/wheel/distribution.h"
#include "engine/actions/wheel/simple_page.h"
#include "engine/actions/wheel/upload_form.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// Where the files go, and who sends them.
struct Index {
  net::Url upload;
  net::Url simple;
  bool is_derived = false;  ///< `simple` was made from `upload`.
  Login login;

  /// The simple index may be a server of others, which is told nothing.
  bool is_one_server() const {
    return upload.host == simple.host && upload.scheme == simple.scheme;
  }
  std::string page(const wheel::FileName& name) const {
    return net::show(simple) + name.project + "/";
  }
};

Result<Index> index_of(const Context& context) {
  const std::string to(string_arg(context, "to"));
  const std::optional<std::string_view> simple = optional_string(context, "index");
  Index index;
  Result<net::Url> upload = sending_url("to", to);
  if (!upload) return std::unexpected(upload.error());
  index.upload = *std::move(upload);
  // As it is written: some indexes answer only without a slash at the end, others only with one.
  if (!to.ends_with('/') && index.upload.path != "/") index.upload.path.pop_back();
  index.is_derived = !simple;
  Result<net::Url> found =
      sending_url("index", simple ? std::string(*simple) : simple_index_of(index.upload));
  if (!found) return std::unexpected(found.error());
  index.simple = *std::move(found);
  index.login.user = string_arg(context, "user");
  index.login.secret = secret_arg(context, "token").value_or(std::string_view());
  if (index.login.user.empty() || index.login.user.find(':') != std::string::npos) {
    return fail(
        fmt::format("`user` is `{}`, which no user is called", printable(index.login.user)));
  }
  if (index.login.secret.empty() && is_pypi(index.upload)) {
    return fail(
        fmt::format("{} takes files only with a token, and `token` is not given: make one "
                    "at https://{}/manage/account/token/ and write  token = "
                    "secret(\"PYPI_TOKEN\")",
                    index.upload.host, index.simple.host));
  }
  return index;
}

struct Package {
  NamedFile file;
  wheel::FileName name;
};

Result<std::vector<Package>> packages(const Context& context) {
  const Result<std::vector<NamedFile>> files = named_files(context, "files");
  if (!files) return std::unexpected(files.error());
  std::vector<Package> found;
  for (const NamedFile& file : *files) {
    Result<wheel::FileName> name = wheel::parse_file_name(file.name);
    if (!name) return std::unexpected(name.error());
    found.push_back({file, *std::move(name)});
  }
  return found;
}

class PypiStep final : public Step {
 public:
  PypiStep(const Context& context, StepFacts facts, Index index, Package package)
      : Step(std::move(facts)),
        context_(context),
        index_(std::move(index)),
        package_(std::move(package)) {}

  Result<Seen> look() override;
  Status apply() override;

 private:
  Result<Seen> compare_bytes(const wheel::Listed& listed);
  Result<Seen> look_for_twin();
  Status settle(const net::Answer& answer);

  const Context& context_;
  Index index_;
  Package package_;
};

Result<net::Answer> get_page(const Context& context, const Index& index, const std::string& url) {
  net::Request request;
  request.url = url;
  request.is_safe = true;
  request.headers.push_back(fmt::format("Accept: {}", wheel::kSimpleTypes));
  if (index.is_one_server()) {
    if (const Status done = add_login(context, index.login, request); !done)
      return std::unexpected(done.error());
  }
  // Pages of projects with thousands of files are larger than an answer may be.
  constexpr std::size_t kMost = std::size_t{128} << 20;
  std::string page;
  request.begin = [&](const net::Answer&) -> Status {
    page.clear();
    return {};
  };
  request.take = [&](std::string_view block) -> Status {
    page += block;
    if (page.size() <= kMost) return {};
    return fail(fmt::format("{}: the page is larger than {}", net::shown(url), human_size(kMost)));
  };
  Result<net::Answer> answer = ask(context, request);
  if (answer && answer->is_good()) answer->body = std::move(page);
  return answer;
}

Status refused_page(const Index& index, const std::string& url, const net::Answer& answer) {
  if (answer.status == net::kUnauthorized || answer.status == net::kForbidden) {
    return fail(
        fmt::format("{} answers {}{}: it does not take {}", url, answer.status, words_of(answer),
                    index.is_one_server()
                        ? name_of(index.login)
                        : "questions without a login, and the one of another host is not "
                          "sent to it; name an index beside `to` with `index`"),
        net::kRefusedLogin);
  }
  return fail(fmt::format("{} answers {}{}", url, answer.status, words_of(answer)));
}

/// What a page says without a digest is what the file itself says: it is no longer than ours, or
/// another one, so that comparing costs no more than sending.
Result<Seen> PypiStep::compare_bytes(const wheel::Listed& listed) {
  const Result<net::Url> url = net::parse_url(listed.url);
  if (!url || !net::is_private(*url)) {
    return fail(fmt::format(
        "{} lists {} without a SHA-256, and behind `{}`, which is not asked: "
        "neither https: nor on this machine",
        index_.page(package_.name), printable(package_.file.name), net::shown(listed.url)));
  }
  net::Request request;
  request.url = listed.url;
  request.is_safe = true;
  const bool is_ours = url->host == index_.upload.host && url->scheme == index_.upload.scheme;
  if (is_ours) {
    if (const Status done = add_login(context_, index_.login, request); !done)
      return std::unexpected(done.error());
  }
  const Result<Fetched> fetched = fetch_digest(context_, std::move(request), facts().size);
  if (!fetched) return std::unexpected(fetched.error());
  if (fetched->is_long) return Seen{Held::Other, fmt::format("more than {} bytes", facts().size)};
  if (!fetched->answer.is_good()) {
    return fail(fmt::format("{} answers {}{}", net::shown(listed.url), fetched->answer.status,
                            words_of(fetched->answer)),
                net::code_of(fetched->answer.status));
  }
  const std::string digest = "sha256:" + hex(fetched->digest);
  return Seen{digest == facts().digest ? Held::Same : Held::Other, digest};
}

Result<Seen> PypiStep::look() {
  const std::string url = index_.page(package_.name);
  const Result<net::Answer> answer = get_page(context_, index_, url);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == net::kNotFound || answer->status == net::kGone) return Seen{Held::Nothing};
  if (!answer->is_good()) return std::unexpected(refused_page(index_, url, *answer).error());
  const auto listed = wheel::find_listed(answer->body, answer->header("content-type"), answer->url,
                                         package_.file.name);
  if (!listed) return std::unexpected(listed.error());
  const std::optional<wheel::Listed>& there = *listed;
  if (!there) return Seen{Held::Nothing};
  if (there->sha256.empty()) return compare_bytes(*there);
  const std::string digest = "sha256:" + there->sha256;
  return Seen{digest == facts().digest ? Held::Same : Held::Other, digest};
}

/// The file may be there already, but its page be older: it is given a moment.
Result<Seen> PypiStep::look_for_twin() {
  for (int attempts = 1;; ++attempts) {
    Result<Seen> seen = look();
    if (!seen || seen->held != Held::Nothing || attempts == net::kAttempts) return seen;
    net::pause(attempts, {}, [&] { return stopped(context_); });
    if (stopped(context_)) return interrupted();
  }
}

Status PypiStep::apply() {
  const std::string& file = package_.file.name;
  const Result<PlannedFile> content =
      PlannedFile::open(context_, context_.path_of(package_.file.input), facts());
  if (!content) return std::unexpected(content.error());
  const Result<std::string> metadata =
      wheel::package_metadata(context_, content->bytes(), file, package_.name);
  if (!metadata) return std::unexpected(metadata.error());
  const Sha256 digest = sha256_in(facts());
  // No file holds its own digest.
  const wheel::Form form = wheel::multipart(wheel::upload_fields(*metadata, file, digest), file,
                                            "devgraph-" + hex(digest));

  net::Request request;
  request.method = "POST";
  request.url = net::show(index_.upload);
  request.follow = false;
  request.headers.push_back("Content-Type: " + form.content_type);
  request.body = form.before;
  request.more = {content->bytes(), form.after};
  request.sends = content->watch(form.before.size());
  if (Status done = add_login(context_, index_.login, request); !done) return done;
  const Result<net::Answer> answer = ask(context_, request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_good()) return {};
  return settle(*answer);
}

/// What an answer that refuses means. Indexes say "there already" by 400, 403 or 409, and in words
/// of their own: what is there tells better.
Status PypiStep::settle(const net::Answer& answer) {
  const std::string url = net::show(index_.upload);
  const std::string& file = package_.file.name;
  const bool may_be_there = answer.status == net::kBadRequest || answer.status == net::kForbidden ||
                            answer.status == net::kConflict || net::is_transient(answer.status);
  if (may_be_there) {
    const Result<Seen> seen = look_for_twin();
    if (seen && seen->held == Held::Same) {
      context_.log(fmt::format("{} answers {}: it has {} already, the same bytes", url,
                               answer.status, printable(file)));
      return {};
    }
    if (seen && seen->held == Held::Other) {
      return fail(fmt::format("{} answers {}{}: it holds another {}: {}, not {}", url,
                              answer.status, words_of(answer), printable(file), seen->what,
                              facts().digest));
    }
  }
  const std::string said = fmt::format("{} answers {}{}", url, answer.status, words_of(answer));
  if (answer.status == net::kUnauthorized || answer.status == net::kForbidden) {
    return fail(fmt::format("{}: it does not take {} for {}: the token may be of another index, of "
                            "another project, or revoked",
                            said, name_of(index_.login), package_.name.project),
                net::kRefusedLogin);
  }
  if (answer.status >= 300 && answer.status < 400) {
    return fail(fmt::format("{}: nothing is sent on to {}; write that as `to` if it is right", said,
                            net::shown(net::resolved(url, answer.header("location")))));
  }
  if (answer.status == net::kNotFound) {
    return fail(fmt::format("{}: files are not taken there; is `to` right?", said));
  }
  return fail(fmt::format("{}: {} is not taken", said, printable(file)));
}

}  // namespace

/// No index can be asked whether it takes a token: only the pages are tried.
Status ready_pypi(const Context& context) {
  const Result<Index> index = index_of(context);
  if (!index) return std::unexpected(index.error());
  const Result<std::vector<Package>> wanted = packages(context);
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->empty()) return {};
  const std::string url = index->page(wanted->front().name);
  const Result<net::Answer> answer = get_page(context, *index, url);
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_good()) return {};
  const bool is_login = answer->status == net::kUnauthorized || answer->status == net::kForbidden;
  if (is_login && !can_log_in(context, index->login)) return {};
  const bool is_absent = answer->status == net::kNotFound || answer->status == net::kGone;
  if (!is_absent) return refused_page(*index, url, *answer);
  // Nobody has uploaded this project yet; or there is no index at all.
  if (!index->is_derived || is_pypi(index->upload)) return {};
  const std::string root = net::show(index->simple);
  const Result<net::Answer> there = get_page(context, *index, root);
  if (!there) return std::unexpected(there.error());
  if (there->status != net::kNotFound && there->status != net::kGone) return {};
  return fail(
      fmt::format("{} answers {}, so nobody can tell what {} has; name its simple index "
                  "with `index`",
                  root, there->status, net::show(index->upload)));
}

/// pypi(files, token, user, to, index)
Result<Steps> plan_pypi(const Context& context) {
  const Result<Index> index = index_of(context);
  if (!index) return std::unexpected(index.error());
  const Result<std::vector<Package>> wanted = packages(context);
  if (!wanted) return std::unexpected(wanted.error());
  Steps steps;
  for (const Package& package : *wanted) {
    Result<StepFacts> facts = file_facts(context, package.file, "pypi");
    if (!facts) return std::unexpected(facts.error());
    const Result<std::unique_ptr<MappedFile>> content =
        context.files.map(context.path_of(package.file.input));
    if (!content) return std::unexpected(content.error());
    const Result<std::string> metadata =
        wheel::package_metadata(context, (*content)->bytes(), package.file.name, package.name);
    if (!metadata) return std::unexpected(metadata.error());
    facts->target = index->page(package.name) + package.file.name;
    facts->turn = Turn::Final;
    const std::string url = project_url_of(index->upload, index->page(package.name),
                                           package.name.project, show(package.name.version));
    if (steps.receipt.find(url + "\n") == std::string::npos) steps.receipt += url + "\n";
    steps.list.push_back(std::make_unique<PypiStep>(context, *std::move(facts), *index, package));
  }
  return steps;
}

/// PyPI itself gets its tokens without being asked for by name.
std::vector<SecretUse> uses_pypi(const Context& context) {
  const Result<Index> index = index_of(context);
  if (!index || index->login.secret.empty() || is_pypi(index->upload)) return {};
  return {{index->login.secret, index->upload.host}};
}

}  // namespace devgraph::actions
