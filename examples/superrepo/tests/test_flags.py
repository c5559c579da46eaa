import pytest

from commons import flags


@pytest.mark.fast_tests
def test_flags():
    assert flags.flag(" On ") and not flags.flag("False")


@pytest.mark.slow_tests
def test_many_flags():
    for word in sorted(flags.YES | flags.NO):
        for padding in range(200):
            assert flags.flag(" " * padding + word.upper()) == (word in flags.YES)
