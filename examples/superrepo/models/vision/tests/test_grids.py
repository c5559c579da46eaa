import pytest

from vision import grids


@pytest.mark.fast_tests
def test_grids():
    assert grids.turned([[1, 2], [3, 4]]) == [[3, 1], [4, 2]]


@pytest.mark.slow_tests
def test_many_grids():
    grid = [[row * 300 + column for column in range(300)] for row in range(300)]
    shown = grid
    for _ in range(4):
        shown = grids.turned(shown)
    assert shown == grid
