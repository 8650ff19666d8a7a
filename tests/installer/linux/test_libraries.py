"""The lock of the libraries that packages bring: whole, true to what the project asks for, and followed."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev
from installer.linux import __main__ as program
from installer.linux import bundle, libraries
from installer.linux.bundle import CannotBuild

HASH = f" --hash=sha256:{'a' * 64}"


def test_what_the_project_needs_is_locked_in_a_version_that_it_takes() -> None:
    project = tomllib.loads((bundle.SOURCE / "pyproject.toml").read_text("utf-8"))["project"]
    locked = libraries.locked()
    for text in (*project["dependencies"], *project["optional-dependencies"]["tray"]):
        needed = Requirement(text)
        version = locked[canonicalize_name(needed.name)]
        assert needed.specifier.contains(version), (
            f"{text} is locked as {version}: python -m installer.linux lock"
        )


@pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux")
def test_everything_that_ships_is_locked() -> None:
    assert set(bundle.shipped()) <= set(libraries.locked())


def test_a_library_without_a_digest_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text(f"# head\nsix==1.17.0 ; sys_platform == 'linux' \\\n   {HASH} \\\n   {HASH}\n")
    assert libraries.locked(lock) == {"six": "1.17.0"}
    for row in ("six==1.17.0", f"six>=1{HASH}"):
        lock.write_text(f"{row}\n")
        with pytest.raises(CannotBuild, match="none of ours: 'six"):
            libraries.locked(lock)


def test_other_libraries_than_the_locked_ones_are_not_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "shipped", lambda: ("lxml", "idna"))
    here = {name: importlib.metadata.version(name) for name in ("lxml", "idna")}
    lock = tmp_path / "x.lock"
    lock.write_text("".join(f"{name}=={version}{HASH}\n" for name, version in here.items()))
    libraries.require(lock)
    lock.write_text(f"lxml==0.1{HASH}\n")
    with pytest.raises(CannotBuild, match=r"lxml \S+ \(locked: 0\.1\), idna \S+ \(locked: not at all\)"):
        libraries.require(lock)
    monkeypatch.setattr(libraries.require, "__defaults__", (lock,))
    monkeypatch.setattr(program, "_build", lambda _: pytest.fail("it was built"))
    assert program.main(["deb", "--out", str(tmp_path)]) == 1
    assert "./dev package" in capsys.readouterr().err
    built: list[Path] = []
    monkeypatch.setattr(program, "_build", lambda _: built.append(lock) or lock)
    assert program.main(["deb", "--unlocked"]) == 0
    assert built == [lock]


def test_the_lock_is_renewed_by_uv_and_kept_where_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, uv = tmp_path / "x.lock", tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho 'six==1.17.0{HASH}'\n")
    uv.chmod(0o755)
    monkeypatch.setattr(libraries.shutil, "which", lambda *_, **__: str(uv))
    assert libraries.renew(lock) == 1
    assert libraries.locked(lock) == {"six": "1.17.0"}
    before = lock.read_bytes()
    uv.write_text("#!/bin/sh\necho no network >&2\nexit 2\n")
    with pytest.raises(CannotBuild, match="no network"):
        libraries.renew(lock)
    assert lock.read_bytes() == before
    monkeypatch.setattr(libraries.shutil, "which", lambda *_, **__: None)
    with pytest.raises(CannotBuild, match="no uv"):
        libraries.renew(lock)


def test_dev_installs_them_by_their_digests_once_for_each_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STAMP", "LOCKED_STAMP"):
        monkeypatch.setattr(dev, name, tmp_path / name)
    dev.STAMP.touch()
    called: list[list[str]] = []
    monkeypatch.setattr(dev, "step", lambda command, _: called.append(command))
    dev.lock_libraries()
    dev.lock_libraries()
    (command,) = called
    assert {"--require-hashes", "--no-deps", "--force-reinstall", str(libraries.LOCK)} <= set(command)
    dev.STAMP.unlink()
    dev.STAMP.touch()
    dev.lock_libraries()
    assert len(called) == 2, "the environment is another"


def test_pip_takes_no_file_with_another_digest(tmp_path: Path) -> None:
    """Without a network: a wheel of ours in a folder."""
    from zipfile import ZipFile

    with ZipFile(tmp_path / "thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("thing.py", "")
        wheel.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        wheel.writestr(
            "thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("thing-1.0.dist-info/RECORD", "")
    (tmp_path / "x.lock").write_text(f"thing==1.0{HASH}\n")
    words = [
        "install",
        "--no-index",
        "--find-links",
        tmp_path,
        "--target",
        tmp_path / "to",
        "--require-hashes",
        "-r",
        tmp_path / "x.lock",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "DO NOT MATCH" in done.stderr
