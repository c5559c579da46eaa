"""A limit on how much may pass in a second."""

import threading
import time


class Pail:
    """Fills with `rate` tokens a second, up to `size` (a second's worth unless said)."""

    def __init__(self, rate, size=None, clock=time.monotonic, sleep=time.sleep):
        if rate <= 0:
            raise ValueError("a rate is above zero")
        self._rate = rate
        self._size = size or rate
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()  # Guards level and when.
        self._level = self._size
        self._when = clock()

    def take(self, amount):
        """Takes tokens, and waits until the pail is no longer in debt."""
        with self._lock:
            now = self._clock()
            self._level = min(self._size, self._level + (now - self._when) * self._rate) - amount
            self._when = now
            debt = -self._level / self._rate
        if debt > 0:
            self._sleep(debt)
