"""Events, in the order of their times."""

import bisect


class Events:
    def __init__(self):
        self.all = []

    def add(self, time, what):
        bisect.insort(self.all, (time, what))

    def since(self, time):
        return [what for at, what in self.all if at >= time]
