"""Start at login."""

import configparser
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent import autostart
from agent.autostart import Autostart, RunKeys
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


RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
OURS = r"Software\Qalamsap"
COMMAND = r'"C:\Program Files\Qalamsap\qalamsapw.exe" run'
OF_PACKAGE = r'"C:\Program Files\Qalamsap\qalamsapw.exe" autostart start'
DISABLED, ENABLED = b"\3" + bytes(11), b"\2" + bytes(11)


class Registry:
    """The part of `winreg` that is used, over {(hive, key): {name: value}}. The computer's hive can't be written by people."""

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, REG_SZ = "HKCU", "HKLM", 1

    def __init__(self, **of_computer: object) -> None:
        """`of_computer` is what its Run key (`run`) and its notes (`approved`) say of us."""
        self.keys: dict[tuple[str, str], dict[str, object]] = {}
        for word, key in (("run", RUN), ("approved", APPROVED)):
            if word in of_computer:
                self.keys["HKLM", key] = {"Qalamsap": of_computer[word]}
        self.is_forbidden = False

    @contextmanager
    def OpenKey(self, hive: str, key: str) -> Iterator[dict[str, object]]:
        if self.is_forbidden:
            raise PermissionError(13, "Access is denied")
        if (hive, key) not in self.keys:
            raise FileNotFoundError(2, "no such key")
        yield self.keys[hive, key]

    @contextmanager
    def CreateKey(self, hive: str, key: str) -> Iterator[dict[str, object]]:
        if hive == "HKLM":
            raise PermissionError(13, "Access is denied")
        yield self.keys.setdefault((hive, key), {})

    def QueryValueEx(self, key: dict[str, object], name: str) -> tuple[object, int]:
        if name not in key:
            raise FileNotFoundError(2, "no such value")
        return key[name], self.REG_SZ

    def SetValueEx(self, key: dict[str, object], name: str, reserved: int, kind: int, text: str) -> None:
        assert (reserved, kind) == (0, self.REG_SZ)
        key[name] = text

    def DeleteValue(self, key: dict[str, object], name: str) -> None:
        del key[name]

    def of_person(self, key: str) -> object:
        return self.keys.get(("HKCU", key), {}).get("Autostart" if key == OURS else "Qalamsap")


def test_on_windows_without_a_package_the_persons_own_key_says_it() -> None:
    registry = Registry()
    keys = RunKeys(registry)
    assert not keys.is_on()
    keys.turn(COMMAND, on=True)
    assert (keys.is_on(), registry.of_person(RUN)) == (True, COMMAND)
    keys.turn(COMMAND, on=False)
    keys.turn(COMMAND, on=False)
    assert (keys.is_on(), registry.of_person(RUN)) == (False, None)


def test_on_windows_what_a_package_switched_on_for_everybody_is_on_and_a_persons_off_wins() -> None:
    registry = Registry(run=OF_PACKAGE)
    keys = RunKeys(registry)
    assert keys.is_on()
    keys.turn(COMMAND, on=True)
    assert registry.of_person(RUN) is None, "it would start twice"
    keys.turn(COMMAND, on=False)
    assert (keys.is_on(), registry.of_person(OURS)) == (False, "off")
    assert registry.keys["HKLM", RUN] == {"Qalamsap": OF_PACKAGE}
    keys.turn(COMMAND, on=True)
    assert (keys.is_on(), registry.of_person(OURS), registry.of_person(RUN)) == (True, None, None)


def test_on_windows_an_upgrade_that_writes_the_persons_entry_anew_does_not_switch_it_on() -> None:
    registry = Registry()
    keys = RunKeys(registry)
    keys.turn(COMMAND, on=False)
    registry.keys["HKCU", RUN] = {"Qalamsap": OF_PACKAGE}
    assert not keys.is_on()


def test_what_windows_own_settings_switched_off_is_off_and_can_be_switched_on_again() -> None:
    registry = Registry(run=OF_PACKAGE)
    registry.keys["HKCU", APPROVED] = {"Qalamsap": DISABLED}
    keys = RunKeys(registry)
    assert not keys.is_on()
    keys.turn(COMMAND, on=True)
    assert keys.is_on()
    registry.keys["HKCU", APPROVED] = {"Qalamsap": ENABLED}
    assert keys.is_on()


def test_what_an_administrator_switched_off_for_the_computer_a_person_may_have_for_themselves() -> None:
    registry = Registry(run=OF_PACKAGE, approved=DISABLED)
    keys = RunKeys(registry)
    assert not keys.is_on()
    keys.turn(COMMAND, on=True)
    assert (keys.is_on(), registry.of_person(RUN)) == (True, COMMAND)


def test_a_registry_that_can_not_be_read_is_an_error() -> None:
    registry = Registry()
    registry.is_forbidden = True
    with pytest.raises(StorageFailed, match="Access is denied"):
        autostart._is_on_in(RunKeys(registry))
