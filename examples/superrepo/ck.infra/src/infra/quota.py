"""Who may have how much."""


def shares(total, weights):
    """Whole numbers in proportion to the weights, which add up to the total."""
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    given = {name: int(share) for name, share in exact.items()}
    rest = sorted(exact, key=lambda name: given[name] - exact[name])
    for name in rest[: total - sum(given.values())]:
        given[name] += 1
    return given
