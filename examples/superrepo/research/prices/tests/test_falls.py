import pytest

from prices import falls


@pytest.mark.fast_tests
def test_falls():
    assert falls.deepest([100, 50, 200, 150]) == 0.5


@pytest.mark.slow_tests
def test_many_falls():
    assert falls.deepest(list(range(1, 50_000))) == 0.0
