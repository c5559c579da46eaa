"""What a price gained from one day to the next."""


def returns(prices):
    return [after / before - 1 for before, after in zip(prices, prices[1:])]
