from datetime import UTC, datetime, timedelta

from demo import limits
from demo.limits import LoginLimiter

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_five_failures_close_the_door_for_a_while() -> None:
    limiter = LoginLimiter()
    for second in range(limits.ATTEMPTS):
        assert limiter.wait_until("7701", NOW) is None
        limiter.failed("7701", NOW + timedelta(seconds=second))
    assert limiter.wait_until("7701", NOW + timedelta(seconds=9)) == NOW + limits.WINDOW
    assert limiter.wait_until("7702", NOW) is None
    assert limiter.wait_until("7701", NOW + limits.WINDOW) is None


def test_success_wipes_the_slate() -> None:
    limiter = LoginLimiter()
    for _ in range(limits.ATTEMPTS):
        limiter.failed("7701", NOW)
    limiter.succeeded("7701")
    assert limiter.wait_until("7701", NOW) is None


def test_many_names_do_not_fill_the_memory() -> None:
    limiter = LoginLimiter()
    for number in range(limits.KEPT_NAMES + 10):
        limiter.failed(str(number), NOW)
    assert len(limiter._failures) == limits.KEPT_NAMES
