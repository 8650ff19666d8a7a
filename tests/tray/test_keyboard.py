import subprocess
import sys

import pytest

from tray import keyboard

ROOT = keyboard.__file__.rsplit("/tray/", 1)[0]


@pytest.mark.parametrize(
    ("typed", "with_shift", "expected"),
    [("a", False, False), ("A", True, False), ("A", False, True), ("a", True, True), ("Ж", False, True), ("ж", False, False),
     ("1", False, None), ("!", True, None), ("", False, None), ("ab", False, None)],
)  # fmt: skip
def test_a_letter_betrays_caps_lock(typed, with_shift, expected):
    assert keyboard.betrays_caps_lock(typed, with_shift=with_shift) is expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("q", False), ("й", True), ("ә", True), ("é", True), ("7", False), ("", False)]
)
def test_a_letter_that_is_not_latin_is_noticed(typed, expected):
    assert keyboard.is_foreign(typed) is expected


def test_a_system_that_cannot_be_asked_has_no_probe():
    assert keyboard.caps_lock_probe("offscreen") is None


@pytest.mark.display
def test_the_x_server_is_asked_for_the_caps_lock_lamp(screen):
    question = "from tray import keyboard; print(keyboard.caps_lock_probe('xcb')())"

    def answer():
        done = subprocess.run(
            [sys.executable, "-c", question],
            cwd=ROOT,
            env=screen.environment(),
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout.strip()

    assert answer() == "False"
    screen.press("Caps_Lock")
    try:
        assert answer() == "True"
    finally:
        screen.press("Caps_Lock")
    assert answer() == "False"
