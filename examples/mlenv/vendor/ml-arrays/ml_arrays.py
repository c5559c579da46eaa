"""Vectors as plain lists."""


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def axpy(factor, a, b):
    """b + factor * a"""
    return [y + factor * x for x, y in zip(a, b)]
