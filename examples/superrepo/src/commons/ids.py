"""Names that sort as they were made."""

import itertools


def ids(prefix):
    return (f"{prefix}-{number:06d}" for number in itertools.count(1))
