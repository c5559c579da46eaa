import pytest

from commons import events


@pytest.mark.fast_tests
def test_events():
    log = events.Events()
    log.add(3, "late")
    log.add(1, "early")
    assert log.since(0) == ["early", "late"]
    assert log.since(2) == ["late"]


@pytest.mark.slow_tests
def test_many_events():
    log = events.Events()
    for number in range(5_000):
        log.add(number * 7919 % 5_000, str(number))
    times = [time for time, _ in log.all]
    assert times == sorted(times)
