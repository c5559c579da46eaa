"""Connections that are used again: what was given back is taken before a new one is made."""

import collections
import contextlib
import threading

from backoffs import persist


class Lanes:
    """Connections by place. `connect(place)` makes one; `close()` of it ends it."""

    def __init__(self, connect, pauses=(), most=16):
        self._connect = connect
        self._pauses = list(pauses)
        self._most = most
        self._lock = threading.Lock()  # Guards idle.
        self._idle = collections.defaultdict(list)

    @contextlib.contextmanager
    def take(self, place):
        """A connection for the length of a `with`. Where that ends with an error, it is not used again."""
        lane = self._reuse(place) or persist(lambda: self._connect(place), self._pauses)
        try:
            yield lane
        except BaseException:
            lane.close()
            raise
        with self._lock:
            idle = self._idle[place]
            if len(idle) < self._most:
                idle.append(lane)
                return
        lane.close()

    def _reuse(self, place):
        with self._lock:
            idle = self._idle[place]
            return idle.pop() if idle else None

    def close(self):
        """Ends all that nobody uses."""
        with self._lock:
            lanes = [lane for idle in self._idle.values() for lane in idle]
            self._idle.clear()
        for lane in lanes:
            lane.close()
