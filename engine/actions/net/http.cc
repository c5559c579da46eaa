#include "engine/actions/net/http.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>

#include "engine/actions/late_library.h"
#include "engine/base/text.h"

namespace devgraph::net {

namespace {

/// What of libcurl is used.
struct Curl {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_setopt) setopt = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) getinfo = nullptr;
  decltype(&curl_easy_strerror) strerror = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_easy_reset) reset = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

Result<Curl> load_curl() {
  using actions::LateLibrary;
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
  find("curl_easy_reset", curl.reset);
  find("curl_slist_append", curl.slist_append);
  find("curl_slist_free_all", curl.slist_free_all);
  if (!found) return std::unexpected(found.error());
  curl.global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}

/// Loaded by the first exchange.
const Result<Curl>& libcurl() {
  static const Result<Curl> kLoaded = load_curl();
  return kLoaded;
}

std::atomic<bool> only_reads{false};

bool only_asks(const Request& request) {
  const std::string& method = request.method;
  return request.is_question || method == "GET" || method == "HEAD" || method == "OPTIONS" ||
         method == "PROPFIND";
}

/// One for each thread, so that connections stay open from one exchange to the next.
CURL* own_handle(const Curl& curl) {
  thread_local std::unique_ptr<CURL, decltype(Curl::cleanup)> handle(curl.init(), curl.cleanup);
  if (handle) curl.reset(handle.get());
  return handle.get();
}

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

class Exchange {
 public:
  Exchange(const Curl& curl, const Request& request, const Stopped& stopped)
      : curl_(curl),
        request_(request),
        stopped_(stopped),
        handle_(own_handle(curl)),
        headers_(nullptr, curl.slist_free_all) {
    if (request.body) body_.push_back(*request.body);
    body_.insert(body_.end(), request.more.begin(), request.more.end());
    for (const std::string_view part : body_)
      size_ += part.size();
  }

  std::expected<Answer, Fault> run();

 private:
  static std::size_t on_data(char* bytes, std::size_t one, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t one, std::size_t count, void* self);
  static std::size_t on_read(char* bytes, std::size_t one, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_.setopt(handle_, option, value);
  }
  void set_up();
  void set_method();
  void set_trust();
  void set_signer(const AwsSigner& signer);
  bool begin(long status);
  Fault fault(CURLcode code) const;
  long status() const;
  std::string_view next_block(std::size_t most) const;

  const Curl& curl_;
  const Request& request_;
  const Stopped& stopped_;
  std::vector<std::string_view> body_;
  std::size_t size_ = 0;  // Of the body.
  CURL* const handle_;
  std::unique_ptr<curl_slist, decltype(Curl::slist_free_all)> headers_;
  char error_[CURL_ERROR_SIZE] = "";
  std::size_t sent_ = 0;
  bool begun_ = false;
  Status taken_;
  Answer answer_;
};

long Exchange::status() const {
  long status = 0;
  curl_.getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

/// Tells once that a good answer begins; false if that is where it ends.
bool Exchange::begin(long status) {
  if (begun_ || !request_.begin) return true;
  begun_ = true;
  answer_.status = status;
  taken_ = request_.begin(answer_);
  return taken_.has_value();
}

std::size_t Exchange::on_data(char* bytes, std::size_t one, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  const std::string_view block(bytes, one * count);
  const long status = exchange->status();
  const bool good = status == 0 || (status >= 200 && status < 300);
  if (good && exchange->request_.take) {
    if (!exchange->begin(status)) return 0;
    exchange->taken_ = exchange->request_.take(block);
    return exchange->taken_ ? block.size() : 0;
  }
  std::string& body = exchange->answer_.body;
  body += block.substr(0, kLargestAnswer - std::min(kLargestAnswer, body.size()));
  return block.size();
}

std::size_t Exchange::on_header(char* bytes, std::size_t one, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  const std::string_view line(bytes, one * count);
  // The first line of one more answer: of the one that a redirect led to.
  if (line.starts_with("HTTP/")) exchange->answer_.headers.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    exchange->answer_.headers[lower_case(line.substr(0, colon))] =
        std::string(trim(line.substr(colon + 1)));
  }
  return line.size();
}

/// What of the body comes next; empty behind its end.
std::string_view Exchange::next_block(std::size_t most) const {
  std::size_t at = sent_;
  for (const std::string_view part : body_) {
    if (at < part.size()) return part.substr(at, most);
    at -= part.size();
  }
  return {};
}

std::size_t Exchange::on_read(char* bytes, std::size_t one, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  const std::string_view block = exchange->next_block(one * count);
  const std::size_t size = block.copy(bytes, block.size());
  if (exchange->request_.sends && size > 0) {
    exchange->taken_ = exchange->request_.sends(exchange->sent_, {bytes, size});
    if (!exchange->taken_) return CURL_READFUNC_ABORT;
  }
  exchange->sent_ += size;
  return size;
}

int Exchange::on_seek(void* self, curl_off_t offset, int origin) {
  auto* exchange = static_cast<Exchange*>(self);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > exchange->size_) {
    return CURL_SEEKFUNC_FAIL;
  }
  exchange->sent_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int Exchange::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(self)->stopped_() ? 1 : 0;
}

void Exchange::set_method() {
  const std::string& method = request_.method;
  if (request_.body) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size_));
    set(CURLOPT_READFUNCTION, &Exchange::on_read);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
    set(CURLOPT_SEEKDATA, this);
  }
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (method != "GET" || request_.body) {
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

/// As the program `curl` does: who trusts another authority says so in the environment.
void Exchange::set_trust() {
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* file = std::getenv(name);
    if (file == nullptr || *file == '\0') continue;
    set(CURLOPT_CAINFO, file);
    return;
  }
  const char* folder = std::getenv("SSL_CERT_DIR");
  if (folder != nullptr && *folder != '\0') set(CURLOPT_CAPATH, folder);
}

void Exchange::set_signer(const AwsSigner& signer) {
  set(CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:{}", signer.region, signer.service).c_str());
  set(CURLOPT_USERNAME, signer.key_id.c_str());
  set(CURLOPT_PASSWORD, signer.secret.c_str());
}

void Exchange::set_up() {
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_PROTOCOLS_STR, request_.schemes.c_str());
  const bool only_https = request_.is_safe && request_.url.starts_with("https:");
  set(CURLOPT_REDIR_PROTOCOLS_STR, only_https ? "https" : "http,https");
  if (request_.netrc) set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  set(CURLOPT_FOLLOWLOCATION, request_.follow ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 30L);
  // A minute without a byte is a dead connection; a slow one may take its time.
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, 60L);
  set(CURLOPT_USERAGENT, "devgraph");
  set(CURLOPT_WRITEFUNCTION, &Exchange::on_data);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
  set(CURLOPT_XFERINFODATA, this);
  for (const std::string& header : request_.headers) {
    curl_slist* grown = curl_.slist_append(headers_.get(), header.c_str());
    static_cast<void>(headers_.release());
    headers_.reset(grown);
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
  set_method();
  set_trust();
  if (request_.signer) set_signer(*request_.signer);
}

Fault Exchange::fault(CURLcode code) const {
  if (!taken_) return Fault{taken_.error().message, false, true};
  const bool again = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
                     code == CURLE_OPERATION_TIMEDOUT || code == CURLE_PARTIAL_FILE ||
                     code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                     code == CURLE_GOT_NOTHING || code == CURLE_SSL_CONNECT_ERROR ||
                     code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
  return Fault{printable(error_[0] != '\0' ? error_ : curl_.strerror(code)), again, false};
}

std::expected<Answer, Fault> Exchange::run() {
  if (!handle_) return std::unexpected(Fault{"libcurl cannot start", false, true});
  set_up();
  const CURLcode code = curl_.perform(handle_);
  if (stopped_()) return std::unexpected(Fault{"interrupted", false, true});
  if (code != CURLE_OK) return std::unexpected(fault(code));
  answer_.status = status();
  const char* url = nullptr;
  curl_.getinfo(handle_, CURLINFO_EFFECTIVE_URL, &url);
  answer_.url = url == nullptr ? request_.url : url;
  // An empty body brought no data.
  if (answer_.is_good() && !begin(answer_.status)) return std::unexpected(fault(code));
  return std::move(answer_);
}

}  // namespace

std::string Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

void refuse_writes() {
  only_reads = true;
}

std::expected<Answer, Fault> exchange(const Request& request, const Stopped& stopped) {
  if (only_reads && !only_asks(request)) {
    return std::unexpected(
        Fault{fmt::format("a dry run sends no {} to {}", request.method, shown(request.url)), false,
              true});
  }
  const Result<Curl>& curl = libcurl();
  if (!curl) return std::unexpected(Fault{curl.error().message, false, true});
  return Exchange(*curl, request, stopped).run();
}

bool refuses_login(long status) {
  return status == kUnauthorized || status == kForbidden;
}

int code_of(long status) {
  return refuses_login(status) ? kRefusedLogin : 0;
}

bool is_transient(long status) {
  return status == 408 || status == 429 || status >= 500;
}

void pause(int attempts, std::string_view retry_after, const Stopped& stopped) {
  constexpr std::chrono::milliseconds kFirst{500};
  constexpr int kLongest = 60;
  std::chrono::milliseconds time = kFirst * (1 << (attempts - 1));
  int seconds = 0;
  const auto [end, error] =
      std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  if (error == std::errc() && end == retry_after.data() + retry_after.size() && seconds > 0) {
    time = std::max(time, std::chrono::milliseconds(1000 * std::min(seconds, kLongest)));
  }
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stopped() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string shown(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return printable(url);
  const std::size_t host = scheme + 3;
  const std::size_t at = url.substr(0, url.find_first_of("/?#", host)).rfind('@');
  if (at == std::string_view::npos || at < host) return printable(url);
  return printable(std::string(url.substr(0, host)) + std::string(url.substr(at + 1)));
}

std::string percent_encoded(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      made += c;
    } else {
      made += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return made;
}

}  // namespace devgraph::net
