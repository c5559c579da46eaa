import pytest

from dash import labels


@pytest.mark.fast_tests
def test_labels():
    assert labels.label("bytes", 1_500_000) == "bytes: 1.5M"


@pytest.mark.slow_tests
def test_many_labels():
    for power in range(12):
        assert len(labels.label("x", 10**power)) < 12
