"""Start at login."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from agent import autostart
from agent.autostart import Autostart
from agent.errors import StorageFailed, UnsupportedOperation

ODD = ('/opt/my programs/a"b`c$d\\e%f/python', "-m", "agent", "run", "--key-folder", "/кілттер/мои ключи")


def entry(switch: Autostart) -> dict[str, str]:
    reader = configparser.RawConfigParser()
    reader.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    reader.read_string(switch.file.read_text("utf-8"))
    return dict(reader["Desktop Entry"])


def words_of(line: str) -> tuple[str, ...]:
    """The words of an Exec line, as the specification has them read: the string's escapes first, then those in quotes."""
    found = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', line.replace(r"\\", "\\"))
    return tuple((re.sub(r"\\(.)", r"\1", quoted) or bare).replace("%%", "%") for quoted, bare in found)


def test_it_is_off_until_it_is_switched_on(tmp_path: Path) -> None:
    switch = Autostart(tmp_path, ("/usr/bin/qalamsap", "run"))
    assert switch.state() == "off"
    switch.turn(on=True)
    assert switch.state() == "on"
    assert entry(switch)["Exec"] == "/usr/bin/qalamsap run"
    switch.turn(on=False)
    switch.turn(on=False)
    assert switch.state() == "off"


@pytest.mark.parametrize("command", [ODD, ("/usr/bin/qalamsap", "run"), ("/a b", "")])
def test_any_path_survives_the_way_through_the_entry(tmp_path: Path, command: tuple[str, ...]) -> None:
    switch = Autostart(tmp_path, command)
    switch.turn(on=True)
    assert words_of(entry(switch)["Exec"]) == command


def test_a_path_with_a_line_break_gets_no_entry(tmp_path: Path) -> None:
    switch = Autostart(tmp_path, ("/opt/a\nHidden=false\nExec=/bin/evil", "run"))
    with pytest.raises(UnsupportedOperation):
        switch.turn(on=True)
    assert switch.state() == "off"


def test_desktops_find_nothing_to_complain_of(tmp_path: Path) -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("needs tool: desktop-file-validate")
    switch = Autostart(tmp_path, ODD)
    switch.turn(on=True)
    done = subprocess.run(
        ["desktop-file-validate", str(switch.file)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled = false"])
def test_what_the_desktop_switched_off_is_off(tmp_path: Path, line: str) -> None:
    switch = Autostart(tmp_path, ("qalamsap", "run"))
    switch.turn(on=True)
    switch.file.write_text(switch.file.read_text() + line + "\n")
    assert switch.state() == "off"


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "autostart").write_bytes(b"")
    switch = Autostart(tmp_path, ("qalamsap", "run"))
    assert switch.state() == "off"
    with pytest.raises(StorageFailed):
        switch.turn(on=True)


def test_an_entry_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    switch = Autostart(tmp_path, ("qalamsap", "run"))
    switch.file.mkdir(parents=True)
    with pytest.raises(StorageFailed):
        switch.state()


def test_whose_switch_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")  # which the specification says to ignore
    assert autostart.of_person(()).file == tmp_path / ".config/autostart/qalamsap.desktop"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    assert autostart.of_person(()).file == tmp_path / "c/autostart/qalamsap.desktop"


def for_everybody(tmp_path: Path) -> Autostart:
    entry = tmp_path / "etc/qalamsap.desktop"
    entry.parent.mkdir()
    entry.write_text("[Desktop Entry]\nExec=qalamsap run\n")
    return Autostart(tmp_path / "home", ("/usr/bin/qalamsap", "run"), entry)


def test_what_a_package_switched_on_for_everybody_is_on_and_needs_no_file_of_the_person(
    tmp_path: Path,
) -> None:
    switch = for_everybody(tmp_path)
    assert switch.state() == "on"
    switch.turn(on=True)
    assert not switch.file.exists()


def test_a_person_can_switch_off_what_a_package_switched_on_for_everybody(tmp_path: Path) -> None:
    switch = for_everybody(tmp_path)
    switch.turn(on=False)
    assert switch.state() == "off"
    assert entry(switch)["Hidden"] == "true"
    switch.turn(on=True)
    assert switch.state() == "on"
    assert not switch.file.exists()


def test_without_the_package_the_hidden_file_still_means_off(tmp_path: Path) -> None:
    switch = for_everybody(tmp_path)
    switch.turn(on=False)
    switch.for_everybody.unlink()
    assert switch.state() == "off"
    switch.turn(on=True)
    assert switch.state() == "on"
    assert "Hidden" not in entry(switch)
