"""Bright and dark."""


def middle(grid):
    values = sorted(value for row in grid for value in row)
    return values[len(values) // 2]


def bright(grid):
    level = middle(grid)
    return [[value >= level for value in row] for row in grid]
