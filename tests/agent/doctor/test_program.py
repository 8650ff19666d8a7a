import importlib.metadata
import os

import pytest

from agent.doctor import program
from agent.gost import backend


def test_versions_name_no_person():
    found = program.version()
    assert found.state == "ok"
    assert set(found.values) == {"version", "python", "system"}
    assert found.text.startswith("qalamsap ")


def test_native_gost_is_good_and_slow_gost_a_hint():
    assert (program.gost("native").code, program.gost("native").state) == ("native", "ok")
    slow = program.gost("python")
    assert (slow.code, slow.state) == ("python", "hint")
    assert program.gost().text.startswith(backend.describe())


@pytest.mark.parametrize(
    ("environment", "version", "code", "state"),
    [
        ({"DISPLAY": ":0"}, None, "missing", "trouble"),
        ({}, "6.8", "no-display", "hint"),
        ({"DISPLAY": ":0"}, "6.8", "ready", "ok"),
    ],
)
def test_windows_need_qt_and_a_screen(environment, version, code, state):
    found = program.windows(environment, version)
    assert (found.code, found.state) == (code, state)


def test_the_version_of_qt_is_known_without_loading_it(monkeypatch):
    def version(name):
        if name == "PySide6":
            raise importlib.metadata.PackageNotFoundError
        return "6.9"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert program.qt_version() == "6.9"

    def missing(name):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert program.qt_version() is None


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    assert program.storage(tmp_path / "to/be/made").code == "writable"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_and_one_that_can_not_be_written_are_trouble(tmp_path, monkeypatch):
    assert program.storage(tmp_path, least_free=1 << 80).code == "full"

    def refuse(**_):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(program.tempfile, "TemporaryFile", refuse)
    found = program.storage(tmp_path)
    assert (found.code, found.state, found.masked) == ("not-writable", "trouble", "")
    assert str(tmp_path) in found.subject
