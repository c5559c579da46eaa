#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>

#include "engine/actions/late_library.h"
#include "engine/actions/natives.h"
#include "engine/actions/stream.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr int kAttempts = 3;
constexpr std::chrono::milliseconds kFirstPause{500};  // Doubled for each further attempt.

/// What of libcurl is used.
struct Curl {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_setopt) setopt = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) getinfo = nullptr;
  decltype(&curl_easy_strerror) strerror = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
};

Result<Curl> load_curl() {
  const Result<LateLibrary> library = LateLibrary::open("libcurl.so.4", "libcurl4");
  if (!library) return std::unexpected(library.error());
  Curl curl;
  Status found;
  const auto find = [&](const char* name, auto& function) {
    if (found) found = library->find(name, function);
  };
  find("curl_global_init", curl.global_init);
  find("curl_easy_init", curl.init);
  find("curl_easy_setopt", curl.setopt);
  find("curl_easy_perform", curl.perform);
  find("curl_easy_getinfo", curl.getinfo);
  find("curl_easy_strerror", curl.strerror);
  find("curl_easy_cleanup", curl.cleanup);
  if (!found) return std::unexpected(found.error());
  curl.global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}

/// Loaded by the first fetch.
const Result<Curl>& libcurl() {
  static const Result<Curl> loaded = load_curl();
  return loaded;
}

/// A URL without the user's name and password.
std::string shown(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return printable(url);
  const std::size_t host = scheme + 3;
  const std::size_t at = url.substr(0, url.find_first_of("/?#", host)).rfind('@');
  if (at == std::string_view::npos || at < host) return printable(url);
  return printable(std::string(url.substr(0, host)) + std::string(url.substr(at + 1)));
}

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

struct Failure {
  std::string message;
  bool again = false;  ///< Another attempt could do better.
  bool local = false;  ///< Our disk; no mirror helps.
};

/// One download: to the file, and through the hash.
class Download {
 public:
  Download(const Context& context, const Curl& curl, OutStream& out)
      : context_(context), curl_(curl), out_(out) {}

  std::optional<Failure> run(const std::string& url);
  Sha256 digest() { return hash_.finish(); }

 private:
  static std::size_t on_data(char* bytes, std::size_t one, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  void set_up(CURL* handle, const std::string& url, char* error);
  std::optional<Failure> failure(CURL* handle, CURLcode code, const char* error) const;

  const Context& context_;
  const Curl& curl_;
  OutStream& out_;
  Sha256Hasher hash_;
  Status written_;
};

std::size_t Download::on_data(char* bytes, std::size_t one, std::size_t count, void* self) {
  auto* download = static_cast<Download*>(self);
  const std::string_view block(bytes, one * count);
  download->hash_.bytes(block);
  download->written_ = download->out_.write(block);
  return download->written_ ? block.size() : 0;
}

int Download::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return stopped(static_cast<Download*>(self)->context_) ? 1 : 0;
}

void Download::set_up(CURL* handle, const std::string& url, char* error) {
  const auto set = [&](CURLoption option, auto value) { curl_.setopt(handle, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_ERRORBUFFER, error);
  set(CURLOPT_PROTOCOLS_STR, "http,https,file");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 30L);
  // A minute without a byte is a dead connection; a slow one may take its time.
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, 60L);
  set(CURLOPT_USERAGENT, "devgraph");
  set(CURLOPT_WRITEFUNCTION, &Download::on_data);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Download::on_progress);
  set(CURLOPT_XFERINFODATA, this);
  // As the program `curl` does: who trusts another authority says so in the environment.
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* file = std::getenv(name);
    if (file == nullptr || *file == '\0') continue;
    set(CURLOPT_CAINFO, file);
    return;
  }
  const char* folder = std::getenv("SSL_CERT_DIR");
  if (folder != nullptr && *folder != '\0') set(CURLOPT_CAPATH, folder);
}

std::optional<Failure> Download::failure(CURL* handle, CURLcode code, const char* error) const {
  if (code == CURLE_OK) return std::nullopt;
  if (!written_) return Failure{written_.error().message, false, true};
  long status = 0;
  curl_.getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    const bool again = status == 408 || status == 429 || status >= 500;
    return Failure{fmt::format("the server answers {}", status), again, false};
  }
  const bool again = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
                     code == CURLE_OPERATION_TIMEDOUT || code == CURLE_PARTIAL_FILE ||
                     code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                     code == CURLE_GOT_NOTHING || code == CURLE_SSL_CONNECT_ERROR ||
                     code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
  return Failure{printable(error[0] != '\0' ? error : curl_.strerror(code)), again, false};
}

std::optional<Failure> Download::run(const std::string& url) {
  const std::unique_ptr<CURL, decltype(curl_.cleanup)> handle(curl_.init(), curl_.cleanup);
  if (!handle) return Failure{"libcurl cannot start", false, true};
  char error[CURL_ERROR_SIZE] = "";
  set_up(handle.get(), url, error);
  const CURLcode code = curl_.perform(handle.get());
  if (stopped(context_)) return Failure{"interrupted", false, true};
  if (std::optional<Failure> failed = failure(handle.get(), code, error)) return failed;
  if (const Status done = out_.finish(); !done) return Failure{done.error().message, false, true};
  return std::nullopt;
}

/// One attempt at one mirror.
std::optional<Failure> attempt(const Context& context, const std::string& url, const Sha256& want) {
  const Result<Curl>& curl = libcurl();
  if (!curl) return Failure{curl.error().message, false, true};
  const std::string path = context.out_path(0);
  Result<OutStream> out = OutStream::create(context.files, path);
  if (!out) return Failure{out.error().message, false, true};
  Download download(context, *curl, *out);
  if (std::optional<Failure> failed = download.run(url)) return failed;
  const Sha256 got = download.digest();
  if (got == want) return std::nullopt;
  return Failure{fmt::format("its SHA-256 is {}, not {}", hex(got), hex(want)), false, false};
}

void pause(const Context& context, int attempts) {
  const auto end = std::chrono::steady_clock::now() + kFirstPause * (1 << (attempts - 1));
  while (!stopped(context) && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

/// fetch(url, sha256): the mirrors in order; each is tried again when that can help.
Status run_fetch(const Context& context) {
  const std::vector<std::string_view> urls = strings_arg(context, "url");
  if (urls.empty()) return fail("`url` is empty: there is nothing to fetch from");
  const std::optional<std::string_view> digest = optional_string(context, "sha256");
  if (!digest) {
    return fail(
        fmt::format("this program has no lock file yet that could hold the hash of {0}; "
                    "give it as `sha256 = \"…\"`, as `curl -fsSL '{0}' | sha256sum` prints it",
                    shown(urls[0])));
  }
  const std::optional<Sha256> want = parse_sha256(lower_case(*digest));
  if (!want) return fail(fmt::format("`{}` is no SHA-256: 64 hex digits", printable(*digest)));

  std::string failures;
  for (const std::string_view url : urls) {
    for (int attempts = 1;; ++attempts) {
      const std::optional<Failure> failed = attempt(context, std::string(url), *want);
      if (!failed) return {};
      if (stopped(context)) return interrupted();
      if (failed->local) return fail(failed->message);
      context.log(fmt::format("{}: {}", shown(url), failed->message));
      if (failed->again && attempts < kAttempts) {
        pause(context, attempts);
        continue;
      }
      failures += fmt::format("{}cannot fetch {}: {}", failures.empty() ? "" : "; ", shown(url),
                              failed->message);
      break;
    }
  }
  return fail(failures);
}

}  // namespace devgraph::actions
