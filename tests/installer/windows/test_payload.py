"""The folder that is packed: the interpreter looked at before it is taken, libraries trimmed, our code whole."""

import hashlib
import sys
import zipfile

import pytest

from agent import programs
from installer.windows import native, payload
from installer.windows.errors import CannotBuild
from tests.support import windows_packages


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_interpreter_of_the_given_digest_is_taken(tmp_path) -> None:
    archive = windows_packages.embeddable(tmp_path, None)
    found = payload.interpreter(archive, sha256(archive).upper())
    assert found.series == f"3.{sys.version_info.minor}"


def test_an_interpreter_that_nobody_vouched_for_is_asked_about(tmp_path) -> None:
    archive = windows_packages.embeddable(tmp_path, None)
    with pytest.raises(
        CannotBuild, match=r"whose is python-3\.\d+\.0-embed-amd64\.zip\? Look at its signature"
    ):
        payload.interpreter(archive)
    with pytest.raises(CannotBuild, match="not the one that was given"):
        payload.interpreter(archive, "0" * 64)
    with pytest.raises(CannotBuild, match="can't be read"):
        payload.interpreter(tmp_path / "missing.zip", "0" * 64)


@pytest.mark.parametrize(
    "without",
    ["python3.dll", "pythonw.exe", f"python{windows_packages.TAG}.dll", f"python{windows_packages.TAG}.zip"],
)
def test_what_is_no_embeddable_package_is_refused(tmp_path, without) -> None:
    archive = windows_packages.embeddable(tmp_path, None, without=without)
    with pytest.raises(CannotBuild, match="is no embeddable package"):
        payload.interpreter(archive, sha256(archive))


def test_an_archive_that_leads_elsewhere_is_refused(tmp_path) -> None:
    archive = windows_packages.embeddable(tmp_path, None)
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("../evil.dll", b"")
    with pytest.raises(CannotBuild, match="leads elsewhere"):
        payload.interpreter(archive, sha256(archive))


def test_a_pinned_interpreter_needs_no_digest_on_the_command_line(tmp_path) -> None:
    pinned = tmp_path / "interpreter.lock"
    pinned.write_text(f"# looked at\n{'a' * 64}  python-3.14.9-embed-amd64.zip\n")
    assert payload.pinned("python-3.14.9-embed-amd64.zip", pinned) == "a" * 64
    assert payload.pinned("python-3.14.8-embed-amd64.zip", pinned) is None
    assert payload.pinned("x.zip", tmp_path / "none") is None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("lxml/etree.cp314-win_amd64.pyd", True), ("lxml/includes/etree.h", False), ("lxml/etree.pyx", False),
        ("reportlab/lib/utils.py", True), ("aiohttp/tests/x.py", False), ("thing/test_data/x", False), ("websockets/__pycache__/x.pyc", False),
        ("PySide6/QtCore.pyd", True), ("PySide6/Qt6Widgets.dll", True), ("PySide6/Qt6Quick.dll", False), ("PySide6/QtQml.pyd", False),
        ("PySide6/plugins/platforms/qwindows.dll", True), ("PySide6/plugins/platforms/qminimal.dll", False),
        ("PySide6/translations/qtbase_kk.qm", True), ("PySide6/translations/qtbase_de.qm", False),
        ("PySide6/designer.exe", False), ("PySide6/opengl32sw.dll", False), ("PySide6/msvcp140.dll", True), ("PySide6/pyside6.abi3.dll", True),
        ("PySide6/qml/QtQuick/x.qml", False), ("tuf/api/metadata.py", True), ("pyhanko-0.38.0.dist-info/METADATA", True),
    ],
)  # fmt: skip
def test_libraries_are_trimmed_to_what_is_loaded(name, wanted) -> None:
    assert payload.is_wanted(name) is wanted


def test_our_code_is_whole_and_nothing_of_this_system_s() -> None:
    names = {path.as_posix() for path in payload.our_files()}
    assert {"agent/__main__.py", "tray/__main__.py", "protocol/prompts.py", "agent/words/kk.toml"} <= names
    assert any(name.startswith("tray/texts/kk/") for name in names)
    assert "agent/localhost/windows.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyc", ".c")) or name.startswith("tests")]


@pytest.mark.parametrize(
    ("text", "numbers"), [("0.1.0", (0, 1, 0, 0)), ("1.2", (1, 2, 0, 0)), ("1.2.3.dev4+x", (1, 2, 3, 0))]
)
def test_versions_are_counted_as_windows_counts(text, numbers) -> None:
    assert payload.numbers(text) == numbers


@pytest.mark.parametrize("text", ["x", "1", "256.0.0", "1.256.0", "1.0.65536"])
def test_a_version_that_windows_installer_can_not_compare_is_refused(text) -> None:
    with pytest.raises(CannotBuild):
        payload.numbers(text)


def wheel(folder, name: str, files: dict[str, bytes]):
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        record = "".join(f"{file},,\n" for file in files)
        for file, octets in {**files, f"{name}-1.0.dist-info/RECORD": record.encode()}.items():
            packed.writestr(file, octets)
    return path


def made(tmp_path, *libraries, compiler=None, more=()):
    """A payload of stand-ins: the interpreter's programs and our machine code are words."""
    archive = windows_packages.embeddable(tmp_path, None)
    own = tmp_path / "own"
    own.mkdir()
    for name in (native.CONSOLE_LAUNCHER, native.LAUNCHER, native.STOP, native.EVENTS, native.EXTENSION):
        (own / name).write_bytes(b"stand-in")
    folder = tmp_path / "payload"
    payload.make(
        folder, payload.interpreter(archive, sha256(archive)), libraries, own, compiler=compiler, more=more
    )
    return folder


def test_the_folder_is_laid_out_as_programs_are_started(tmp_path) -> None:
    library = wheel(
        tmp_path,
        "thing",
        {"thing/__init__.py": b"", "thing/tests/test.py": b"", "thing-1.0.data/scripts/thing": b""},
    )
    folder = made(tmp_path, library)
    assert (folder / programs.MARKER).read_text() == "msi\n"
    for kind in programs.KINDS:
        assert (folder / f"qalamsap-{kind}.exe").read_bytes() == (folder / "pythonw.exe").read_bytes()
    tag = windows_packages.TAG
    assert (folder / f"python{tag}._pth").read_bytes() == f"python{tag}.zip\r\n.\r\npackages\r\n".encode()
    assert (folder / "packages/agent/gost/_native.pyd").read_bytes() == b"stand-in"
    assert (folder / f"packages/qalamsap-{payload.version()}.dist-info/METADATA").is_file()
    assert (folder / "packages/thing/__init__.py").is_file()
    assert not (folder / "packages/thing/tests").exists()
    assert (folder / "packages/thing-1.0.dist-info/RECORD").read_text() == "thing/__init__.py,,\n"


@pytest.mark.slow
def test_every_module_of_ours_is_compiled_without_a_time(tmp_path) -> None:
    folder = made(tmp_path, compiler=sys.executable)
    compiled = list((folder / "packages/agent").rglob("*.pyc"))
    assert len(compiled) == len(list((folder / "packages/agent").rglob("*.py")))
    assert {path.read_bytes()[4:8] for path in compiled} == {b"\x01\0\0\0"}, (
        "looks at a file's time or digest at each start"
    )


def test_a_compiler_of_another_python_is_refused(tmp_path) -> None:
    program = tmp_path / "python-other"
    program.write_text("#!/bin/sh\necho 399\n")
    program.chmod(0o755)
    with pytest.raises(CannotBuild, match="is not of Python 3"):
        made(tmp_path, compiler=str(program))


def test_a_library_that_would_not_load_stops_the_build(tmp_path, monkeypatch) -> None:
    needed = {
        b"lib": frozenset({"kernel32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "there.dll", "missing.dll"})
    }
    monkeypatch.setattr(payload.pe, "imports", lambda octets: needed.get(octets, frozenset()))
    library = wheel(tmp_path, "thing", {"thing/lib.pyd": b"lib", "thing/There.dll": b""})
    with pytest.raises(CannotBuild, match=r"packages/thing/lib\.pyd needs missing\.dll$"):
        made(tmp_path, library)


def test_a_python_of_the_series_is_looked_for(tmp_path, monkeypatch) -> None:
    assert payload.compiler_for(payload.Interpreter(tmp_path, windows_packages.TAG)) == sys.executable
    monkeypatch.setattr(payload.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert payload.compiler_for(payload.Interpreter(tmp_path, "399")) == "/usr/bin/python3.99"
    monkeypatch.setattr(payload.shutil, "which", lambda _name: None)
    with pytest.raises(CannotBuild, match=r"takes a Python 3\.99 on this computer"):
        payload.compiler_for(payload.Interpreter(tmp_path, "399"))
