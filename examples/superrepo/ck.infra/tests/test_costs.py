import pytest

from infra import costs


@pytest.mark.fast_tests
def test_costs():
    assert costs.shown(0.1, 100) == "7.3k$"


@pytest.mark.slow_tests
def test_many_costs():
    for count in range(5_000):
        assert abs(costs.monthly(0.25, count) - 182.5 * count) < 1e-6
