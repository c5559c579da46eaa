"""A curve in one line of text."""


def line(values, bars=" .:-=+*#"):
    top = max(values) or 1
    return "".join(bars[min(len(bars) - 1, int(one / top * len(bars)))] for one in values)
