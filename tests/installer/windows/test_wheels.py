"""Libraries for Windows: pinned to one file each, and true to what the project asks for."""

import hashlib
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installer.windows import wheels
from installer.windows.errors import CannotBuild

WINDOWS = {
    "sys_platform": "win32",
    "platform_system": "Windows",
    "os_name": "nt",
    "python_version": wheels.SERIES,
    "extra": "",
}


def test_what_the_project_needs_on_windows_is_locked_in_a_version_that_it_takes() -> None:
    project = tomllib.loads((wheels.SOURCE / "pyproject.toml").read_text("utf-8"))["project"]
    locked = wheels.rows()
    for text in (*project["dependencies"], *project["optional-dependencies"]["tray"]):
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate(WINDOWS):
            continue
        version, _ = locked[canonicalize_name(needed.name)]
        assert needed.specifier.contains(version), (
            f"{text} is locked as {version}: python -m installer.windows lock"
        )


def test_every_row_is_of_our_form(tmp_path) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text("# head\nsix==1.17.0 --hash=sha256:" + "a" * 64 + "\n")
    assert wheels.rows(lock) == {"six": ("1.17.0", "a" * 64)}
    lock.write_text("six==1.17.0\n")
    with pytest.raises(CannotBuild, match=r"x\.lock has a line that is none of ours: 'six==1\.17\.0'"):
        wheels.rows(lock)


def wheel(folder: Path, **files: str) -> Path:
    path = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return path


def lock(folder: Path, path: Path) -> Path:
    file = folder / "wheels.lock"
    file.write_text(f"thing==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n")
    return file


def test_wheels_that_lie_there_already_are_not_fetched_again(tmp_path, monkeypatch) -> None:
    path = wheel(tmp_path, **{"thing.py": ""})
    monkeypatch.setattr(wheels, "_pip", lambda *_: pytest.fail("pip was asked"))
    assert wheels.fetch(tmp_path, lock(tmp_path, path)) == [path]


def test_a_wheel_that_was_changed_is_fetched_again_and_another_one_refused(tmp_path, monkeypatch) -> None:
    path = wheel(tmp_path, **{"thing.py": ""})
    locked = lock(tmp_path, path)
    path.write_bytes(path.read_bytes() + b"changed")
    asked = []
    monkeypatch.setattr(wheels, "_pip", lambda folder, *words: asked.append(words))
    with pytest.raises(CannotBuild, match=r"pip brought other files than wheels\.lock names: thing"):
        wheels.fetch(tmp_path, locked)
    assert asked == [("--require-hashes", "-r", str(locked))]


def test_what_pip_says_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(CannotBuild, match="pip download failed"):
        wheels.fetch(tmp_path, written(tmp_path, "thing==1.0 --hash=sha256:" + "0" * 64 + "\n"))


def written(folder: Path, text: str) -> Path:
    file = folder / "x.lock"
    file.write_text(text)
    return file


def test_a_wheel_is_laid_out_as_pip_would(tmp_path) -> None:
    path = wheel(
        tmp_path,
        **{
            "thing/__init__.py": "a",
            "thing-1.0.data/purelib/other.py": "b",
            "thing-1.0.data/scripts/thing": "c",
            "thing-1.0.dist-info/METADATA": "d",
        },
    )
    wheels.unpack(path, tmp_path / "site")
    found = {
        each.relative_to(tmp_path / "site").as_posix()
        for each in (tmp_path / "site").rglob("*")
        if each.is_file()
    }
    assert found == {"thing/__init__.py", "other.py", "thing-1.0.dist-info/METADATA"}


@pytest.mark.parametrize("name", ["../x.py", "/x.py", "C:/x.py", "a\\b.py", "thing/../../x.py"])
def test_a_wheel_that_leads_elsewhere_is_refused(tmp_path, name) -> None:
    with pytest.raises(CannotBuild, match="leads elsewhere"):
        wheels.unpack(wheel(tmp_path, **{name: "x"}), tmp_path / "site")


def test_without_uv_the_lock_stays(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(wheels.shutil, "which", lambda *_, **__: None)
    with pytest.raises(CannotBuild, match="no uv: pip install uv"):
        wheels.renew(tmp_path / "x.lock")
    assert not (tmp_path / "x.lock").exists()
