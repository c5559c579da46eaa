"""Delays between attempts, growing up to a limit."""

import time


def delays(first, longest, count):
    """`count` delays in seconds; each is twice the one before, and none above `longest`."""
    return [min(longest, first * 2**index) for index in range(count)]


def persist(action, pauses, on=(OSError,), sleep=time.sleep):
    """Calls `action` until it does not raise one of `on`; after the last pause it may raise."""
    for pause in pauses:
        try:
            return action()
        except on:
            sleep(pause)
    return action()
