"""How wrong a model is, and which way is down."""

import math

from pkg import model


def mean_loss(weights, points):
    total = 0.0
    for features, label in points:
        chance = model.probability(weights, features)
        total -= math.log(max(chance if label else 1 - chance, 1e-12))
    return total / len(points)


def gradient(weights, points):
    sums = [0.0] * len(weights)
    for features, label in points:
        error = model.probability(weights, features) - label
        sums = [one + error * feature for one, feature in zip(sums, features)]
    return [one / len(points) for one in sums]
