"""Starts and stops the key-value server that came along in the wheel."""

import os
import pathlib
import subprocess
import time

from clusterkit.errors import StoreError
from clusterkit.kvclient import Client


def program():
    """The path of the server: next to this file, in bin/."""
    path = pathlib.Path(__file__).resolve().parent / "bin" / "kv"
    if not path.exists():
        raise StoreError("{} is missing: this clusterkit was not installed from a wheel".format(path))
    return str(path)


def command(port, journal=None):
    words = [program(), "--port", str(port)]
    return words + (["--journal", str(journal)] if journal else [])


def serve(port, journal=None):
    """Becomes the server; does not return."""
    words = command(port, journal)
    os.execv(words[0], words)


class Server:
    """A server for the length of a `with` block; port 0 lets the system choose."""

    def __init__(self, port=0, journal=None, patience=5.0):
        self.process = subprocess.Popen(command(port, journal), stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.stop()
            raise StoreError("the key-value server did not start: {}".format(line.strip() or "no word"))
        self.port = int(line.split()[-1])
        end = time.monotonic() + patience
        while True:
            try:
                with Client(port=self.port) as client:
                    client.ping()
                return
            except StoreError:
                if time.monotonic() > end:
                    self.stop()
                    raise
                time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()
