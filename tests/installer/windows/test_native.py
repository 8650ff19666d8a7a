"""Our machine code for Windows: built alike twice, and run under Wine against what it does here."""

import shutil
import struct

import pytest

from agent.event_ids import EVENTS
from agent.gost import backend
from installer.windows import __main__ as command
from installer.windows import native
from installer.windows.errors import CannotBuild
from tests.support import windows_packages
from tests.support.windows_packages import PROGRAMS, Wine, Workshop, files, until

pytestmark = pytest.mark.slow
DIGESTS = {"streebog512": "streebog512", "streebog256": "streebog256", "gost94": "gost94"}


def test_two_builds_are_the_same_octets(workshop: Workshop, compiler, tmp_path) -> None:
    native.build(tmp_path, compiler, (0, 1, 0, 0), {1000: "%1\r\n\r\nIt serves pages.", 1001: "%1"})
    assert files(tmp_path) == files(workshop.own)


def test_an_object_file_says_what_it_needs_and_what_it_brings(compiler, tmp_path) -> None:
    (tmp_path / "a_file.c").write_text(
        "extern int a_name_of_more_than_eight(void); int own(void) { return a_name_of_more_than_eight(); }"
    )
    compiler.run("cc", "-target", native.TARGET, "-c", tmp_path / "a_file.c", "-o", tmp_path / "a.o")
    undefined, defined = native.symbols((tmp_path / "a.o").read_bytes())
    assert undefined == {"a_name_of_more_than_eight"}
    assert "own" in defined
    with pytest.raises(CannotBuild, match="no library is known for a_name_of_more_than_eight"):
        native.import_libraries(tmp_path, compiler, [tmp_path / "a.o"])


def test_what_the_compiler_says_is_told(compiler, tmp_path) -> None:
    (tmp_path / "x.c").write_text("this is no C")
    with pytest.raises(CannotBuild, match="zig cc failed"):
        compiler.run("cc", "-target", native.TARGET, "-c", tmp_path / "x.c", "-o", tmp_path / "x.o")
    with pytest.raises(CannotBuild, match="zig can't be run"):
        native.Zig((str(tmp_path / "none"),)).run("version")


def test_what_is_no_program_has_no_time() -> None:
    with pytest.raises(CannotBuild, match="no program for Windows"):
        native.without_time(b"\x7fELF" + bytes(100))


def test_every_event_has_its_text_in_the_library_of_the_event_log(compiler, tmp_path) -> None:
    """The library itself, as it ships: found as its resource is laid out, every id with its meaning."""
    native.build(tmp_path, compiler, (0, 1, 0, 0), command.event_texts())
    octets = (tmp_path / native.EVENTS).read_bytes()
    for event in EVENTS.values():
        text = f"%1\r\n\r\n{event.meaning.replace('%', '%%')}\r\n\0".encode("utf-16-le")
        at = octets.index(text)
        length, flags = struct.unpack_from("<HH", octets, at - 4)
        assert (length - len(text) - 4 in (0, 2), flags) == (True, 1)


def test_the_gost_arithmetic_gives_on_windows_what_it_gives_here(computer: Wine, compiler, tmp_path) -> None:
    """Another system's calling convention and sizes (long has four octets there): the same numbers must come out."""
    objects = []
    for source in (
        *(native.GOST / name for name in native.GOST_FILES[1:]),
        native.NATIVE / "extension.c",
        PROGRAMS / "gost.c",
    ):
        target = tmp_path / f"{source.stem}.o"
        compiler.run(
            "cc", "-target", native.TARGET, *native.CODE, f"-I{native.GOST}", "-c", source, "-o", target
        )
        objects.append(target)
    libraries = native.import_libraries(tmp_path, compiler, objects[:-1])
    program = tmp_path / "gost.exe"
    compiler.run(
        "cc", "-target", native.TARGET, "-nostdlib", "-s", "-Wl,--entry,run", "-Wl,--subsystem,console", "-o", program,
        *objects, *libraries, "-lkernel32",
    )  # fmt: skip
    told = computer.run(windows_packages.windows_path(program))
    assert told.returncode == 0, told
    assert sorted(set(told.stdout.split("\n")) - {""}) == sorted(expected())


def expected() -> list[str]:
    """The same on this system, by the extension here if it is built, else by its twin."""

    def filled(count: int, step: int) -> bytes:
        return bytes((number * step + 1) & 255 for number in range(count))

    gost = backend.implementation
    found = [f"{shown} {gost.new(name, filled(1000, 7)).hexdigest()}" for shown, name in DIGESTS.items()]
    key, nonce = (bytearray(filled(64, step)) for step in (3, 5))
    key[63] = nonce[63] = key[31] = nonce[31] = 0x11
    for octets in (64, 32):
        signature = gost.sign(octets, key[:octets], bytes(nonce[:octets]), filled(64, 11)[:octets])
        assert signature is not None
        found.append(f"point{octets * 8} {gost.public_key(octets, key[:octets]).hex()}")
        found.append(f"signature{octets * 8} {signature.hex()}")
    return found


# --- the launchers ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(computer: Wine, workshop: Workshop):
    """A folder with a blank in its name, with the launchers and the stand-ins that they start."""
    place = computer.drive / "a folder"
    place.mkdir()
    for name in (native.CONSOLE_LAUNCHER, native.LAUNCHER):
        shutil.copyfile(workshop.own / name, place / name)
    payload = workshop.payload()
    for name in ("python.exe", "qalamsap-agent.exe"):
        shutil.copyfile(payload / name, place / name)
    computer.calls()
    yield place
    shutil.rmtree(place)


def test_words_are_handed_on_as_they_stand_and_the_exit_code_comes_back(computer, folder) -> None:
    (folder / "behaviour.txt").write_text("7")
    told = computer.run(r"C:\a folder\qalamsap.exe", "sign", "a file.pdf", "Құжат.pdf", '--note=say "yes"')
    assert told.returncode == 7
    assert computer.calls() == [r'-I -m agent sign "a file.pdf" Құжат.pdf "--note=say \"yes\""']


def test_the_launcher_without_a_console_waits_only_where_it_is_told_to(computer, folder, workshop) -> None:
    (folder / "behaviour.txt").write_text("5")
    told = computer.run(r"C:\a folder\qalamsapw.exe", "--wait", "trust", "status")
    assert told.returncode == 5
    assert computer.calls() == ["-I -m agent trust status"]
    with computer.running(r"C:\a folder\qalamsapw.exe", "SLEEP", "--waiting") as launcher:
        assert launcher.wait(60) == 0
    until((computer.drive / "calls.txt").exists)
    assert computer.calls() == ["-I -m agent SLEEP --waiting"]
    stop = windows_packages.windows_path(workshop.own / native.STOP)
    assert "code=0" in computer.batch(f'"{stop}" "C:\\a folder\\"', "echo code=%errorlevel%")


def test_a_launcher_whose_interpreter_is_gone_says_so(computer, folder) -> None:
    (folder / "python.exe").unlink()
    assert "code=9009" in computer.batch(r'"C:\a folder\qalamsap.exe" doctor', "echo code=%errorlevel%")


def test_who_ends_the_launcher_ends_what_it_started(computer, folder, workshop) -> None:
    with computer.running(r"C:\a folder\qalamsap.exe", "SLEEP"):
        until((computer.drive / "calls.txt").exists)
        stop = windows_packages.windows_path(workshop.own / native.STOP)
        assert "code=0" in computer.batch(f'"{stop}" "C:\\a folder\\"', "echo code=%errorlevel%")
        (folder / "python.exe").unlink()
        (folder / "qalamsap.exe").unlink()


def test_a_whole_drive_is_never_cleared(computer, workshop) -> None:
    stop = windows_packages.windows_path(workshop.own / native.STOP)
    for word in ("C:\\", "C:", ""):
        assert computer.run(stop, word).returncode == 1


def test_there_is_a_compiler_or_it_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(native.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(native.shutil, "which", lambda _name: "/opt/zig")
    assert native.zig(tmp_path) == native.Zig(("/opt/zig",), tmp_path)
    monkeypatch.setattr(native.shutil, "which", lambda _name: None)
    with pytest.raises(CannotBuild, match="no zig: pip install ziglang"):
        native.zig()


def test_the_target_is_64_bit_windows(workshop) -> None:
    octets = (workshop.own / native.LAUNCHER).read_bytes()
    header = int.from_bytes(octets[0x3C:0x40], "little")
    assert octets[header + 4 : header + 6] == b"\x64\x86"
