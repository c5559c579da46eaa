"""What each node is doing, kept in a file that survives a crash at any moment."""

import os
from contextlib import contextmanager
from typing import NamedTuple

from clusterkit.errors import ClusterError

FREE, BUSY, DRAINING, DOWN, LOST = "free", "busy", "draining", "down", "lost"

# What may follow what. A lost node comes back by way of `down`, after somebody has looked at it.
_ALLOWED = {
    FREE: {BUSY, DRAINING, DOWN, LOST},
    BUSY: {FREE, DRAINING, LOST},
    DRAINING: {DOWN, FREE, LOST},
    DOWN: {FREE},
    LOST: {DOWN},
}


class NodeState(NamedTuple):
    name: str
    state: str = FREE
    since: int = 0
    note: str = ""


class StateFile:
    """One line a node: name, state, since, note. A lock file keeps writers apart."""

    def __init__(self, path):
        self.path = str(path)

    def read(self):
        found = {}
        try:
            with open(self.path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    parts = line.rstrip("\n").split("\t")
                    if len(parts) != 4 or parts[1] not in _ALLOWED or not parts[2].isdigit():
                        raise ClusterError("{}:{}: this is no state of a node".format(self.path, number))
                    found[parts[0]] = NodeState(parts[0], parts[1], int(parts[2]), parts[3])
        except FileNotFoundError:
            pass
        return found

    def write(self, states):
        """Writes aside and renames: a reader sees the old file or the new one."""
        aside = "{}.{}".format(self.path, os.getpid())
        try:
            with open(aside, "x", encoding="utf-8") as file:
                for name in sorted(states):
                    one = states[name]
                    note = one.note.replace("\t", " ").replace("\n", " ")
                    file.write("\t".join([one.name, one.state, str(one.since), note]) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, self.path)
        finally:
            if os.path.exists(aside):
                os.unlink(aside)

    @contextmanager
    def locked(self):
        """Read, change, write, with nobody in between."""
        import fcntl
        with open(self.path + ".lock", "a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            states = self.read()
            yield states
            self.write(states)

    def move(self, name, to, now, note=""):
        with self.locked() as states:
            states[name] = moved(states.get(name, NodeState(name)), to, now, note)
            return states[name]


def moved(node, to, now, note=""):
    """The node in its next state; refuses steps that make no sense."""
    if to not in _ALLOWED:
        raise ClusterError("`{}` is no state; these are: {}".format(to, ", ".join(_ALLOWED)))
    if to != node.state and to not in _ALLOWED[node.state]:
        raise ClusterError("{} is {}; from there it can only become {}".format(
            node.name, node.state, " or ".join(sorted(_ALLOWED[node.state]))))
    return NodeState(node.name, to, node.since if to == node.state else now, note)


def usable(nodes, states):
    """The nodes of a cluster that may get work."""
    return [node for node in nodes
            if states.get(node.name, NodeState(node.name)).state in (FREE, BUSY)]
