from tray.guard import DELAY_S, InputGuard


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_the_guard_is_closed_until_something_was_on_the_screen_for_a_moment():
    clock = Clock()
    guard = InputGuard(clock)
    clock.now += 1000
    assert not guard.is_open
    guard.arm()
    clock.now += DELAY_S - 0.01
    assert not guard.is_open
    clock.now += 0.02
    assert guard.is_open


def test_each_change_closes_the_guard_again():
    clock = Clock()
    guard = InputGuard(clock)
    guard.arm()
    clock.now += 10
    guard.arm()
    assert not guard.is_open


def test_the_moment_is_seven_tenths_of_a_second():
    assert DELAY_S == 0.7
