"""Who owns what, from what was bought and sold."""

import collections


def holdings(trades):
    held = collections.Counter()
    for name, count in trades:
        held[name] += count
    return {name: count for name, count in held.items() if count}
