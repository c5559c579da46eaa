import pytest

from commons import slugs


@pytest.mark.fast_tests
def test_slugs():
    assert slugs.slug("Profit & Loss, Q3") == "profit-loss-q3"


@pytest.mark.slow_tests
def test_many_slugs():
    for number in range(20_000):
        once = slugs.slug(f"A {number}: {number % 7} b!")
        assert slugs.slug(once) == once
