"""What machines cost in a month."""

import unitful

HOURS = 730


def monthly(price, count=1):
    return price * HOURS * count


def shown(price, count=1):
    return unitful.show(monthly(price, count)) + "$"
