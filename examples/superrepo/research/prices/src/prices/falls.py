"""The deepest fall from a height."""


def deepest(prices):
    top, worst = prices[0], 0.0
    for price in prices:
        top = max(top, price)
        worst = max(worst, 1 - price / top)
    return worst
