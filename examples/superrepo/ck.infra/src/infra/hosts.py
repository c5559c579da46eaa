"""Names of machines: web-01.eu."""

import re

NAME = re.compile(r"(?P<role>[a-z]+)-(?P<number>\d{2})\.(?P<region>[a-z]{2})")


def parse(name):
    found = NAME.fullmatch(name)
    return found and (found["role"], int(found["number"]), found["region"])
