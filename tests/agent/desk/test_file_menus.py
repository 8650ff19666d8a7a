"""The menus of file managers, in a home of the test's own."""

import argparse
import configparser
import os
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from agent import programs
from agent.commands import open_desk
from agent.desk import file_menus
from agent.desk.file_menus import Menus
from agent.errors import StorageFailed, UnsupportedOperation
from agent.words import texts
from tests.support import display

MANAGERS = ("nautilus", "caja", "nemo", "dolphin", "thunar")
USUAL = """<?xml version="1.0" encoding="UTF-8"?>
<!-- what comes with Thunar -->
<actions><action><name>Open Terminal Here</name><unique-id>1-1</unique-id><command>exo-open</command></action></actions>
"""


def menus(home: Path, *installed: str, language: texts.Language = "ru") -> Menus:
    return Menus(
        home / "share",
        home / "config",
        ("/opt/мой qalamsap/qalamsap",),
        language,
        has=lambda name: name in installed,
        thunar_usual=home / "usual.xml",
    )


def entry(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, delimiters="=")
    found.optionxform = str  # type: ignore[assignment,method-assign]  # names are as they are
    found.read(path, encoding="utf-8")
    return found


def unescaped(value: str) -> list[str]:
    """The words of an Exec line, as a desktop reads them."""
    import shlex

    return shlex.split(value.replace("\\\\", "\\"))


def test_a_program_among_programs_and_nothing_for_managers_that_are_not_there(tmp_path: Path) -> None:
    made = menus(tmp_path).install()
    program = tmp_path / "share" / "applications" / "qalamsap.desktop"
    assert made[0] == program
    assert {path.suffix for path in made[1:]} == {".png"}
    found = entry(program)
    assert found["Desktop Entry"]["Actions"] == "sign;verify;"
    assert found["Desktop Action sign"]["Name"] == "Sign with Qalamsap"
    assert found["Desktop Action sign"]["Name[ru]"] == "Подписать в Qalamsap"
    assert unescaped(found["Desktop Action verify"]["Exec"]) == [
        "/opt/мой qalamsap/qalamsap", "open", "files", "--wish", "verify", "--file", "%F",
    ]  # fmt: skip
    assert "pdf" not in found["Desktop Entry"]["MimeType"]  # it must not become what PDFs are read with


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="needs tool: desktop-file-validate")
def test_the_entry_is_valid(tmp_path: Path) -> None:
    made = menus(tmp_path).install()
    subprocess.run(["desktop-file-validate", made[0]], check=True)


def test_every_manager_that_is_there_gets_its_own(tmp_path: Path) -> None:
    (tmp_path / "usual.xml").write_text(USUAL, encoding="utf-8")
    made = {
        str(path.relative_to(tmp_path))
        for path in menus(tmp_path, *MANAGERS).install()
        if path.suffix != ".png"
    }
    assert made == {
        "share/applications/qalamsap.desktop",
        "share/nautilus/scripts/Подписать в Qalamsap",
        "share/nautilus/scripts/Проверить подпись в Qalamsap",
        "config/caja/scripts/Подписать в Qalamsap",
        "config/caja/scripts/Проверить подпись в Qalamsap",
        "share/nemo/actions/qalamsap-sign.nemo_action",
        "share/nemo/actions/qalamsap-verify.nemo_action",
        "share/kio/servicemenus/qalamsap.desktop",
        "config/Thunar/uca.xml",
    }
    menu = tmp_path / "share" / "kio" / "servicemenus" / "qalamsap.desktop"
    assert menu.stat().st_mode & stat.S_IXUSR
    assert unescaped(entry(menu)["Desktop Action sign"]["Exec"])[-2:] == ["--file", "%F"]
    nemo = entry(tmp_path / "share" / "nemo" / "actions" / "qalamsap-sign.nemo_action")["Nemo Action"]
    assert (nemo["Name[kk]"], nemo["Selection"]) == ("Qalamsap арқылы қол қою", "notnone")


def test_a_script_hands_on_every_file_whatever_its_name(tmp_path: Path) -> None:
    program = tmp_path / "a program"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    Menus(tmp_path, tmp_path, (str(program),), "en", has=lambda name: name == "nautilus").install()
    script = tmp_path / "nautilus" / "scripts" / "Sign with Qalamsap"
    assert os.access(script, os.X_OK)
    done = subprocess.run(
        [script, "-x.pdf", "two words.pdf", "/else where/c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "open", "files", "--wish", "sign", "--file", f"{tmp_path}/-x.pdf", f"{tmp_path}/two words.pdf", "/else where/c",
    ]  # fmt: skip


def test_actions_of_thunar_join_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "usual.xml").write_text(USUAL, encoding="utf-8")
    ours = menus(tmp_path, "thunar")
    ours.install()
    ours.install()  # once more changes nothing
    actions = ET.parse(tmp_path / "config" / "Thunar" / "uca.xml").getroot()
    assert [action.findtext("unique-id") for action in actions] == ["1-1", "qalamsap-sign", "qalamsap-verify"]
    assert actions[1].findtext("name") == "Подписать в Qalamsap"
    assert actions[1].findtext("command") == "'/opt/мой qalamsap/qalamsap' open files --wish sign --file %F"
    assert actions[1].find("other-files") is not None
    assert tmp_path / "config" / "Thunar" / "uca.xml" in ours.remove()
    actions = ET.parse(tmp_path / "config" / "Thunar" / "uca.xml").getroot()
    assert [action.findtext("unique-id") for action in actions] == ["1-1"]


def test_actions_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "config" / "Thunar" / "uca.xml"
    place.parent.mkdir(parents=True)
    place.write_text("<actions>")
    with pytest.raises(StorageFailed):
        menus(tmp_path, "thunar").install()
    assert place.read_text() == "<actions>"


def test_all_of_it_is_taken_back_in_whichever_language_it_was_made(tmp_path: Path) -> None:
    made = menus(tmp_path, *MANAGERS, language="kk").install()
    assert set(menus(tmp_path).installed()) == set(made)
    assert set(menus(tmp_path).remove()) == set(made)
    assert menus(tmp_path).installed() == []
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [tmp_path / "config" / "Thunar" / "uca.xml"]


def test_what_is_somebody_elses_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    place = tmp_path / "share" / "applications" / "qalamsap.desktop"
    place.parent.mkdir(parents=True)
    place.write_text("[Desktop Entry]\nName=Mine\n")
    with pytest.raises(StorageFailed, match="somebody else's"):
        menus(tmp_path).install()
    assert menus(tmp_path).remove() == []
    assert "Mine" in place.read_text()


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "share").write_text("a file")
    with pytest.raises(StorageFailed):
        menus(tmp_path).install()


def test_a_path_of_several_lines_writes_no_line_of_its_own(tmp_path: Path) -> None:
    made = Menus(tmp_path / "share", tmp_path / "config", ("/a\nExec=evil",), "ru", {"nemo"}.__contains__)
    with pytest.raises(UnsupportedOperation):
        made.install()
    assert not (tmp_path / "share").exists()


def test_there_is_none_for_the_finder_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UnsupportedOperation):
        menus(tmp_path).install()


def test_the_persons_own_menus_start_the_program_that_is_installed() -> None:
    found = file_menus.of_person("kk")
    assert Path(found.command[0]).is_file()
    assert found.command[-1] != "run"
    assert found.data_home.is_absolute()


@pytest.mark.parametrize("manager", MANAGERS)
def test_whether_the_entries_are_there_is_read_from_the_disk(tmp_path: Path, manager: str) -> None:
    (tmp_path / "usual.xml").write_text(USUAL, encoding="utf-8")
    assert menus(tmp_path, manager).state() == "off"
    menus(tmp_path, manager, language="kk").install()
    assert menus(tmp_path, manager).state() == "on"  # in another language than is spoken now
    moved = replace(menus(tmp_path, manager), command=("/elsewhere/qalamsap",))
    assert moved.state() == "stale"
    moved.install()
    assert moved.state() == "on"
    assert menus(tmp_path, *MANAGERS).state() == "stale"  # others have come since
    moved.remove(keeps_entry=True)
    assert moved.state() == "off"
    assert (tmp_path / "share" / "applications" / "qalamsap.desktop").is_file()


def test_where_no_file_manager_is_known_there_is_nothing_to_switch(tmp_path: Path) -> None:
    assert menus(tmp_path).state() == "none"


def test_actions_of_thunar_that_can_not_be_read_are_not_there(tmp_path: Path) -> None:
    place = tmp_path / "config" / "Thunar" / "uca.xml"
    place.parent.mkdir(parents=True)
    place.write_text("<actions>")
    assert menus(tmp_path, "thunar").state() == "off"


def test_there_is_no_state_for_the_finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert menus(tmp_path, "nautilus").state() == "unsupported"
    assert menus(tmp_path).put_entry() == []


def test_the_program_alone_can_be_put_among_the_programs(tmp_path: Path) -> None:
    made = menus(tmp_path, *MANAGERS).put_entry()
    assert made[0] == tmp_path / "share" / "applications" / "qalamsap.desktop"
    assert {path.suffix for path in made[1:]} == {".png"}
    assert menus(tmp_path, *MANAGERS).state() == "off"


def test_the_entry_starts_the_desk_also_without_files(tmp_path: Path) -> None:
    """A desktop that names no files takes %F out of the line."""
    words = unescaped(entry(menus(tmp_path).put_entry()[0])["Desktop Entry"]["Exec"])
    parser = argparse.ArgumentParser()
    open_desk.add_arguments(parser.add_subparsers(dest="command").add_parser("open"))
    options = parser.parse_args([word for word in words[1:] if word != "%F"])
    assert (options.page, options.files) == ("files", [])


@pytest.mark.display
def test_where_no_icon_has_a_place_the_entry_is_the_way_in_and_brings_the_desk_back(tmp_path: Path) -> None:
    pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")
    ours = Menus(tmp_path / "share", tmp_path / "config", programs.command(), "ru")
    words = [word for word in unescaped(entry(ours.put_entry()[0])["Desktop Entry"]["Exec"]) if word != "%F"]
    with display.screen() as screen, display.session_bus() as address:
        home = {"HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": address, "LC_ALL": "ru_RU.UTF-8"}
        home |= {
            f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")
        }
        environment = screen.environment(home)
        with display.child(words, env=environment) as first:
            window = screen.wait_for_window("Qalamsap")
            subprocess.run(
                ["xdotool", "windowminimize", "--sync", window], env=environment, check=True, timeout=20
            )
            assert screen.windows() == []
            again = subprocess.run(
                words, env=environment, check=False, timeout=30
            )  # as if it was chosen once more
            assert again.returncode == 0
            assert screen.wait_for_window("Qalamsap") == window
            assert first.poll() is None
