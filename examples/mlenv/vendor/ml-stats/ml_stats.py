"""Mean and deviation."""


def mean(values):
    return sum(values) / len(values)


def deviation(values):
    middle = mean(values)
    return (sum((one - middle) ** 2 for one in values) / len(values)) ** 0.5
