import pytest

from prices import returns


@pytest.mark.fast_tests
def test_returns():
    assert returns.returns([100, 110]) == [110 / 100 - 1]


@pytest.mark.slow_tests
def test_many_returns():
    shown = returns.returns([2.0**number for number in range(1_000)])
    assert shown == [1.0] * 999
