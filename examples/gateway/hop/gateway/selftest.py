"""Two gateways in one process, and what they must be able to do."""

import pathlib
import tempfile
import time

from hop.common import chunks, wire
from hop.gateway.server import Gateway


def check(what, holds):
    if not holds:
        raise SystemExit(f"self-test: {what}: NO")
    print(f"self-test: {what}: yes")


def refused(action):
    try:
        action()
    except wire.Refused:
        return True
    return False


def main():
    with tempfile.TemporaryDirectory() as folder:
        source, root = pathlib.Path(folder, "source"), pathlib.Path(folder, "root")
        source.mkdir()
        (source / "sub").mkdir()
        (source / "sub/data.bin").write_bytes(bytes(range(256)) * 2000)
        (source / "empty").write_bytes(b"")
        last = Gateway("127.0.0.1:0", root).start()
        first = Gateway("127.0.0.1:0", rate=500e6).start()
        entries = chunks.plan(source, "in", 100_000)
        batch = chunks.name_of(entries)
        to = wire.Connection.to(first.place)
        via = [last.place]

        # A connection that breaks within a chunk.
        chunk = entries[-1].chunks[0]
        broken = wire.Connection.to(first.place)
        about = {"batch": batch, "digest": chunk.digest, "size": chunk.size, "via": via}
        half = next(chunk.blocks(0))[:40_000]
        broken.send({"op": "put", **about, "offset": 0, "data": chunk.size}, [half])
        broken.close()
        held, end = 0, time.monotonic() + 20
        while not held and time.monotonic() < end:
            held = to.ask({"op": "held", **about})["held"]
        check("what arrived of a broken chunk is kept", held == len(half))
        check("the rest of it is sent", wire.put(to, batch, chunk, via) == chunk.size - len(half))

        for entry in entries:
            for chunk in entry.chunks:
                wire.put(to, batch, chunk, via)
            wire.finish(to, batch, entry, via)
        to.ask({"op": "end", "batch": batch, "via": via})
        same = all((root / "in" / name).read_bytes() == (source / name).read_bytes() for name in ("sub/data.bin", "empty"))
        check("two gateways relay a folder", same)
        check("nothing is left behind", not any((root / ".hop").iterdir()))

        bad = {"op": "put", "batch": "x", "digest": "0" * 40, "size": 3, "offset": 0, "data": 3, "via": via}
        check("a wrong checksum is refused", refused(lambda: to.ask(bad, [b"abc"])))
        check("a path outside is refused", refused(lambda: to.ask(
            {"op": "finish", "batch": "x", "path": "../x", "executable": False, "chunks": [], "via": via})))
        check("a gateway without a root keeps nothing", refused(lambda: to.ask({"op": "held", **about, "via": []})))
        answer = to.ask({"op": "status", "via": via})
        check("it counts", "hop_files_made 2\n" in answer["tallies"] and "hop_chunks_resumed 1\n" in answer["tallies"])
        to.close()
    return 0
