import pytest

from infra import cidr


@pytest.mark.fast_tests
def test_cidr():
    assert cidr.split("10.0.0.0/30", 31) == ["10.0.0.0/31", "10.0.0.2/31"]


@pytest.mark.slow_tests
def test_many_cidr():
    parts = cidr.split("10.0.0.0/16", 28)
    assert len(parts) == len(set(parts)) == 4096
