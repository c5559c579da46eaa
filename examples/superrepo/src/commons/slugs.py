"""Titles as names of files."""

import re


def slug(title):
    return re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
