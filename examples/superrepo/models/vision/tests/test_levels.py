import pytest

from vision import levels


@pytest.mark.fast_tests
def test_levels():
    assert levels.bright([[0, 9], [9, 0]]) == [[False, True], [True, False]]


@pytest.mark.slow_tests
def test_many_levels():
    grid = [[(row * 31 + column * 17) % 256 for column in range(200)] for row in range(200)]
    count = sum(value for row in levels.bright(grid) for value in row)
    assert 20_000 <= count < 20_500
