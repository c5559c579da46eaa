"""Colours that can be told apart."""

import colorsys


def colors(count):
    """As many as wanted, each `#rrggbb`."""
    parts = (colorsys.hsv_to_rgb(i / count, 0.6, 0.9) for i in range(count))
    return ["#" + "".join(f"{round(part * 255):02x}" for part in rgb) for rgb in parts]
