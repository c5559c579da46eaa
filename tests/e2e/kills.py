"""Releases that are killed and called again: what they leave behind has to be what one leaves that nobody killed."""

import os
import random
import signal
import time

LONG = int(os.environ.get("DEVGRAPH_KILLS", "0"))  # The long run: so many kills at random, and one after every line.


class Kills:
    """`start` begins a release in the background, `forget` makes the targets and the ledger empty, `state` is what
    a stranger sees of the targets; it is the place to look at how often each thing was written, too."""

    def __init__(self, case, start, forget, state):
        self.case, self.start, self.forget, self.state = case, start, forget, state
        forget()
        began = time.monotonic()
        self.finish()
        self.lasts = time.monotonic() - began
        self.want = state()
        self.lines = self.ledger()

    def ledger(self):
        """How many lines it has."""
        try:
            with open(self.case.ws.path(".devgraph/ledger"), "rb") as file:
                return file.read().count(b"\n")
        except FileNotFoundError:
            return 0

    def finish(self):
        self.case.expect(self.case.ws.finish(self.start(), timeout=300), 0)

    def end(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # It was faster.
        process.communicate()

    def kill_at(self, line):
        """As soon as the ledger has so many lines. What it had by then."""
        process = self.start()
        while self.ledger() < line and process.poll() is None:
            time.sleep(0.0005)
        self.end(process)
        return self.ledger()

    def look(self):
        self.finish()
        self.case.assertEqual(self.state(), self.want)

    def after_each_line(self, every=1):
        """A step has two lines, one before and one after it. Killed once behind every line of the ledger."""
        struck = set()
        for line in range(1, self.lines, 1 if LONG else every):
            with self.case.subTest(line=line):
                self.forget()
                struck.add(self.kill_at(line))
                self.look()
        # A kill may come a line late, not at the end of all.
        self.case.assertGreater(len(struck), len(range(1, self.lines, 1 if LONG else every)) // 2, struck)
        return struck

    def at_random(self, times):
        times = LONG or times
        chance = random.Random(times)
        while times > 0:
            self.forget()
            for _ in range(chance.randint(1, 4)):
                process = self.start()
                time.sleep(chance.uniform(0.1, self.lasts))
                self.end(process)
                times -= 1
            self.look()
