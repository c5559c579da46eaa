"""Days on which there is trade."""

import datetime


def between(first, last):
    count = (last - first).days + 1
    days = [first + datetime.timedelta(number) for number in range(count)]
    return [day for day in days if day.weekday() < 5]
