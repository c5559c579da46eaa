"""How wrong a prediction is."""


import math

import ml_arrays


def logistic(weights, point, label):
    score = ml_arrays.dot(weights, point)
    return math.log1p(math.exp(-score if label else score))
