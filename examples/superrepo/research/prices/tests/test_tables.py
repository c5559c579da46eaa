import pytest

from prices import tables


@pytest.mark.fast_tests
def test_tables():
    assert tables.series([{"name": "a", "price": 1}, {"name": "b", "price": 2}], "b") == [2]


@pytest.mark.slow_tests
def test_many_tables():
    rows = [{"name": str(number % 10), "price": number} for number in range(10_000)]
    assert tables.series(rows, "3") == list(range(3, 10_000, 10))
