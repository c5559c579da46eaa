import pytest

from commons import retry


@pytest.mark.fast_tests
def test_retry():
    made = retry.pauses(limit=5)
    assert [next(made) for _ in range(5)] == [1, 2, 4, 5, 5]


@pytest.mark.slow_tests
def test_many_retry():
    for first in range(1, 50):
        made = retry.pauses(first=first, limit=1_000)
        shown = [next(made) for _ in range(200)]
        assert shown == sorted(shown) and shown[-1] == 1_000
