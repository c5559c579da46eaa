import pytest

from models import lines


@pytest.mark.fast_tests
def test_lines():
    assert lines.fit([(0, 1), (1, 3), (2, 5)]) == (2.0, 1.0)


@pytest.mark.slow_tests
def test_many_lines():
    for slope in range(-50, 50):
        found, base = lines.fit([(x, slope * x + 7) for x in range(200)])
        assert abs(found - slope) < 1e-9 and abs(base - 7) < 1e-6
