import sys

import pytest

from agent.doctor import programs


def test_it_gives_what_a_program_prints():
    assert programs.output([sys.executable, "-c", "print(' 1.2 ')"]) == "1.2"


def test_a_program_that_fails_or_is_not_there_says_nothing():
    assert programs.output([sys.executable, "-c", "print('x'); raise SystemExit(1)"]) == ""
    assert programs.output(["/no/such/program"]) == ""


def test_one_that_takes_too_long_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(programs, "LIMIT_S", 0.2)
    assert (
        programs.output([sys.executable, "-c", "import time; print('x', flush=True); time.sleep(20)"]) == ""
    )


def test_programs_and_confined_ones_are_found(tmp_path):
    assert programs.which("no-such-program-here") is None
    (tmp_path / "snap/firefox").mkdir(parents=True)
    (tmp_path / ".var/app/com.google.Chrome").mkdir(parents=True)
    assert programs.is_confined(tmp_path, "snap", "firefox")
    assert not programs.is_confined(tmp_path, "flatpak", "firefox")
    assert programs.is_confined(tmp_path, "flatpak", "com.google.Chrome")


@pytest.mark.parametrize(
    ("environment", "has"),
    [({}, False), ({"DISPLAY": ""}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "w"}, True)],
)
def test_a_screen_is_known_by_what_names_it(environment, has):
    assert programs.has_display(environment) is has
