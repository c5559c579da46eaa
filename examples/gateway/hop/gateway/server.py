"""A gateway in one process: a thread for each connection."""

import pathlib
import socketserver
import threading

from backoffs import delays
from lanes import Lanes
from ringlog import RingLog
from spooldir import Damaged, Spool
from tallies import Tallies
from tokenpail import Pail

import hop
from hop.common import address, wire


class Gateway(socketserver.ThreadingTCPServer):
    """Listens at once; `serve_forever` answers."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, listen, root=None, tls=None, next_tls=None, rate=None):
        host, port = address.parse(listen)
        self.address_family = address.family(host)
        super().__init__((host, port), _Handler)
        self.tls = tls
        self.root = pathlib.Path(root) if root else None
        self.spool = Spool(self.root / ".hop") if root else None
        self.pail = Pail(rate) if rate else None
        self.tallies = Tallies()
        self.log = RingLog(50)
        self.lanes = Lanes(lambda place: wire.Connection.to(place, next_tls), delays(0.05, 2.0, 6))

    @property
    def place(self):
        return address.show(self.server_address)

    def start(self):
        """In a thread, for tests."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        return self

    def handle_error(self, request, client_address):
        pass  # Said in the log, by the handler.


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.tallies.add("connections")
        try:
            sock = self.server.tls.wrap_socket(self.request, server_side=True) if self.server.tls else self.request
            sock.settimeout(wire.TIMEOUT * 10)
            self.connection = wire.Connection(sock)
            while (header := self.connection.receive()) is not None:
                self.connection.send(self.answer(header))
        except (OSError, ValueError) as error:
            self.server.tallies.add("broken_connections")
            self.server.log.note(f"{address.show(self.client_address)}: {error}")

    def answer(self, header):
        """Data that comes with a message is read in any case, so that the next one can follow."""
        data = self.incoming(header.get("data", 0))
        self.server.tallies.add("messages")
        try:
            if header.get("via"):
                return self.pass_on(header, data)
            return _OPS[header.get("op")](self, header, data)
        except (KeyError, TypeError) as error:
            reply = f"cannot read this message: {error!r}"
        except (Damaged, wire.Refused) as error:
            reply = str(error)
        for _ in data:
            pass
        self.server.log.note(reply)
        return {"error": reply}

    def incoming(self, size):
        for block in self.connection.blocks(size):
            if self.server.pail:
                self.server.pail.take(len(block))
            self.server.tallies.add("bytes_received", len(block))
            yield block

    def pass_on(self, header, data):
        """As it comes, without waiting for the end of the chunk. If one side breaks, so does the other."""
        place, *rest = header["via"]
        with self.server.lanes.take(place) as lane:
            answer = lane.ask({**header, "via": rest}, data)
        self.server.tallies.add("messages_passed_on")
        return answer

    # --- at the last gateway
    def spool(self):
        if not self.server.spool:
            raise wire.Refused("this gateway keeps nothing: it was started without --root")
        return self.server.spool

    def held(self, header, _):
        spool, batch, digest = self.spool(), header["batch"], header["digest"]
        with spool.lock(batch, digest):  # Nobody adds to it any more.
            return {"held": spool.held(batch, digest)}

    def put(self, header, data):
        spool, batch, digest = self.spool(), header["batch"], header["digest"]
        with spool.lock(batch, digest):
            held = spool.held(batch, digest)
            if held != header["offset"]:  # Another connection was faster.
                for _ in data:
                    pass
                return {"held": held}
            spool.append(batch, digest, data)
            spool.seal(batch, digest, header["size"])
        self.server.tallies.add("chunks_kept")
        if header["offset"]:
            self.server.tallies.add("chunks_resumed")
        return {"held": header["size"]}

    def finish(self, header, _):
        target = self.inside(header["path"])
        self.spool().join(header["batch"], header["chunks"], target, 0o755 if header["executable"] else 0o644)
        self.server.tallies.add("files_made")
        return {}

    def inside(self, path):
        parts = pathlib.PurePosixPath(path).parts
        if not parts or parts[0] in ("/", ".hop") or ".." in parts or "\0" in path:
            raise wire.Refused(f"`{path}` is no path below the root")
        return self.server.root.joinpath(*parts)

    def end(self, header, _):
        self.spool().drop(header["batch"])
        self.server.log.note(f"transfer {header['batch']} is complete")
        return {}

    def status(self, *_):
        return {"version": hop.VERSION, "tallies": self.server.tallies.text("hop_"), "log": self.server.log.lines()}


_OPS = {"held": _Handler.held, "put": _Handler.put, "finish": _Handler.finish, "end": _Handler.end,
        "status": _Handler.status}
