"""How many pixels of each value."""


def histogram(grid, size=8, top=256):
    counts = [0] * size
    for row in grid:
        for value in row:
            counts[value * size // top] += 1
    return counts
