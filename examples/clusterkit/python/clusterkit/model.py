"""What a cluster is made of: resources, nodes and jobs."""

from typing import NamedTuple, Optional, Tuple


class Resources(NamedTuple):
    """An amount of each thing that a node has and a job wants."""

    cpus: int = 0
    memory: int = 0  # Bytes.
    gpus: int = 0

    def __add__(self, other):
        return Resources(*(a + b for a, b in zip(self, other)))

    def __sub__(self, other):
        return Resources(*(a - b for a, b in zip(self, other)))

    def __mul__(self, times):
        return Resources(*(amount * times for amount in self))

    def fits(self, room):
        """Whether there is room for this much."""
        return all(wanted <= there for wanted, there in zip(self, room))

    def lacking(self, room):
        """The names of what there is too little of."""
        return [name for name, wanted, there in zip(self._fields, self, room) if wanted > there]

    def share_of(self, whole):
        """The largest part of any one resource that this takes; 0 to 1, or more if it does not fit."""
        return max((wanted / there if there else float("inf")
                    for wanted, there in zip(self, whole) if wanted), default=0.0)


class Node(NamedTuple):
    """A machine."""

    name: str
    has: Resources
    labels: Tuple[str, ...] = ()
    rack: str = ""

    def matches(self, wanted):
        """Whether the node has all labels; one that begins with `!` must be absent."""
        return all((label[1:] not in self.labels) if label.startswith("!") else label in self.labels
                   for label in wanted)


class Job(NamedTuple):
    """Something to run: several copies of one command."""

    name: str
    command: str
    needs: Resources = Resources(cpus=1)
    copies: int = 1
    priority: int = 0
    labels: Tuple[str, ...] = ()
    spread: bool = False  # No two copies on one node.
    after: Tuple[str, ...] = ()
    timeout: Optional[int] = None  # Seconds.

    def total(self):
        return self.needs * self.copies


class Cluster(NamedTuple):
    """All machines, and where they are."""

    name: str
    nodes: Tuple[Node, ...]
    region: str = "global"

    def total(self):
        whole = Resources()
        for node in self.nodes:
            whole = whole + node.has
        return whole

    def node(self, name):
        for node in self.nodes:
            if node.name == name:
                return node
        return None

    def racks(self):
        """Names of the nodes of each rack."""
        found = {}
        for node in self.nodes:
            found.setdefault(node.rack, []).append(node.name)
        return found
