"""Counters, as Prometheus reads them."""

import threading


class Tallies:
    """Counters by name; a name that was never added to is not shown."""

    def __init__(self):
        self._lock = threading.Lock()  # Guards counts.
        self._counts = {}

    def add(self, name, amount=1):
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + amount

    def __getitem__(self, name):
        with self._lock:
            return self._counts.get(name, 0)

    def text(self, prefix=""):
        with self._lock:
            return "".join(f"{prefix}{name} {count}\n" for name, count in sorted(self._counts.items()))
