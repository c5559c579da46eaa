import pytest

from prices import books


@pytest.mark.fast_tests
def test_books():
    assert books.holdings([("a", 3), ("b", 1), ("a", -3)]) == {"b": 1}


@pytest.mark.slow_tests
def test_many_books():
    trades = [(str(number % 50), (-1) ** (number // 50)) for number in range(10_000)]
    assert not books.holdings(trades)
