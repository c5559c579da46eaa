"""A logistic regression: weights, and what they make of a point."""

import math


def score(weights, features):
    return sum(a * b for a, b in zip(weights, features))


def probability(weights, features):
    return 1 / (1 + math.exp(-score(weights, features)))


def guess(weights, features):
    return int(score(weights, features) > 0)
