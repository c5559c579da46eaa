import pytest

from dash import pages


@pytest.mark.fast_tests
def test_pages():
    assert pages.page("a < b", ["x"]) == "<title>a &lt; b</title><p>x</p>"


@pytest.mark.slow_tests
def test_many_pages():
    assert pages.page("many", map(str, range(20_000))).count("<p>") == 20_000
