#pragma once
/// What /proc knows of processes that a command started and left.

#include <cstdint>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace devgraph::exec {

/// The children of this process, found through the thread group's leader and the calling thread
/// (orphans come to the leader). Zombies too.
std::vector<pid_t> own_children();

/// The session of a process, or -1.
pid_t session_of(pid_t pid);

/// Whether the environment that a process was started with holds `entry` (`NAME=value`). Unknown
/// while it is being replaced by execve, or dies.
enum class Marked : std::uint8_t { No, Yes, Unknown };
Marked is_marked(pid_t pid, std::string_view entry);

/// Sends a signal to the members of a session that are in other groups than its leader's, which
/// `kill` reaches at once: a signal that comes twice runs a handler twice. Reads all of /proc.
void signal_session(pid_t session, int number);

}  // namespace devgraph::exec
