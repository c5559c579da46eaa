"""Rows to learn from, and rows to be tested with."""

import zlib


def split(names, share):
    """By the name, so that a row stays on its side when others come."""
    test = {name for name in names if zlib.crc32(name.encode()) % 1000 < share * 1000}
    return [name for name in names if name not in test], sorted(test)
