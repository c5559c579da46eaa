"""Rows of a table as points."""

import tinyframe


def points(rows, x, y, **wanted):
    rows = tinyframe.where(rows, **wanted)
    return list(zip(tinyframe.column(rows, x), tinyframe.column(rows, y)))
