"""Tells slow nodes from dead ones: the phi accrual failure detector, on heartbeats."""

import math
from collections import deque

_ENOUGH = 3


class Heartbeats:
    """The rhythm of one node."""

    def __init__(self, keep=100, least_deviation=0.1):
        self.gaps = deque(maxlen=keep)
        self.last = None
        self.least_deviation = least_deviation

    def beat(self, now):
        if self.last is not None and now > self.last:
            self.gaps.append(now - self.last)
        self.last = now

    def phi(self, now):
        """How sure we are that it is gone: 1 is wrong once in 10, 3 once in 1000."""
        if self.last is None or len(self.gaps) < _ENOUGH:
            return 0.0
        mean = sum(self.gaps) / len(self.gaps)
        spread = math.sqrt(sum((gap - mean) ** 2 for gap in self.gaps) / len(self.gaps))
        late = (now - self.last - mean) / max(spread, self.least_deviation * mean)
        # The normal distribution's tail, by a logistic curve that is good to two digits.
        if late > 40:
            return 99.0
        odds = math.exp(-late * (1.5976 + 0.070566 * late * late))
        tail = odds / (1 + odds) if late > -6 else 1.0
        return -math.log10(max(tail, 1e-99))


class Watch:
    """All nodes; says which of them changed sides since it was last asked."""

    def __init__(self, limit=8.0):
        self.limit = limit
        self.nodes = {}
        self.lost = set()

    def beat(self, name, now):
        self.nodes.setdefault(name, Heartbeats()).beat(now)

    def look(self, now):
        """(lost since the last look, back since then)."""
        lost = {name for name, beats in self.nodes.items() if beats.phi(now) > self.limit}
        gone, back = lost - self.lost, self.lost - lost
        self.lost = lost
        return sorted(gone), sorted(back)
