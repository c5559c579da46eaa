"""How often a guess was right."""


def accuracy(guesses, truth):
    return sum(a == b for a, b in zip(guesses, truth, strict=True)) / len(truth)
