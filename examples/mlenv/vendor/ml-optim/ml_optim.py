"""Steps downhill."""


import ml_arrays


def step(weights, gradient, rate):
    return ml_arrays.axpy(-rate, gradient, weights)
