"""What can go wrong, in the words of the person who has to mend it."""


class ClusterError(Exception):
    """Anything that is told to the user without a traceback."""

    exit_code = 1


class ConfigError(ClusterError):
    """A configuration file says something that cannot be."""

    exit_code = 2

    def __init__(self, message, path=None, section=None, key=None):
        self.path = path
        self.section = section
        self.key = key
        place = str(path) if path else ""
        if section:
            place += "[{}]".format(section)
        if key:
            place += " " + key
        super().__init__("{}: {}".format(place.strip(), message) if place else message)


class Unschedulable(ClusterError):
    """A job that fits nowhere, with the reason for each kind of node."""

    def __init__(self, job, reasons):
        self.job = job
        self.reasons = dict(reasons)
        counted = ", ".join("{} {}".format(count, why)
                            for why, count in sorted(self.reasons.items()))
        super().__init__("job {} fits on no node: {}".format(job, counted or "there are none"))


class StoreError(ClusterError):
    """The key-value server did not do what it was asked."""


class Conflict(StoreError):
    """A value has changed since it was read."""


def did_you_mean(word, known):
    """The nearest of the known words, or None if none is near."""
    best, best_distance = None, 3
    for candidate in sorted(known):
        distance = edit_distance(word, candidate, best_distance)
        if distance < best_distance:
            best, best_distance = candidate, distance
    return best


def edit_distance(one, other, limit):
    """How many letters differ; `limit` if it is that many or more."""
    if abs(len(one) - len(other)) >= limit:
        return limit
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return min(row[-1], limit)
