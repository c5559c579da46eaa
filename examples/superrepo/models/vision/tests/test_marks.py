import pytest

from vision import marks


@pytest.mark.fast_tests
def test_marks():
    assert list(marks.legend(["cat", "dog"])) == ["cat", "dog"]


@pytest.mark.slow_tests
def test_many_marks():
    for count in range(1, 200):
        assert len(set(marks.legend(range(count)).values())) == count
