"""A log of what happened, one line each, that can be asked and does not grow for ever."""

import os
from typing import NamedTuple


class Event(NamedTuple):
    when: int
    what: str
    where: str
    text: str = ""


class EventLog:
    """Lines `when what where text`. When the file is full it becomes `.1`, and `.1` is gone."""

    def __init__(self, path, limit=1 << 20):
        self.path, self.limit = str(path), limit

    def add(self, event):
        text = event.text.replace("\\", "\\\\").replace("\n", "\\n")
        line = "{} {} {} {}\n".format(event.when, event.what, event.where, text)
        if os.path.exists(self.path) and os.path.getsize(self.path) + len(line) > self.limit:
            os.replace(self.path, self.path + ".1")
        # One write of one line: writers at the same time do not mix.
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def read(self, what=None, where=None, since=0):
        """The events that match, oldest first. A last line that was cut off is left out."""
        for path in (self.path + ".1", self.path):
            try:
                with open(path, encoding="utf-8") as file:
                    for line in file:
                        event = parse(line)
                        if event and event.when >= since and what in (None, event.what) and \
                                where in (None, event.where):
                            yield event
            except FileNotFoundError:
                continue

    def last(self, count, **wanted):
        return list(self.read(**wanted))[-count:]


def parse(line):
    parts = line.rstrip("\n").split(" ", 3)
    if not line.endswith("\n") or len(parts) < 4 or not parts[0].isdigit():
        return None
    text = parts[3].replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
    return Event(int(parts[0]), parts[1], parts[2], text)
