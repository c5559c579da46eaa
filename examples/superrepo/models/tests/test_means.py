import pytest

from models import means


@pytest.mark.fast_tests
def test_means():
    assert list(means.ewma([1, 3], 0.5)) == [1, 2.0]


@pytest.mark.slow_tests
def test_many_means():
    shown = list(means.ewma([1.0] * 50_000, 0.1))
    assert all(abs(one - 1) < 1e-9 for one in shown)
