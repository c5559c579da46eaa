import pytest

from infra import hosts


@pytest.mark.fast_tests
def test_hosts():
    assert hosts.parse("web-01.eu") == ("web", 1, "eu")
    assert hosts.parse("web-1.eu") is None


@pytest.mark.slow_tests
def test_many_hosts():
    for number in range(100):
        for role in ("web", "db", "cache"):
            assert hosts.parse(f"{role}-{number:02d}.eu") == (role, number, "eu")
