"""Files as lists of chunks. A chunk is known by the digest of its bytes."""

import dataclasses
import hashlib
import os
import pathlib

BLOCK = 1 << 16
DEFAULT_CHUNK = 1 << 20


def digest_of(data):
    return hashlib.blake2b(data, digest_size=20).hexdigest()


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A part of a file."""

    file: str  # On this machine.
    offset: int
    size: int
    digest: str

    def blocks(self, begin):
        """The bytes from `begin` on, in blocks."""
        with open(self.file, "rb") as stream:
            stream.seek(self.offset + begin)
            left = self.size - begin
            while left:
                block = stream.read(min(BLOCK, left))
                if not block:
                    raise OSError(f"{self.file} became shorter while it was copied")
                left -= len(block)
                yield block


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file of a transfer, with its path below the destination."""

    path: str
    size: int
    executable: bool
    chunks: tuple


def split(file, path, chunk_size):
    chunks, offset = [], 0
    with open(file, "rb") as stream:
        while data := stream.read(chunk_size):
            chunks.append(Chunk(str(file), offset, len(data), digest_of(data)))
            offset += len(data)
    return Entry(path, offset, os.access(file, os.X_OK), tuple(chunks))


def plan(source, into, chunk_size):
    """Entries for a file, or for all files of a folder. Links are followed, folders behind links are not."""
    source = pathlib.Path(source)
    if source.is_file():
        return [split(source, f"{into.rstrip('/')}/{source.name}".lstrip("/"), chunk_size)]
    if not source.is_dir():
        raise FileNotFoundError(f"no such file or folder: {source}")
    entries = []
    for folder, folders, names in os.walk(source):
        folders.sort()
        for name in sorted(names):
            file = pathlib.Path(folder, name)
            if file.is_file():
                path = "/".join([part for part in (into.strip("/"),) if part] + [file.relative_to(source).as_posix()])
                entries.append(split(file, path, chunk_size))
    return entries


def name_of(entries):
    """A name for a transfer: the same for the same files, so that a second try finds what arrived."""
    text = "\n".join(f"{entry.path} {' '.join(chunk.digest for chunk in entry.chunks)}" for entry in entries)
    return digest_of(text.encode())[:16]
