"""How good a model is."""


def accuracy(guesses, labels):
    return sum(a == b for a, b in zip(guesses, labels)) / len(labels)
