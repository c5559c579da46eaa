"""Means that forget."""


def ewma(values, weight):
    mean = None
    for value in values:
        mean = value if mean is None else weight * value + (1 - weight) * mean
        yield mean
