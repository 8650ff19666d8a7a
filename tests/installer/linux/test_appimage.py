"""The AppImage, with a runtime of our own making in place of the AppImage project's: what is behind it, and whether that runs."""

import hashlib
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installer.linux import appimage, bundle, elf
from tests.support import packing

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux")]
COMPRESSOR = ("gzip", "-Xcompression-level", "1")
RUNTIME = b"\x7fELF\x02\x01\x01\0AI\x02" + bytes(5000)


def needs(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs tool: {tool}")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("mksquashfs", "unsquashfs", "patchelf", "strip")
    folder = tmp_path_factory.mktemp("appimage")
    (folder / "runtime").write_bytes(RUNTIME)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    digest = hashlib.sha256(RUNTIME).hexdigest()
    return appimage.build(folder / "dist", moment, folder / "runtime", digest, COMPRESSOR)


@pytest.fixture(scope="module")
def inside(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the runtime would mount, somewhere."""
    folder = tmp_path_factory.mktemp("somewhere") / "mounted"
    command = ["unsquashfs", "-quiet", "-no-progress", "-offset", str(len(RUNTIME)), "-dest", folder, image]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_it_is_the_runtime_with_a_file_system_behind_it(image: Path) -> None:
    with image.open("rb") as stream:
        assert stream.read(len(RUNTIME)) == RUNTIME
        assert stream.read(4) == b"hsqs"
    assert image.stat().st_mode & 0o111 == 0o111


def test_it_runs_from_any_folder_without_python_or_environment(inside: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [inside / "AppRun", "version"],
        env={"PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "GOST: native" in done.stdout) == (0, True), done.stderr


def test_it_starts_itself_at_login_as_the_file_that_the_person_has(inside: Path, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "APPIMAGE": "/home/a/My Qalamsap.AppImage"}
    subprocess.run(
        [inside / "AppRun", "autostart", "on"], env=home, cwd=tmp_path, check=True, capture_output=True
    )
    entry = (tmp_path / ".config/autostart/qalamsap.desktop").read_text()
    assert 'Exec="/home/a/My Qalamsap.AppImage" run\n' in entry


def test_desktops_find_entry_and_icon_at_its_root(inside: Path) -> None:
    assert "Exec=qalamsap open" in (inside / "qalamsap.desktop").read_text()
    assert (inside / ".DirIcon").read_bytes().startswith(b"\x89PNG")


def test_it_brings_the_small_libraries_of_x_and_asks_for_no_newer_glibc(inside: Path) -> None:
    made = bundle.Bundle(inside / bundle.PREFIX.relative_to("/"), "0")
    missing = made.missing_libraries()
    assert set(missing).isdisjoint(appimage.BROUGHT_ALONG)
    assert elf.oldest_glibc(made.elf_files()) <= bundle.GLIBC


def test_windows_open_from_inside_it(inside: Path, tmp_path: Path) -> None:
    """On no screen: whether the libraries of windows are found."""
    program = "from PySide6.QtWidgets import QApplication, QLabel; a = QApplication([]); print(QLabel('ә').grab().height() > 5)"
    done = subprocess.run(
        [inside / "usr/lib/qalamsap/bin/qalamsap-window", "-I", "-c", program],
        env={"HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\n", done.stderr


def test_a_bundle_that_is_made_again_has_the_same_octets_and_modes(inside: Path, tmp_path: Path) -> None:
    def files(folder: Path) -> dict[str, tuple[str, bytes]]:
        return {
            str(path.relative_to(folder)): (
                f"{path.stat().st_mode:o}",
                hashlib.sha256(path.read_bytes()).digest(),
            )
            for path in folder.rglob("*")
            if path.is_file()
        }

    again = files(bundle.make(tmp_path / "again", "appimage").folder)
    first = files(inside / bundle.PREFIX.relative_to("/"))
    brought = {f"packages/PySide6/Qt/lib/{name}" for name in appimage.BROUGHT_ALONG}
    assert set(again) - set(first) == {"bin/qalamsap"}
    assert set(first) - set(again) == brought
    assert [name for name in first if name in again and first[name] != again[name]] == []


def test_packed_again_by_somebody_else_it_has_the_same_octets(
    image: Path, inside: Path, tmp_path: Path
) -> None:
    (tmp_path / "again").mkdir()
    (tmp_path / "runtime").write_bytes(RUNTIME)

    def build(out: Path, moment: datetime) -> Path:
        digest = hashlib.sha256(RUNTIME).hexdigest()
        return appimage.build(out, moment, tmp_path / "runtime", digest, COMPRESSOR)

    again = packing.packed_again(inside, build, tmp_path / "again")
    assert (again.name, packing.sha256(again)) == (image.name, packing.sha256(image))


@pytest.mark.parametrize(
    ("octets", "digest", "complaint"),
    [
        (RUNTIME, "00" * 32, "another digest"),
        (b"\x7fELF\x02\x01\x01\0" + bytes(100), None, "no runtime"),
        (b"#!/bin/sh\n", None, "no runtime"),
    ],
)
def test_another_runtime_than_the_one_that_was_meant_is_refused(
    tmp_path: Path, octets: bytes, digest: str | None, complaint: str
) -> None:
    (tmp_path / "runtime").write_bytes(octets)
    with pytest.raises(bundle.CannotBuild, match=complaint):
        appimage.build(
            tmp_path, datetime.now(UTC), tmp_path / "runtime", digest or hashlib.sha256(octets).hexdigest()
        )
