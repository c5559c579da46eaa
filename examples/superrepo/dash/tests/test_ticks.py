import pytest

from dash import ticks


@pytest.mark.fast_tests
def test_ticks():
    assert ticks.ticks(0, 4) == [0, 1, 2, 3, 4]


@pytest.mark.slow_tests
def test_many_ticks():
    for high in range(1, 5_000):
        assert len(ticks.ticks(0, high)) <= 9
