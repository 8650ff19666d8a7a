"""Our own machine code for Windows, cross-compiled by zig's C compiler (the wheel `ziglang`): the GOST extension, the launchers, the helper
of the installer, and the library with the texts of the event log.

Nothing links the C library's start-up code: what is made is small, the same whoever makes it, and takes two seconds. Times in
the files' headers are set to nought.
"""

import dataclasses
import importlib.util
import os
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from installer.windows import resources
from installer.windows.errors import CannotBuild
from installer.windows.resources import Resource

SOURCE = Path(__file__).resolve().parents[2]
NATIVE = Path(__file__).with_name("sources")
GOST = SOURCE / "agent" / "gost" / "src"
GOST_FILES = ("module.c", "streebog.c", "gost94.c", "curve.c")
TARGET = "x86_64-windows-gnu"
PICTURES = tuple(SOURCE / "tray" / "assets" / f"mark-{size}.png" for size in (16, 24, 32, 48, 64, 256))

CONSOLE_LAUNCHER, LAUNCHER, STOP, EVENTS, EXTENSION = (
    "qalamsap.exe", "qalamsapw.exe", "stop.exe", "qalamsap-events.dll", "_native.pyd",
)  # fmt: skip

# Who exports what. The stable interface of Python is python3.dll for every version.
_RUNTIME = {
    "python3.dll": re.compile(r"_?Py[A-Za-z_]\w*"),
    "vcruntime140.dll": re.compile(r"mem(cmp|cpy|move|set)"),
    "api-ms-win-crt-string-l1-1-0.dll": re.compile(r"str(cmp|len|ncmp)"),
}
_WARNINGS = ("-Wall", "-Wextra", "-Wno-unused-parameter")
CODE = ("-O3", "-g0", "-fvisibility=hidden", "-fno-sanitize=all", "-fno-stack-protector", *_WARNINGS)
_LIMIT_S = 300


@dataclasses.dataclass(frozen=True, slots=True)
class Zig:
    """The compiler. `command` starts zig; `cache` is its folder of what it keeps between runs."""

    command: tuple[str, ...]
    cache: Path | None = None

    def run(self, *words: str | Path) -> None:
        """Raises CannotBuild with what zig says."""
        environment = dict(os.environ)
        if self.cache is not None:
            environment |= {name: str(self.cache) for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
        command = [*self.command, *map(str, words)]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_LIMIT_S,
                env=environment,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotBuild(f"zig can't be run: {error}") from error
        if done.returncode != 0:
            raise CannotBuild(f"zig {words[0]} failed:\n{done.stderr.strip()}")


def zig(cache: Path | None = None) -> Zig:
    """The wheel's zig, else the one on the path. Raises CannotBuild."""
    if importlib.util.find_spec("ziglang") is not None:
        return Zig((sys.executable, "-m", "ziglang"), cache)
    found = shutil.which("zig")
    if found is None:
        raise CannotBuild("no zig: pip install ziglang")
    return Zig((found,), cache)


def build(out: Path, compiler: Zig, numbers: tuple[int, int, int, int], events: Mapping[int, str]) -> None:
    """Makes all five files in `out`. Raises CannotBuild."""
    out.mkdir(parents=True, exist_ok=True)
    build_extension(out / EXTENSION, compiler)
    build_programs(out, compiler, numbers)
    table = resources.messages(events)
    about = _about(numbers, EVENTS, "Texts of Qalamsap's events")
    with tempfile.TemporaryDirectory() as name:
        _link(Path(name), compiler, out / EVENTS, [], [table, about], "-shared", "-Wl,--no-entry")


def build_extension(target: Path, compiler: Zig) -> None:
    """The GOST extension, for every Python from 3.11 on. Raises CannotBuild."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        headers = work / "include"
        shutil.copytree(sysconfig.get_paths()["include"], headers)
        shutil.copyfile(NATIVE / "pyconfig.h", headers / "pyconfig.h")
        objects = [_compile(work, compiler, GOST / each, f"-I{headers}") for each in GOST_FILES]
        objects.append(_compile(work, compiler, NATIVE / "extension.c"))
        libraries = import_libraries(work, compiler, objects)
        _link(work, compiler, target, [*objects, *libraries], [], "-shared", "-Wl,--entry,start")


def build_programs(out: Path, compiler: Zig, numbers: tuple[int, int, int, int]) -> None:
    """The launchers, and the helper that the installer runs. Raises CannotBuild."""
    out.mkdir(parents=True, exist_ok=True)
    shown = [
        *resources.icons(PICTURES),
        Resource(resources.RT_MANIFEST, 1, resources.NEUTRAL, resources.MANIFEST),
    ]
    for file, source, define, subsystem, text in (
        (CONSOLE_LAUNCHER, "launcher.c", (), "console", "Qalamsap"),
        (LAUNCHER, "launcher.c", ("-DWINDOWS",), "windows", "Qalamsap"),
        (STOP, "stop.c", (), "windows", "Ends Qalamsap before it is replaced"),
    ):
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            made = _compile(work, compiler, NATIVE / source, "-ffreestanding", *define)
            _link(
                work, compiler, out / file, [made], [*shown, _about(numbers, file, text)],
                "-Wl,--entry,start", f"-Wl,--subsystem,{subsystem}", "-lkernel32",
            )  # fmt: skip


def _about(numbers: tuple[int, int, int, int], file: str, description: str) -> Resource:
    texts = {
        "CompanyName": "Qalamsap",
        "FileDescription": description,
        "FileVersion": ".".join(map(str, numbers)),
        "OriginalFilename": file,
        "ProductName": "Qalamsap",
        "ProductVersion": ".".join(map(str, numbers[:3])),
    }
    return resources.version(numbers, texts)


def _compile(work: Path, compiler: Zig, source: Path, *words: str) -> Path:
    target = work / f"{source.stem}.o"
    compiler.run("cc", "-target", TARGET, *CODE, *words, "-c", source, "-o", target)
    return target


def _link(
    work: Path, compiler: Zig, target: Path, inputs: Sequence[Path], shown: Sequence[Resource], *words: str
) -> None:
    res = work / "shown.res"
    extra = []
    if shown:
        res.write_bytes(resources.res_file(shown))
        extra = [res]
    made = work / target.name
    compiler.run("cc", "-target", TARGET, "-nostdlib", "-s", "-o", made, *inputs, *extra, *words)
    target.write_bytes(without_time(made.read_bytes()))


def import_libraries(work: Path, compiler: Zig, objects: Sequence[Path]) -> list[Path]:
    """For each DLL that the objects need, a library that says so. Raises CannotBuild for a name that none of them is known to have."""
    wanted: set[str] = set()
    defined: set[str] = set()
    for path in objects:
        undefined, own = symbols(path.read_bytes())
        wanted |= {name.removeprefix("__imp_") for name in undefined}
        defined |= own
    made = []
    for dll, pattern in _RUNTIME.items():
        names = sorted(name for name in wanted - defined if pattern.fullmatch(name))
        wanted -= set(names)
        if names:
            definitions, library = work / f"{dll}.def", work / f"lib{dll}.a"
            definitions.write_text(
                f'LIBRARY "{dll}"\nEXPORTS\n' + "".join(f"{name}\n" for name in names), "ascii"
            )
            compiler.run("dlltool", "-m", "i386:x86-64", "-d", definitions, "-l", library, "-D", dll)
            made.append(library)
    if missing := wanted - defined:
        raise CannotBuild(f"no library is known for {', '.join(sorted(missing))}")
    return made


def symbols(coff: bytes) -> tuple[set[str], set[str]]:
    """The names of an object file that others must bring, and those that it brings itself (PE Format, "COFF Symbol Table")."""
    table, count = struct.unpack_from("<II", coff, 8)
    strings = coff[table + 18 * count :]
    undefined: set[str] = set()
    defined: set[str] = set()
    index = 0
    while index < count:
        raw, _, section, _, storage, auxiliaries = struct.unpack_from("<8sIhHBB", coff, table + 18 * index)
        index += 1 + auxiliaries
        if storage != 2:  # IMAGE_SYM_CLASS_EXTERNAL
            continue
        if raw[:4] == bytes(4):
            start = int.from_bytes(raw[4:], "little")
            name = strings[start : strings.index(b"\0", start)]
        else:
            name = raw.rstrip(b"\0")
        (defined if section else undefined).add(name.decode())
    return undefined, defined


def without_time(image: bytes) -> bytes:
    """The program with no time of linking in its header, so that two builds are one. CannotBuild for what is no program."""
    offset = int.from_bytes(image[0x3C:0x40], "little")
    if image[:2] != b"MZ" or image[offset : offset + 4] != b"PE\0\0":
        raise CannotBuild("the linker made no program for Windows")
    return image[: offset + 8] + bytes(4) + image[offset + 12 :]
