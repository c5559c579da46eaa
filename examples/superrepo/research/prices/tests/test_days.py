import datetime

import pytest

from prices import days


@pytest.mark.fast_tests
def test_days():
    assert len(days.between(datetime.date(2024, 1, 1), datetime.date(2024, 1, 7))) == 5


@pytest.mark.slow_tests
def test_many_days():
    found = days.between(datetime.date(2000, 1, 1), datetime.date(2020, 12, 31))
    assert all(day.weekday() < 5 for day in found) and len(found) > 5_400
