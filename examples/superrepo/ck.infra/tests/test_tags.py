import pytest

from infra import tags


@pytest.mark.fast_tests
def test_tags():
    assert tags.missing({"owner": "me", "stage": ""}) == ["stage", "until"]


@pytest.mark.slow_tests
def test_many_tags():
    for number in range(1 << len(tags.NEEDED)):
        some = {name for bit, name in enumerate(sorted(tags.NEEDED)) if number >> bit & 1}
        assert tags.missing(dict.fromkeys(some, "x")) == sorted(tags.NEEDED - some)
