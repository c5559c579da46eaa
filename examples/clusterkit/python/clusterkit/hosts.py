"""Names of many hosts in one word: `node[01-12,15].rack1`, and back."""

import re

from clusterkit.errors import ConfigError

_RANGE = re.compile(r"\[([0-9,\-]+)\]")
_NUMBERED = re.compile(r"^(.*?)(\d+)(\D*)$")
_LIMIT = 10000


def expand(text):
    """All names that a list of patterns stands for, in written order, each once."""
    names = []
    for pattern in split_outside(text):
        names.extend(expand_one(pattern))
        if len(names) > _LIMIT:
            raise ConfigError("{} stands for more than {} hosts".format(pattern, _LIMIT))
    return list(dict.fromkeys(names))


def split_outside(text):
    """Splits at commas and blanks that are not in brackets."""
    parts, depth, word = [], 0, ""
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if depth < 0:
            raise ConfigError("`]` without `[` in {}".format(text))
        if depth == 0 and letter in ", \t\n":
            parts.append(word)
            word = ""
        else:
            word += letter
    if depth:
        raise ConfigError("`[` without `]` in {}".format(text))
    return [part for part in parts + [word] if part]


def expand_one(pattern):
    found = _RANGE.search(pattern)
    if not found:
        if "[" in pattern:
            raise ConfigError("{} is no range; write, for instance, [01-12,15]".format(pattern))
        return [pattern]
    head, tail = pattern[:found.start()], pattern[found.end():]
    return [head + number + rest
            for number in numbers(found.group(1), pattern) for rest in expand_one(tail)]


def numbers(ranges, pattern):
    """`08-11,15` as `08 09 10 11 15`: the width of the first number holds."""
    for part in ranges.split(","):
        first, dash, last = part.partition("-")
        if not first or (dash and not last):
            raise ConfigError("a range in {} has no end".format(pattern))
        begin, end = int(first), int(last or first)
        if end < begin:
            raise ConfigError("the range {} in {} runs backwards".format(part, pattern))
        for number in range(begin, end + 1):
            yield str(number).rjust(len(first), "0")


def compress(names):
    """The shortest list of patterns for these names: what `expand` understands."""
    groups, plain = {}, []
    for name in dict.fromkeys(names):
        found = _NUMBERED.match(name)
        if found:
            head, digits, tail = found.groups()
            groups.setdefault((head, len(digits), tail), []).append(int(digits))
        else:
            plain.append(name)
    for (head, width, tail), found in sorted(groups.items()):
        ranges = ",".join(span(a, b, width) for a, b in runs(sorted(found)))
        single = ranges.isdigit()
        plain.append(head + (ranges if single else "[" + ranges + "]") + tail)
    return ",".join(plain)


def runs(numbers_in_order):
    """Neighbours joined: 1 2 3 7 becomes (1, 3) (7, 7)."""
    found = []
    for number in numbers_in_order:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def span(first, last, width):
    begin = str(first).rjust(width, "0")
    return begin if first == last else begin + "-" + str(last).rjust(width, "0")
