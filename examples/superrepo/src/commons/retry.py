"""Waiting longer after each failure, up to a limit."""


def pauses(first=1, factor=2, limit=60):
    pause = first
    while True:
        yield min(pause, limit)
        pause *= factor
