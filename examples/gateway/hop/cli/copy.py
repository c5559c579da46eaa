"""A transfer: chunks go over several connections at once, each until it has arrived."""

import dataclasses
import queue
import threading
import time

from hop.common import chunks, wire

ATTEMPTS = 6
FIRST_DELAY = 0.1


class Failed(Exception):
    """The transfer was given up."""


@dataclasses.dataclass
class Summary:
    files: int = 0
    size: int = 0
    sent: int = 0


class Transfer:
    """Copies a file or folder to the last gateway of a route."""

    def __init__(self, route, tls=None, connections=4, chunk_size=chunks.DEFAULT_CHUNK, tell=lambda text: None):
        if not route:
            raise ValueError("a route needs at least one gateway")
        self.first, self.via = route[0], route[1:]
        self.tls = tls
        self.connections = max(1, connections)
        self.chunk_size = chunk_size
        self.tell = tell
        self.lock = threading.Lock()  # Guards sent and failure.
        self.sent = 0
        self.failure = None

    def run(self, source, into=""):
        entries = chunks.plan(source, into, self.chunk_size)
        batch = chunks.name_of(entries)
        work = queue.SimpleQueue()
        # A chunk that occurs more than once travels once.
        distinct = {chunk.digest: chunk for entry in entries for chunk in entry.chunks}
        for chunk in distinct.values():
            work.put(chunk)
        self.tell(f"{len(entries)} files in {len(distinct)} chunks, transfer {batch}")
        threads = [threading.Thread(target=self._work, args=(batch, work), daemon=True)
                   for _ in range(min(self.connections, len(distinct)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure:
            raise Failed(str(self.failure))
        self._finish(batch, entries)
        return Summary(len(entries), sum(entry.size for entry in entries), self.sent)

    def _work(self, batch, work):
        lane = _Lane(self.first, self.tls, self.tell)
        try:
            while not self.failure:
                try:
                    chunk = work.get_nowait()
                except queue.Empty:
                    return
                sent = lane.do(lambda to, chunk=chunk: wire.put(to, batch, chunk, self.via))
                with self.lock:
                    self.sent += sent
        except (OSError, wire.Refused) as error:
            with self.lock:
                self.failure = self.failure or error
        finally:
            lane.close()

    def _finish(self, batch, entries):
        lane = _Lane(self.first, self.tls, self.tell)
        try:
            for entry in entries:
                lane.do(lambda to, entry=entry: wire.finish(to, batch, entry, self.via))
            lane.do(lambda to: to.ask({"op": "end", "batch": batch, "via": self.via}))
        except (OSError, wire.Refused) as error:
            raise Failed(str(error)) from error
        finally:
            lane.close()


class _Lane:
    """A connection that is made again when it breaks. What is done twice does no harm: chunks resume."""

    def __init__(self, place, tls, tell):
        self.place, self.tls, self.tell = place, tls, tell
        self.connection = None

    def do(self, action):
        for attempt in range(ATTEMPTS):
            try:
                if not self.connection:
                    self.connection = wire.Connection.to(self.place, self.tls)
                return action(self.connection)
            except OSError as error:
                self.close()
                if attempt + 1 == ATTEMPTS:
                    raise OSError(f"{self.place}: {error}") from error
                self.tell(f"{self.place}: {error}; trying again")
                time.sleep(FIRST_DELAY * 2 ** attempt)
        return None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None
