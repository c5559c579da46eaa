"""Numbers that are the same each time."""


def stream(seed):
    """A linear congruential generator: numbers from 0 to 1."""
    while True:
        seed = (1103515245 * seed + 12345) % 2 ** 31
        yield seed / 2 ** 31
