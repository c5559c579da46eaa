"""What is in packed files: gzip, zstd and zlib streams, tar and zip archives, packs and bundles of git."""

import ctypes
import io
import os
import subprocess
import tempfile
import zipfile
import zlib


def insides(data):
    """(name, bytes) of each thing in these bytes, where they are something that holds others."""
    for is_one, open_it in KINDS:
        if is_one(data):
            yield from open_it(data)
            return


def _inflated(data, format_bits):
    """As much as can be inflated: what was killed wrote halves. gzip may have parts behind each other."""
    found = []
    while data:
        stream = zlib.decompressobj(format_bits)
        try:
            found.append(stream.decompress(data))
        except zlib.error:
            break
        data = stream.unused_data
    return b"".join(found)


class _Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer."""
    _fields_ = [("bytes", ctypes.c_char_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


def _unzstd(data):
    """By the library that devgraph has it from, too."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_createDStream.restype = ctypes.c_void_p
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    stream = ctypes.c_void_p(library.ZSTD_createDStream())
    room = ctypes.create_string_buffer(1 << 20)
    found = []
    given = _Buffer(data, len(data), 0)
    while True:
        out = _Buffer(ctypes.cast(room, ctypes.c_char_p), len(room), 0)
        left = library.ZSTD_decompressStream(stream, ctypes.byref(out), ctypes.byref(given))
        is_error = library.ZSTD_isError(ctypes.c_size_t(left))
        found.append(room.raw[:out.at])
        if is_error or (given.at == given.size and out.at < out.size):
            break
    library.ZSTD_freeDStream(stream)
    return b"".join(found)


def _members_of_tar(data):
    """Only what may hold something itself: the text of all members was in the archive as it is."""
    at = 0
    while data[at:at + 1] not in (b"", b"\0"):
        size = data[at + 124:at + 136].strip(b"\0 ")
        if not size.isdigit():
            return
        name = data[at:at + 100].split(b"\0")[0].decode("utf-8", "replace")
        content = data[at + 512:at + 512 + int(size, 8)]
        if any(is_one(content) for is_one, _ in KINDS):
            yield name, content
        at += 512 + (int(size, 8) + 511) // 512 * 512


def _members_of_zip(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    except (zipfile.BadZipFile, EOFError, ValueError, zlib.error):
        return


def _objects_of_git(data):
    """By git itself: most objects of a pack are the difference to another one."""
    with tempfile.TemporaryDirectory(prefix="devgraph-e2e-pack-") as folder:
        def git(*words, given=None):
            return subprocess.run(["git", "--git-dir", folder, *words], input=given, check=False, env=dict(
                os.environ, GIT_CONFIG_NOSYSTEM="1"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        git("init", "-q", "--bare")
        git("index-pack", "--stdin", given=data[data.index(b"PACK"):])
        listed = git("cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
    at = 0
    while (end := listed.find(b"\n", at)) > 0:
        name, _, size = listed[at:end].split(b" ")
        yield name.decode(), listed[end + 1:end + 1 + int(size)]
        at = end + 1 + int(size) + 1


def _is_zlib(data):
    """A loose object of git, for one."""
    return data[:1] == b"\x78" and len(data) > 2 and (data[0] << 8 | data[1]) % 31 == 0


def _stream(unpack):
    return lambda data: [("unpacked", unpack(data))]


KINDS = (
    (lambda data: data.startswith(b"\x1f\x8b"), _stream(lambda data: _inflated(data, 31))),
    (lambda data: data.startswith(b"\x28\xb5\x2f\xfd"), _stream(_unzstd)),
    (lambda data: data.startswith(b"PK\x03\x04"), _members_of_zip),
    (lambda data: data[257:262] == b"ustar", _members_of_tar),
    (lambda data: data.startswith(b"PACK") or (data.startswith(b"# v") and b" git bundle\n" in data[:20]),
     _objects_of_git),
    (_is_zlib, _stream(lambda data: _inflated(data, 15))),
)
