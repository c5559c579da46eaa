"""Consistent hashing: which nodes keep a key. A node that comes or goes moves few keys."""

import bisect
import hashlib


def point(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class Ring:
    """Each node stands at many points of a circle; a key belongs to the next one."""

    def __init__(self, nodes, points=64):
        self.racks = {node.name: node.rack for node in nodes}
        self.points = sorted((point("{}#{}".format(name, i)), name)
                             for name in self.racks for i in range(points))

    def walk(self, key):
        """All nodes in the order in which they would keep the key."""
        begin = bisect.bisect(self.points, (point(key), ""))
        seen = set()
        for i in range(len(self.points)):
            name = self.points[(begin + i) % len(self.points)][1]
            if name not in seen:
                seen.add(name)
                yield name

    def owners(self, key, copies=2):
        """The nodes for a key, in different racks as far as there are any."""
        order = list(self.walk(key))
        chosen, racks = [], set()
        for name in order:
            if self.racks[name] not in racks or not self.racks[name]:
                chosen.append(name)
                racks.add(self.racks[name])
        rest = [name for name in order if name not in chosen]
        return (chosen + rest)[:copies]


def moves(before, after, keys, copies=2):
    """Keys that get a new owner, as (key, from, to)."""
    found = []
    for key in keys:
        old, new = before.owners(key, copies), after.owners(key, copies)
        for gone, come in zip([n for n in old if n not in new], [n for n in new if n not in old]):
            found.append((key, gone, come))
    return found
