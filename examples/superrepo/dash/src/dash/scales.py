"""Numbers as places on a line."""


def scale(low, high, length):
    return lambda value: (value - low) / (high - low) * length
