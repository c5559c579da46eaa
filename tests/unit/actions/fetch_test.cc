/// `fetch` from files and from a small HTTP server, `git_clone` from a repository made here.

#include <atomic>
#include <cstdlib>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/actions/action_test.h"

using namespace devgraph;
using namespace devgraph::actions;

namespace {

/// Answers each connection with the next of its answers, then closes it.
class Server {
 public:
  explicit Server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    REQUIRE_EQ(::listen(socket_, 16), 0);
    socklen_t size = sizeof address;
    REQUIRE_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ended_ = true;
    thread_.join();
    ::close(socket_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}/{}", port_, path);
  }
  int asked() const { return asked_; }

 private:
  void serve() {
    while (!ended_) {
      pollfd wait{socket_, POLLIN, 0};
      if (::poll(&wait, 1, 20) <= 0) continue;
      const int client = ::accept(socket_, nullptr, nullptr);
      if (client < 0) continue;
      char request[4096];
      static_cast<void>(!::read(client, request, sizeof request));
      const std::size_t index = std::min(static_cast<std::size_t>(asked_++), answers_.size() - 1);
      static_cast<void>(!::write(client, answers_[index].data(), answers_[index].size()));
      ::close(client);
    }
  }

  std::vector<std::string> answers_;
  int socket_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> ended_ = false;
  std::atomic<int> asked_ = 0;
  std::thread thread_;
};

std::string answer(const std::string& status, const std::string& body,
                   const std::string& extra = "") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), extra, body);
}

Status fetch(Bench& bench, const std::vector<std::string>& urls,
             const std::optional<std::string>& sha256) {
  std::vector<ValueId> values;
  for (const std::string& url : urls)
    values.push_back(bench.graph.string(url));
  std::vector<std::pair<std::string, ValueId>> args = {{"url", bench.list(values)}};
  if (sha256) args.emplace_back("sha256", bench.graph.string(*sha256));
  return bench.run("fetch", args);
}

}  // namespace

TEST_CASE("a file is fetched by its hash") {
  const std::string content(100'000, 'x');
  const std::string want = hex(sha256_of(content));
  Bench bench;
  bench.source("served", content);
  REQUIRE(fetch(bench, {"file://" + bench.workspace() + "/served"}, want));
  CHECK((bench.text() == content));

  const Server server({answer("200 OK", content)});
  Bench http;
  REQUIRE(fetch(http, {server.url("x")}, want));
  CHECK((http.text() == content));
}

TEST_CASE("mirrors are tried in order, and those that may recover are tried again") {
  const std::string want = hex(sha256_of("good"));
  const Server gone({answer("404 Not Found", "no")});
  const Server bad({answer("200 OK", "evil")});
  const Server late({answer("503 Busy", ""), answer("200 OK", "good", "X-A: b\r\n")});
  Bench bench;
  REQUIRE(fetch(bench, {gone.url("a"), bad.url("b"), late.url("c")}, want));
  CHECK_EQ(bench.text(), "good");
  CHECK_EQ(gone.asked(), 1);
  CHECK_EQ(bad.asked(), 1);
  CHECK_EQ(late.asked(), 2);
}

TEST_CASE("a redirection to a local file is not followed") {
  Bench bench;
  bench.source("secret", "good");
  const Server server(
      {answer("302 Found", "", "Location: file://" + bench.workspace() + "/secret\r\n")});
  CHECK_FALSE(fetch(bench, {server.url("a")}, hex(sha256_of("good"))));
}

TEST_CASE("all that failed is said, without passwords") {
  const std::string want = hex(sha256_of("good"));
  const Server bad({answer("200 OK", "evil")});
  const Server gone({answer("404 Not Found", "")});
  std::string url = gone.url("b?q=a@b");
  url.replace(0, 7, "http://user:hunter2@");
  Bench bench;
  CHECK_EQ(
      message(fetch(bench, {bad.url("a"), url}, want)),
      fmt::format(
          "cannot fetch {}: its SHA-256 is {}, not {}; cannot fetch {}: the server answers 404",
          bad.url("a"), hex(sha256_of("evil")), want, gone.url("b?q=a@b")));
}

TEST_CASE("a fetch without a hash does not run") {
  Bench bench;
  CHECK_EQ(message(fetch(bench, {"https://example.org/a.tgz"}, std::nullopt)),
           "https://example.org/a.tgz is not in the lock file");
  Bench other;
  CHECK_EQ(message(fetch(other, {"https://example.org/a.tgz"}, "abc")),
           "`abc` is no SHA-256: 64 hex digits");
}

TEST_CASE("other protocols are refused") {
  Bench bench;
  CHECK_FALSE(fetch(bench, {"ftp://127.0.0.1/x"}, hex(sha256_of("x"))));
}

namespace {

std::string shell(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    text += static_cast<char>(c);
  REQUIRE_EQ(::pclose(pipe), 0);
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

/// A repository with two commits; gives the first one's id.
std::string make_repository(const std::string& path) {
  const std::string git =
      "git -c user.name=a -c user.email=a@b -c init.defaultBranch=main -C " + path + " ";
  return shell("mkdir -p " + path + " && " + git + "init -q && cd " + path +
               " && mkdir d && printf one > d/f && printf '#!' > run.sh && chmod +x run.sh && ln "
               "-s d/f l && " +
               git + "add -A && " + git + "commit -qm 1 && " + git +
               "rev-parse HEAD && printf two > d/f && " + git + "commit -qam 2");
}

Status clone(Bench& bench, const std::string& url, const std::string& rev,
             bool submodules = false) {
  return bench.run("git_clone",
                   {{"url", bench.graph.string(url)},
                    {"rev", rev.empty() ? bench.graph.none() : bench.graph.string(rev)},
                    {"submodules", bench.graph.boolean(submodules)}},
                   true);
}

using Listing = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("a clone is the files of one commit, and nothing of git") {
  Bench bench;
  const std::string repository = bench.folder() / "repo";
  const std::string commit = make_repository(repository);
  // What the user has set up must not matter, nor run.
  shell("mkdir -p " + repository + "/.git/hooks && printf '#!/bin/sh\\ntouch " +
        bench.folder().path() + "/hooked\\n' > " + repository +
        "/.git/hooks/post-checkout && chmod +x " + repository + "/.git/hooks/post-checkout");
  for (const std::string& url : {"file://" + repository, repository}) {
    REQUIRE_EQ(message(clone(bench, url, commit)), "");
    CHECK((bench.listing() ==
           Listing{{"d", "/"}, {"d/f", "one"}, {"run.sh", "*#!"}, {"l", "-> d/f"}}));
  }
  CHECK_FALSE(bench.files().stat(bench.folder() / "hooked")->exists());
}

TEST_CASE("submodules are filled when asked for") {
  Bench bench;
  const std::string inner = bench.folder() / "inner";
  make_repository(inner);
  const std::string outer = bench.folder() / "outer";
  make_repository(outer);
  const std::string git =
      "git -c user.name=a -c user.email=a@b -c protocol.file.allow=always -C " + outer + " ";
  const std::string commit =
      shell(git + "submodule add -q file://" + inner + " sub 2>/dev/null && " + git +
            "commit -qm sub && " + git + "rev-parse HEAD");
  REQUIRE_EQ(message(clone(bench, "file://" + outer, commit, true)), "");
  CHECK_EQ(bench.listing().at("sub/d/f"), "two");
  CHECK_FALSE(bench.listing().contains("sub/.git"));
  Bench plain;
  REQUIRE_EQ(message(clone(plain, "file://" + outer, commit, false)), "");
  CHECK_FALSE(plain.listing().contains("sub/d/f"));
}

TEST_CASE("a clone of what is no full commit id does not run") {
  Bench bench;
  CHECK_EQ(message(clone(bench, "https://example.org/r.git", "v1.0")),
           "`v1.0` of https://example.org/r.git is not in the lock file");
  CHECK_EQ(message(clone(bench, "https://example.org/r.git", "")),
           "`HEAD` of https://example.org/r.git is not in the lock file");
}

TEST_CASE("a clone that fails says what git said") {
  Bench bench;
  const std::string none = bench.folder() / "none";
  const std::string text = message(clone(bench, none, std::string(40, 'a')));
  CHECK(text.starts_with("cannot clone " + none + " at " + std::string(40, 'a') + ": "));
  CHECK_FALSE(bench.log.empty());
  CHECK_FALSE(clone(bench, "--upload-pack=touch x", std::string(40, 'a')));
  CHECK_FALSE(clone(bench, "ext::sh -c true", std::string(40, 'a')));
}
