"""Grids: lists of rows."""


def turned(grid):
    return [list(row) for row in zip(*grid[::-1])]
