import pytest

from models import scores


@pytest.mark.fast_tests
def test_scores():
    assert scores.accuracy([1, 0], [1, 1]) == 0.5


@pytest.mark.slow_tests
def test_many_scores():
    for right in range(1_000):
        assert scores.accuracy([1] * right + [0] * (1_000 - right), [1] * 1_000) == right / 1_000
