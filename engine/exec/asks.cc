#include "engine/exec/asks.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/actions/outside_now.h"
#include "engine/base/path.h"
#include "engine/exec/staging.h"

namespace devgraph::exec {
namespace {

constexpr std::size_t kAtOnce = 16;  // They wait for the network, not for a processor.
constexpr std::chrono::milliseconds kStep{20};
constexpr std::chrono::seconds kSlow{3};  // Longer, and people think that nothing happens.

/// A folder that goes away with the object.
class Aside {
 public:
  Aside(Files& files, const std::string& below)
      : files_(files), folder_(join_path(below, "devgraph-XXXXXX")) {
    is_made_ = ::mkdtemp(folder_.data()) != nullptr;
  }
  ~Aside() {
    if (is_made_) static_cast<void>(files_.remove_all(folder_));
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  const std::string& folder() const { return folder_; }
  bool is_made() const { return is_made_; }

 private:
  Files& files_;
  std::string folder_;
  bool is_made_ = false;
};

std::string temporary_folder() {
  const char* given = std::getenv("TMPDIR");
  return given != nullptr && given[0] == '/' ? given : "/tmp";
}

/// The file that came goes where its node will look for it.
Status keep_file(Files& files, const std::string& workspace, const std::string& scratch,
                 std::string_view value) {
  const std::optional<Sha256> digest = parse_sha256(value.substr(value.find(':') + 1));
  if (!digest) return {};
  return files.rename(join_path(scratch, "file"),
                      join_path(workspace, actions::fetched_path(*digest)));
}

class Asking {
 public:
  Asking(const Graph& graph, Files& files, const AskOptions& options, std::string folder)
      : graph_(graph), files_(files), options_(options), folder_(std::move(folder)) {}

  std::vector<Result<std::string>> run(std::span<const NodeAsk> asks);

 private:
  Result<std::string> one(const NodeAsk& ask, std::size_t number);
  void say_slow(std::span<const NodeAsk> asks,
                const std::vector<std::atomic<bool>>& answered) const;

  const Graph& graph_;
  Files& files_;
  const AskOptions& options_;
  const std::string folder_;
  std::atomic<bool> stopping_{false};
};

Result<std::string> Asking::one(const NodeAsk& ask, std::size_t number) {
  const std::string scratch = join_path(folder_, fmt::format("{}", number));
  if (Status done = files_.make_folders(scratch); !done) return std::unexpected(done.error());
  const actions::Context context{
      .graph = graph_,
      .node = ask.node,
      .files = files_,
      .workspace = options_.workspace,
      .scratch = scratch,
      .path_of = [&](InputId id) { return input_path(graph_, options_.workspace, id); },
      .out_path = [&](std::size_t) { return join_path(scratch, "out"); },
      .log = [](std::string_view) {},
      .stopping = stopping_,
  };
  Result<std::string> value = actions::outside_now(context, ask.asked.ask);
  if (value && options_.keep && ask.asked.ask.kind == AskKind::File) {
    if (Status done = keep_file(files_, options_.workspace, scratch, *value); !done) {
      return std::unexpected(done.error());
    }
  }
  return value;
}

void Asking::say_slow(std::span<const NodeAsk> asks,
                      const std::vector<std::atomic<bool>>& answered) const {
  for (std::size_t i = 0; options_.slow && i < asks.size(); ++i) {
    if (!answered[i]) options_.slow(asks[i]);
  }
}

std::vector<Result<std::string>> Asking::run(std::span<const NodeAsk> asks) {
  std::vector<Result<std::string>> answers(asks.size(), Result<std::string>(std::string()));
  std::vector<std::atomic<bool>> answered(asks.size());
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> running{std::min(asks.size(), kAtOnce)};
  std::vector<std::thread> threads;
  for (std::size_t i = running; i > 0; --i) {
    threads.emplace_back([&] {
      for (std::size_t number = next++; number < asks.size(); number = next++) {
        answers[number] = one(asks[number], number);
        answered[number] = true;
      }
      --running;
    });
  }
  auto say_at = std::chrono::steady_clock::now() + kSlow;
  while (running > 0) {
    if (std::chrono::steady_clock::now() >= say_at) {
      say_slow(asks, answered);
      say_at = std::chrono::steady_clock::time_point::max();
    }
    if (options_.interrupted && options_.interrupted()) stopping_ = true;
    std::this_thread::sleep_for(kStep);
  }
  for (std::thread& thread : threads)
    thread.join();
  return answers;
}

}  // namespace

std::vector<NodeAsk> asks_of_nodes(const Graph& graph, std::span<const NodeId> nodes) {
  std::vector<NodeAsk> made;
  for (const NodeId node : nodes) {
    for (Asked& asked : asks_of(graph, node))
      made.push_back({node, std::move(asked)});
  }
  std::stable_sort(made.begin(), made.end(),
                   [](const NodeAsk& a, const NodeAsk& b) { return a.asked.ask < b.asked.ask; });
  const auto same = [](const NodeAsk& a, const NodeAsk& b) { return a.asked.ask == b.asked.ask; };
  made.erase(std::unique(made.begin(), made.end(), same), made.end());
  return made;
}

std::vector<Result<std::string>> ask_outside(const Graph& graph, Files& files,
                                             const AskOptions& options,
                                             std::span<const NodeAsk> asks) {
  if (asks.empty()) return {};
  const std::string state = join_path(options.workspace, ".devgraph");
  const std::string fetched = join_path(state, "fetched");
  Status ready;
  if (options.keep) ready = files.remove_all(fetched);  // What no node took.
  if (options.keep && ready) ready = files.make_folders(fetched);
  const Aside aside(files, options.keep ? state : temporary_folder());
  if (ready && !aside.is_made()) ready = fail("cannot make a folder for what is asked for");
  if (!ready) {
    return std::vector<Result<std::string>>(asks.size(), std::unexpected(ready.error()));
  }
  return Asking(graph, files, options, aside.folder()).run(asks);
}

}  // namespace devgraph::exec
