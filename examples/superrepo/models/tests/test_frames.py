import pytest

from models import frames


@pytest.mark.fast_tests
def test_frames():
    rows = [{"day": 1, "cost": 5, "who": "a"}, {"day": 2, "cost": 6, "who": "b"}]
    assert frames.points(rows, "day", "cost", who="b") == [(2, 6)]


@pytest.mark.slow_tests
def test_many_frames():
    rows = [{"n": number, "odd": number % 2} for number in range(20_000)]
    assert len(frames.points(rows, "n", "n", odd=1)) == 10_000
