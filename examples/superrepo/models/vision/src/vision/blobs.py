"""Spots that touch are one."""


def count(grid):
    todo = {(x, y) for y, row in enumerate(grid) for x, value in enumerate(row) if value}
    found = 0
    while todo:
        found += 1
        edge = [todo.pop()]
        while edge:
            x, y = edge.pop()
            near = {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)} & todo
            todo -= near
            edge.extend(near)
    return found
