"""Short texts for big numbers."""

import unitful


def label(name, number):
    return f"{name}: {unitful.show(number)}"
