import pytest

from models import splits


@pytest.mark.fast_tests
def test_splits():
    train, test = splits.split(["a", "b", "c"], 0)
    assert (train, test) == (["a", "b", "c"], [])


@pytest.mark.slow_tests
def test_many_splits():
    names = [str(number) for number in range(20_000)]
    train, test = splits.split(names, 0.2)
    assert len(train) + len(test) == len(names) and abs(len(test) - 4_000) < 200
