import pytest

from vision import bars


@pytest.mark.fast_tests
def test_bars():
    assert bars.histogram([[0, 255, 255]], size=2) == [1, 2]


@pytest.mark.slow_tests
def test_many_bars():
    grid = [[value % 256 for value in range(row, row + 256)] for row in range(256)]
    assert bars.histogram(grid) == [256 * 32] * 8
