"""How this copy was installed, and who brings its new versions."""

from pathlib import Path

import pytest

from agent.updates.errors import UpdatesOff
from agent.updates.installation import Installation, this_one, windows_folder


@pytest.mark.parametrize(
    ("packaging", "machine", "kind", "package"),
    [
        ("deb", "x86_64", "deb", "deb-amd64"),
        ("deb", "aarch64", "deb", "deb-arm64"),
        ("rpm", "x86_64", "rpm", "rpm-x86_64"),
        ("appimage", "AMD64", "appimage", "appimage-x86_64"),
        ("msi", "AMD64", "msi", "msi-x64"),
        ("pkg", "arm64", "pkg", "pkg-universal"),
    ],
)
def test_each_packaging_has_its_name_in_a_repository(
    packaging: str, machine: str, kind: str, package: str
) -> None:
    found = this_one(packaging, {}, machine, Path("/opt/qalamsap"))  # type: ignore[arg-type]
    assert (found.kind, found.package) == (kind, package)


def test_an_msi_below_the_persons_home_is_the_persons() -> None:
    found = this_one("msi", {}, "AMD64", Path.home() / "AppData" / "Local" / "Qalamsap")
    assert (found.kind, found.package) == ("msi-user", "msi-user-x64")


def test_this_very_program_runs_from_source() -> None:
    assert this_one() == Installation("source", "source")


@pytest.mark.parametrize(
    ("kind", "word"),
    [("deb", "apt upgrade qalamsap"), ("rpm", "dnf upgrade qalamsap"), ("source", "pip install --upgrade")],
)
def test_what_others_bring_up_to_date_is_left_to_them_and_they_are_named(kind: str, word: str) -> None:
    installation = Installation(kind, "x")  # type: ignore[arg-type]
    assert not installation.is_ours_to_replace
    with pytest.raises(UpdatesOff) as caught:
        installation.require()
    assert word in caught.value.detail


@pytest.mark.parametrize("kind", ["appimage", "msi", "msi-user", "pkg"])
def test_the_others_are_ours(kind: str) -> None:
    installation = Installation(kind, "x")  # type: ignore[arg-type]
    assert installation.is_ours_to_replace
    installation.require()


def test_an_appimage_knows_its_file(tmp_path: Path) -> None:
    image, mount = tmp_path / "Q.AppImage", tmp_path / "mount"
    image.write_bytes(b"x")
    (mount / "usr").mkdir(parents=True)
    values = {"APPIMAGE": str(image), "APPDIR": str(mount)}
    assert this_one("appimage", values, "x86_64", mount / "usr").file == image


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"APPIMAGE": "{tmp}/Q.AppImage"},
        {"APPDIR": "{tmp}/mount"},
        {"APPIMAGE": "{tmp}/gone.AppImage", "APPDIR": "{tmp}/mount"},
        {"APPIMAGE": "Q.AppImage", "APPDIR": "{tmp}/mount"},
        # We were started by another program that is an AppImage.
        {"APPIMAGE": "{tmp}/Q.AppImage", "APPDIR": "{tmp}/other"},
    ],
)
def test_a_file_that_may_be_another_programs_is_not_taken_for_ours(
    tmp_path: Path, values: dict[str, str]
) -> None:
    (tmp_path / "Q.AppImage").write_bytes(b"x")
    (tmp_path / "mount" / "usr").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    environment = {name: value.format(tmp=tmp_path) for name, value in values.items()}
    assert this_one("appimage", environment, "x86_64", tmp_path / "mount" / "usr").file is None


def test_windows_lies_somewhere() -> None:
    assert windows_folder().is_absolute()
