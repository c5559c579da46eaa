"""Tables as lists of dictionaries."""


def column(rows, name):
    return [row[name] for row in rows]
