#include "engine/exec/sessions.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "engine/base/fd.h"

namespace devgraph::exec {
namespace {

/// /proc files have no size; most fit into one read.
std::string read_proc(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string out;
  if (!fd) return out;
  std::size_t filled = 0;
  while (true) {
    out.resize(filled + 4096);
    const ssize_t count = ::read(fd.get(), out.data() + filled, 4096);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  out.resize(filled);
  return out;
}

void add_children(pid_t thread, std::vector<pid_t>& out) {
  const std::string text = read_proc("/proc/self/task/" + std::to_string(thread) + "/children");
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error != std::errc{}) break;
    out.push_back(pid);
    at = next + 1;  // One space behind each.
  }
}

}  // namespace

std::vector<pid_t> own_children() {
  std::vector<pid_t> out;
  const pid_t leader = ::getpid();
  add_children(leader, out);
  if (const pid_t self = ::gettid(); self != leader) add_children(self, out);
  return out;
}

pid_t session_of(pid_t pid) {
  return ::getsid(pid);
}

Marked is_marked(pid_t pid, std::string_view entry) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string text = read_proc(folder + "/environ");
  // Without memory both are empty; a process may well have no environment, but has a command line.
  if (text.empty()) return read_proc(folder + "/cmdline").empty() ? Marked::Unknown : Marked::No;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find('\0', at);
    if (end == std::string::npos) end = text.size();
    if (std::string_view(text).substr(at, end - at) == entry) return Marked::Yes;
    at = end + 1;
  }
  return Marked::No;
}

void signal_session(pid_t session, int number) {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc) return;
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (session_of(pid) == session && ::getpgid(pid) != session) ::kill(pid, number);
  }
}

}  // namespace devgraph::exec
