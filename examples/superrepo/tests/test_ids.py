import itertools

import pytest

from commons import ids


@pytest.mark.fast_tests
def test_ids():
    made = ids.ids("run")
    assert [next(made), next(made)] == ["run-000001", "run-000002"]


@pytest.mark.slow_tests
def test_many_ids():
    made = list(itertools.islice(ids.ids("x"), 50_000))
    assert made == sorted(made)
