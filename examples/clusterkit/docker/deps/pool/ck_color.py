"""Colors for terminals. Nothing requires it yet."""

__version__ = "0.3.1"

_CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34}


def color(name, text, on=True):
    return "\033[{}m{}\033[0m".format(_CODES[name], text) if on else text
