"""How good a model is."""

from pkg import model


def accuracy(weights, points):
    right = sum(model.guess(weights, features) == label for features, label in points)
    return right / len(points)
