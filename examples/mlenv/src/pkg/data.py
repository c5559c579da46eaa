"""Points of two kinds around two centres."""

import random


def points(settings):
    """A list of (features, label); the first feature is the constant 1."""
    numbers = random.Random(settings["seed"])
    made = []
    for index in range(settings["points"]):
        label = index % 2
        centre = 1.0 if label else -1.0
        made.append(([1.0, numbers.gauss(centre, settings["noise"]), numbers.gauss(-centre, settings["noise"])], label))
    return made


def split(all_points, settings):
    """Three quarters to learn from, and the rest to be tried on."""
    shuffled = list(all_points)
    random.Random(settings["seed"] + 1).shuffle(shuffled)
    cut = len(shuffled) * 3 // 4
    return shuffled[:cut], shuffled[cut:]
