"""Prices of one name out of a table."""

import tinyframe


def series(rows, name):
    return tinyframe.column([row for row in rows if row["name"] == name], "price")
