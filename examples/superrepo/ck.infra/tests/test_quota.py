import pytest

from infra import quota


@pytest.mark.fast_tests
def test_quota():
    assert quota.shares(10, {"a": 1, "b": 2}) == {"a": 3, "b": 7}


@pytest.mark.slow_tests
def test_many_quota():
    for total in range(2_000):
        assert sum(quota.shares(total, {"a": 3, "b": 5, "c": 11}).values()) == total
