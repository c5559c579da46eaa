import pytest

from vision import blobs


@pytest.mark.fast_tests
def test_blobs():
    assert blobs.count([[1, 1, 0], [0, 0, 0], [0, 1, 1]]) == 2


@pytest.mark.slow_tests
def test_many_blobs():
    assert blobs.count([[(x + y) % 2 for x in range(150)] for y in range(150)]) == 11_250
