"""Tables as lists of dictionaries."""


def column(rows, name):
    return [row[name] for row in rows]


def where(rows, **wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]
