"""Parts of files on disk, until all have arrived.

A part is known by the batch it belongs to and by its BLAKE2 digest of 20 bytes. While it grows its file
ends in `.part`, so that what is left of it can come later; a file without that is complete and checked.
"""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import threading

NAME = re.compile(r"[0-9a-z]{1,64}")


class Damaged(Exception):
    """The bytes are not those that the digest speaks of."""


class Spool:
    """A folder with parts."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._guard = threading.Lock()  # Guards locks.
        self._locks = {}

    @contextlib.contextmanager
    def lock(self, batch, digest):
        """One thread at a time may work on a part."""
        with self._guard:
            lock = self._locks.setdefault((batch, digest), threading.Lock())
        with lock:
            yield

    def _file(self, batch, digest):
        if not NAME.fullmatch(batch) or not NAME.fullmatch(digest):
            raise Damaged(f"no names of a part: {batch!r}, {digest!r}")
        return self.folder / batch / digest

    def held(self, batch, digest):
        """How many bytes of a part are here."""
        file = self._file(batch, digest)
        for path in (file, file.with_suffix(".part")):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                continue
        return 0

    def append(self, batch, digest, blocks):
        """Adds to a part. What was added before an error of `blocks` stays."""
        file = self._file(batch, digest).with_suffix(".part")
        file.parent.mkdir(exist_ok=True)
        with open(file, "ab") as out:
            for block in blocks:
                out.write(block)

    def seal(self, batch, digest, size):
        """The part is complete; if it is not what it should be, it is dropped."""
        file = self._file(batch, digest)
        part = file.with_suffix(".part")
        with open(part, "rb") as stream:
            data = stream.read()
        if len(data) != size or hashlib.blake2b(data, digest_size=20).hexdigest() != digest:
            part.unlink()
            raise Damaged(f"chunk {digest[:12]} arrived damaged")
        os.rename(part, file)

    def join(self, batch, digests, target, mode):
        """Makes a file of parts. It stands under its name when it is complete."""
        target = pathlib.Path(target)
        files = [self._file(batch, digest) for digest in digests]
        missing = sum(not file.exists() for file in files)
        if missing:
            raise Damaged(f"{missing} of {len(files)} chunks of {target.name} are missing")
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        with open(aside, "wb") as out:
            for file in files:
                with open(file, "rb") as stream:
                    shutil.copyfileobj(stream, out, 1 << 20)
        os.chmod(aside, mode)
        os.replace(aside, target)

    def drop(self, batch):
        """Forgets a batch."""
        shutil.rmtree(self._file(batch, "x").parent, ignore_errors=True)
        with self._guard:
            self._locks = {key: lock for key, lock in self._locks.items() if key[0] != batch or lock.locked()}
