"""Talks to the key-value server: lines of words, values with their length before them."""

import contextlib
import socket
import time

from clusterkit.errors import Conflict, StoreError


class Client:
    """One connection. Not for several threads."""

    def __init__(self, host="127.0.0.1", port=7400, timeout=5.0):
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise StoreError("no key-value server at {}:{}: {}".format(host, port, error)) from None
        self._file = self._socket.makefile("rwb")

    def close(self):
        self._file.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _ask(self, *words, value=None):
        for word in words:
            if not word or any(letter.isspace() for letter in word):
                raise StoreError("`{}` cannot be a key: it is empty or has blanks".format(word))
        line = " ".join(words) + ("" if value is None else " {}".format(len(value))) + "\n"
        try:
            self._file.write(line.encode() + (value or b""))
            self._file.flush()
            return self._answer()
        except OSError as error:
            raise StoreError("the connection broke: {}".format(error)) from None

    def _answer(self):
        line = self._file.readline().decode()
        if not line.endswith("\n"):
            raise StoreError("the server closed the connection")
        kind, _, rest = line.strip().partition(" ")
        if kind == "ERR":
            raise Conflict(rest) if rest.startswith("conflict") else StoreError(rest)
        if kind == "NONE":
            return None
        if kind == "VALUE":
            version, length = rest.split()
            return int(version), self._file.read(int(length))
        if kind == "LIST":
            return [self._file.readline().decode().rstrip("\n") for _ in range(int(rest))]
        return rest

    def ping(self):
        return self._ask("PING") == "pong"

    def get(self, key, default=None):
        found = self._ask("GET", key)
        return default if found is None else found[1].decode()

    def get_with_version(self, key):
        """(version, text); version 0 if the key is not there."""
        found = self._ask("GET", key)
        return (0, "") if found is None else (found[0], found[1].decode())

    def set(self, key, text):
        return int(self._ask("SET", key, value=text.encode()))

    def set_if(self, key, version, text):
        """Sets the value if nobody has since `version`; raises Conflict otherwise."""
        return int(self._ask("CAS", key, str(version), value=text.encode()))

    def delete(self, key):
        return self._ask("DEL", key) == "1"

    def add(self, key, amount=1):
        return int(self._ask("ADD", key, str(amount)))

    def keys(self, prefix=""):
        return self._ask("KEYS", prefix) if prefix else self._ask("KEYS")

    def update(self, key, change, attempts=10):
        """Applies a function to the value, again if somebody else was faster."""
        for attempt in range(attempts):
            version, text = self.get_with_version(key)
            with contextlib.suppress(Conflict):
                return self.set_if(key, version, change(text))
            time.sleep(0.001 * 2 ** attempt)
        raise Conflict("conflict: {} changed {} times in a row".format(key, attempts))
