import pytest

from dash import scales


@pytest.mark.fast_tests
def test_scales():
    assert scales.scale(0, 10, 200)(5) == 100


@pytest.mark.slow_tests
def test_many_scales():
    place = scales.scale(-1_000, 1_000, 400)
    shown = [place(value) for value in range(-1_000, 1_001)]
    assert shown == sorted(shown) and shown[-1] == 400
