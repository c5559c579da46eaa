"""Sizes and durations as people write them."""

import re

__version__ = "1.2.0"

_SIZES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
          "TiB": 2**40}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_size(text):
    found = re.fullmatch(r"(\d+)\s*([A-Za-z]*)", text.strip())
    if not found or found.group(2) not in _SIZES:
        raise ValueError("`{}` is no size; write, for instance, 4GiB".format(text))
    return int(found.group(1)) * _SIZES[found.group(2)]


def format_size(size):
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size >= _SIZES[unit]:
            return "{:.4g}{}".format(size / _SIZES[unit], unit)
    return str(size)


def parse_duration(text):
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(a + b for a, b in parts) != text.strip():
        raise ValueError("`{}` is no duration; write, for instance, 1h30m".format(text))
    return sum(int(count) * _SECONDS[unit] for count, unit in parts)
