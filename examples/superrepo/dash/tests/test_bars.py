import pytest

from dash import bars


@pytest.mark.fast_tests
def test_bars():
    assert bars.svg([3, 4]).count("<rect") == 2


@pytest.mark.slow_tests
def test_many_bars():
    assert bars.svg(list(range(2_000))).count("<rect") == 2_000
