"""The last lines of a log, in memory."""

import collections
import threading
import time


class RingLog:
    """Keeps the last `size` lines, each with the seconds since the log was made."""

    def __init__(self, size, clock=time.monotonic):
        self._clock = clock
        self._begin = clock()
        self._lock = threading.Lock()  # Guards lines.
        self._lines = collections.deque(maxlen=size)

    def note(self, text):
        line = f"{self._clock() - self._begin:9.3f} {text}"
        with self._lock:
            self._lines.append(line)

    def lines(self):
        with self._lock:
            return list(self._lines)
