"""What goes into the bundle and what stays out. The whole bundle is looked at in test_installed.py."""

import importlib.metadata
import sys
from pathlib import Path

import pytest

from installer.linux import bundle, elf
from installer.linux.bundle import Bundle, CannotBuild

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux")


def test_what_ships_is_what_the_program_needs_and_nothing_for_tests_or_the_portal() -> None:
    names = bundle.shipped()
    assert {"websockets", "cryptography", "pyhanko", "pyside6-essentials", "shiboken6", "pillow"} <= set(
        names
    )
    assert set(names).isdisjoint(
        {"pytest", "ruff", "selenium", "jinja2", "pystray", "python-xlib", "qalamsap"}
    )
    assert list(names) == sorted(set(names))
    assert all(importlib.metadata.version(name) for name in names)


def test_a_library_that_is_not_installed_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.requires
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: ["no-such-library>=1"] if name == "qalamsap" else real(name),
    )
    with pytest.raises(CannotBuild, match="no-such-library"):
        bundle.shipped()


def test_requirements_for_other_systems_and_extras_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ['lxml>=6; sys_platform == "win32"', 'idna; extra == "demo"', 'h11; extra == "tray"']
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: wanted if name == "qalamsap" else [])
    assert bundle.shipped() == ("h11",)


def test_a_missing_tool_is_named_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotBuild, match="patchelf"):
        bundle.make(tmp_path / "made", "deb")
    assert not (tmp_path / "made").exists()


def test_what_a_library_is_tested_with_stays_out(tmp_path: Path) -> None:
    made = Bundle(tmp_path, "1")
    names = {str(path) for path in importlib.metadata.files("securesystemslib") or ()}
    of_tests = {name for name in names if "/test_data/" in name}
    assert of_tests, "choose another library: this one brings no such data any more"
    bundle._put_distribution(made, "securesystemslib")
    copied = {
        path.relative_to(made.packages).as_posix() for path in made.packages.rglob("*") if path.is_file()
    }
    assert "securesystemslib/__init__.py" in copied
    assert copied.isdisjoint(of_tests)


@pytest.mark.parametrize(
    ("name", "is_unused"),
    [
        ("readline.cpython-311-x86_64-linux-gnu.so", True),  # GPL
        ("_sqlite3.cpython-311-x86_64-linux-gnu.so", True),
        ("_testcapi.cpython-313-x86_64-linux-gnu.so", True),
        ("_ssl.cpython-311-x86_64-linux-gnu.so", False),
        ("_uuid.cpython-311-x86_64-linux-gnu.so", False),
    ],
)
def test_extensions_that_nothing_loads_stay_out(name: str, is_unused: bool) -> None:
    assert bool(bundle._UNUSED_EXTENSIONS.match(name)) == is_unused


def test_libraries_that_the_system_must_bring_are_named_and_those_of_optional_plugins_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def file(name: str, *needed: str, soname: str = "") -> elf.Elf:
        return elf.Elf(tmp_path / name, needed, soname, "", frozenset())

    monkeypatch.setattr(
        elf,
        "all_in",
        lambda _: [
            file("a.so", "libb.so.1", "libX11.so.6", "libc.so.6"),
            file("libb.so.1.2", "libX11.so.6", soname="libb.so.1"),
            file("libqgtk3.so", "libgtk-3.so.0"),
        ],
    )
    assert Bundle(tmp_path, "1").missing_libraries() == {"libX11.so.6": ["a.so", "libb.so.1.2"]}


def test_records_list_what_is_there(tmp_path: Path) -> None:
    made = Bundle(tmp_path, "1")
    facts = made.packages / "a-1.dist-info"
    facts.mkdir(parents=True)
    (made.packages / "a.py").write_bytes(b"")
    (facts / "RECORD").write_text("gone.py\na.py\na-1.dist-info/RECORD")
    bundle._correct_records(made)
    assert (facts / "RECORD").read_text() == "a-1.dist-info/RECORD,,\na.py,,\n"
    assert [str(file) for file in importlib.metadata.PathDistribution(facts).files or ()] == [
        "a-1.dist-info/RECORD",
        "a.py",
    ]
