"""What goes over a connection: a header, then as many bytes of data as it says, then an answer.

A header is JSON behind its length in four bytes. Its `op` says what is wanted, its `via` through which
gateways it has still to go, its `data` how many bytes follow. An answer is a header without data; one
with `error` says why not. A connection carries any number of such pairs.
"""

import json
import socket
import struct

from hop.common import address
from hop.common.chunks import BLOCK

LENGTH = struct.Struct("!I")
LONGEST = 4 << 20
TIMEOUT = 60


class Refused(Exception):
    """The other side understood, and will not."""


class Connection:
    """One end of a connection, plain or TLS."""

    def __init__(self, sock):
        self.sock = sock
        self.stream = sock.makefile("rwb", buffering=BLOCK)

    @classmethod
    def to(cls, place, tls=None, timeout=TIMEOUT):
        host, port = address.parse(place)
        sock = socket.create_connection((host, port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return cls(tls.wrap_socket(sock, server_hostname=host) if tls else sock)
        except OSError:
            sock.close()
            raise

    def send(self, header, blocks=()):
        text = json.dumps(header, separators=(",", ":")).encode()
        self.stream.write(LENGTH.pack(len(text)) + text)
        for block in blocks:
            self.stream.write(block)
        self.stream.flush()

    def receive(self):
        """The next header; None where the other side has ended in good order."""
        raw = self.stream.read(LENGTH.size)
        if not raw:
            return None
        size = LENGTH.unpack(raw)[0] if len(raw) == LENGTH.size else LONGEST + 1
        if size > LONGEST:
            raise ConnectionError("this is not what a gateway says; is TLS on at one end only?")
        text = self.stream.read(size)
        if len(text) < size:
            raise ConnectionError("the connection ended in the middle of a message")
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ConnectionError("a message that is no header")
        return header

    def blocks(self, size):
        """The data that follows a header."""
        while size:
            block = self.stream.read1(min(BLOCK, size))
            if not block:
                raise ConnectionError("the connection ended in the middle of the data")
            size -= len(block)
            yield block

    def ask(self, header, blocks=()):
        """Sends, and waits for the answer."""
        self.send(header, blocks)
        answer = self.receive()
        if answer is None:
            raise ConnectionError("the connection ended without an answer")
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def close(self):
        for end in (self.stream, self.sock):
            try:
                end.close()
            except OSError:
                pass


def put(connection, batch, chunk, via=()):
    """Sends what the last gateway lacks of a chunk. Gives the number of bytes sent."""
    about = {"batch": batch, "digest": chunk.digest, "size": chunk.size, "via": list(via)}
    sent = 0
    held = connection.ask({"op": "held", **about})["held"]
    while held < chunk.size:
        rest = chunk.size - held
        answer = connection.ask({"op": "put", **about, "offset": held, "data": rest}, chunk.blocks(held))
        sent += rest
        held = answer["held"]
    return sent


def finish(connection, batch, entry, via=()):
    """The chunks have arrived: makes the file of them."""
    connection.ask({
        "op": "finish", "batch": batch, "path": entry.path, "executable": entry.executable,
        "chunks": [chunk.digest for chunk in entry.chunks], "via": list(via),
    })
