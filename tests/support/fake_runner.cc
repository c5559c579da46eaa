#include "tests/support/fake_runner.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace devgraph {

FakeRunner::FakeRunner(const Graph& graph, Files& files, std::string workspace, std::uint64_t seed)
    : graph_(graph), files_(files), workspace_(std::move(workspace)), random_(seed) {}

std::string FakeRunner::Job::label() const {
  return label_of(runner_.graph_, command_.node);
}

exec::Stage FakeRunner::Job::stage() const {
  return {runner_.graph_,
          runner_.files_,
          runner_.workspace_,
          runner_.workspace_ + "/.devgraph",
          exec::SandboxMode::Off,
          {},
          {}};
}

std::size_t FakeRunner::Job::input_count() const {
  return runner_.graph_.inputs(command_.node).size();
}

std::string FakeRunner::Job::input_path(std::size_t index) const {
  const InputId id = runner_.graph_.inputs(command_.node)[index];
  return exec::input_path(runner_.graph_, runner_.workspace_, id);
}

std::string FakeRunner::Job::input(std::size_t index) const {
  const Result<std::string> text = runner_.files_.read(input_path(index));
  if (!text) throw std::runtime_error(text.error().message);
  return *text;
}

std::string FakeRunner::Job::output_path(std::size_t index) const {
  return exec::staged_output(stage(), command_.node, index, command_.scratch);
}

void FakeRunner::Job::output(std::size_t index, std::string_view content, bool executable) {
  // A full disk is for the command to suffer, not for the test: then there is no output.
  static_cast<void>(files().write(output_path(index), content, executable ? 0755 : 0644, false));
}

void FakeRunner::Job::print(std::string_view text) {
  const Result<FileStat> stat = files().stat(command_.log_file);
  if (!stat) return;
  const auto log = files().append_to(command_.log_file, stat->size);
  if (log) static_cast<void>((*log)->append(text));
}

Status FakeRunner::start(std::uint64_t token, const exec::Command& command) {
  if (shortages > 0 && !running_.empty()) {
    --shortages;
    return fail("cannot start a process", EAGAIN);
  }
  running_.push_back({token, command});
  most_at_once = std::max(most_at_once, running_.size());
  return {};
}

exec::Exit FakeRunner::finish(const Started& started) {
  const std::string label = label_of(graph_, started.command.node);
  Job job(*this, started.command, ++attempts_[label]);
  const auto found = actions_.find(label);
  const Action& action = found == actions_.end() ? otherwise_ : found->second;
  ran.push_back(label);
  const int status = action ? action(job) : 0;
  exec::Exit exit;
  exit.token = started.token;
  exit.wait_status = job.signal_ != 0 ? job.signal_ : (status & 0xFF) << 8;
  exit.timed_out = job.timed_out_;
  exit.time = std::chrono::milliseconds(1);
  return exit;
}

Result<std::vector<exec::Exit>> FakeRunner::wait(std::optional<std::chrono::milliseconds> limit) {
  if (running_.empty() || stop_signal() != 0) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto woken = [&] { return woken_; };
    changed_.wait_for(lock, limit.value_or(std::chrono::milliseconds(1000)), woken);
    woken_ = false;
    return std::vector<exec::Exit>();
  }
  std::vector<exec::Exit> exits;
  do {
    const std::size_t which = random_() % running_.size();
    const Started started = std::move(running_[which]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(which));
    exits.push_back(finish(started));
  } while (!running_.empty() && random_() % 3 == 0);
  return exits;
}

void FakeRunner::wake() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

int FakeRunner::stop_signal() const {
  return stop_after != 0 && ran.size() >= stop_after ? SIGINT : 0;
}

void FakeRunner::stop_all(std::chrono::milliseconds) {
  running_.clear();
}

}  // namespace devgraph
