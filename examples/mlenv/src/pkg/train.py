"""Gradient descent."""

from pkg import loss


def fit(points, settings):
    """The weights, and the loss after each epoch."""
    weights = [0.0] * len(points[0][0])
    losses = []
    for _ in range(settings["epochs"]):
        downhill = loss.gradient(weights, points)
        weights = [one - settings["lr"] * slope for one, slope in zip(weights, downhill)]
        losses.append(loss.mean_loss(weights, points))
    return weights, losses
