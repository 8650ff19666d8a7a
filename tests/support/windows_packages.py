"""Packages for Windows in tests: built with stand-ins for the interpreter and the libraries, installed under Wine.

What is ours in them is as it ships: the code, the machine code, the tables. `python.exe` only writes down how it was called.
"""

import collections
import contextlib
import dataclasses
import datetime as dt
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from installer.windows import native, package, payload
from installer.windows.native import Zig
from installer.windows.properties import Scope
from installer.windows.tables import Package
from tests.support import browsers

MOMENT = dt.datetime(2026, 11, 1, 12, 0, 0, tzinfo=dt.UTC)
PROGRAMS = Path(__file__).resolve().parents[1] / "installer" / "windows" / "programs"
FOLDER = "Program Files/Qalamsap"
TAG = f"3{sys.version_info.minor}"
START_S, RUN_S = 240, 180
SETUP = r"HKLM\Software\Qalamsap\Setup"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
WATCHED = (
    r"HKLM\Software\Qalamsap", r"HKCU\Software\Qalamsap", r"HKLM\Software\Policies", r"HKCU\Software\Policies",
    rf"HKLM\{_RUN}", rf"HKCU\{_RUN}", r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application",
    r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
)  # fmt: skip


def zig(cache: Path) -> Zig:
    """The compiler, or a skip that names it."""
    try:
        return native.zig(cache)
    except native.CannotBuild:
        pytest.skip("needs tool: ziglang")


def program(
    compiler: Zig, source: Path, target: Path, *words: str | Path, subsystem: str = "console"
) -> Path:
    """A program for Windows out of one file of C (and what `words` add), linked as ours are."""
    made = target.with_suffix(".o")
    compiler.run(
        "cc",
        "-target",
        native.TARGET,
        "-Os",
        "-ffreestanding",
        "-fno-stack-protector",
        "-c",
        source,
        "-o",
        made,
    )
    compiler.run(
        "cc", "-target", native.TARGET, "-nostdlib", "-s", "-Wl,--entry,start", f"-Wl,--subsystem,{subsystem}", "-o", target,
        made, *words, "-lkernel32",
    )  # fmt: skip
    return target


def interpreter(folder: Path, compiler: Zig, *, tag: str = TAG) -> payload.Interpreter:
    """An embeddable package of that Python, whose programs are stand-ins; looked at as a real one would be."""
    archive = embeddable(folder, compiler, tag=tag)
    return payload.interpreter(archive, hashlib.sha256(archive.read_bytes()).hexdigest())


def embeddable(folder: Path, compiler: Zig | None, *, without: str = "", tag: str = TAG) -> Path:
    archive = folder / f"python-{tag[0]}.{tag[1:]}.0-embed-amd64.zip"
    names = [
        "python.exe",
        "pythonw.exe",
        "python3.dll",
        f"python{tag}.dll",
        f"python{tag}.zip",
        f"python{tag}._pth",
        "vcruntime140.dll",
    ]
    programs: dict[str, bytes] = {}
    if compiler is not None:
        for name, subsystem in (("python.exe", "console"), ("pythonw.exe", "windows")):
            made = program(compiler, PROGRAMS / "interpreter.c", folder / name, subsystem=subsystem)
            programs[name] = made.read_bytes()
    with zipfile.ZipFile(archive, "w") as packed:
        for name in [*names, "LICENSE.txt"]:
            if name != without:
                packed.writestr(name, programs.get(name, f"stand-in for {name}".encode()))
    return archive


@dataclasses.dataclass(frozen=True)
class Workshop:
    """Where packages are made: our machine code, and the stand-in of the interpreter."""

    folder: Path
    own: Path
    interpreter: payload.Interpreter

    def payload(self, name: str = "payload", **files: str) -> Path:
        """A payload without libraries; `files` are added to our code, by their names in it."""
        folder = self.folder / name
        if not folder.exists():

            def put(target: Path) -> None:
                for file, text in files.items():
                    (target / "packages" / file).write_text(text, "utf-8")

            payload.make(folder, self.interpreter, [], self.own, compiler=None, more=[put])
        return folder

    def package(self, scope: Scope, version: str, folder: Path | None = None) -> "Made":
        content = folder or self.payload()
        target = self.folder / f"{content.name}-{scope}-{version}.msi"
        made = package.build(content, self.own, target, scope=scope, version=version, moment=MOMENT)
        return Made(target, made, content)


@dataclasses.dataclass(frozen=True)
class Made:
    path: Path
    package: Package
    content: Path


@dataclasses.dataclass
class Wine:
    """A computer with Windows 10, as far as Wine is one."""

    prefix: Path

    @property
    def drive(self) -> Path:
        return self.prefix / "drive_c"

    @property
    def home(self) -> Path:
        return next(path for path in (self.drive / "users").iterdir() if path.name != "Public")

    def run(self, *words: str, limit_s: float = RUN_S) -> subprocess.CompletedProcess[str]:
        command = [browsers.needs("wine"), *words]
        return subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, errors="replace", check=False, timeout=limit_s,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A program that runs while the block does."""
        with subprocess.Popen(
            [browsers.needs("wine"), *words], env=self._environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR"}}
        # No window, no sound, no menu entries in this person's desktop, no offer to fetch anything.
        return {
            **kept, "HOME": str(self.prefix.parent), "WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all", "DISPLAY": "",
            "WINEDLLOVERRIDES": "winemenubuilder.exe,mscoree,mshtml=",
        }  # fmt: skip

    def install(self, made: Made, *words: str) -> int:
        """What msiexec returns."""
        return self._msiexec("/i", windows_path(made.path), *words)

    def uninstall(self, made: Made) -> int:
        return self._msiexec("/x", windows_path(made.path))

    def _msiexec(self, *words: str) -> int:
        # An exit code of Unix has eight bits; cmd.exe tells the whole one.
        told = self.batch(
            " ".join(f'"{word}"' if " " in word else word for word in ("msiexec", *words, "/qn")),
            "echo code=%errorlevel%",
        )
        found = re.search(r"code=(-?\d+)", told)
        assert found, told
        return int(found[1])

    def batch(self, *lines: str) -> str:
        """What cmd.exe prints when it runs these lines, quotes and all: on a command line Wine would quote the quotes."""
        script = self.drive / "script.bat"
        script.write_text("".join(f"{line}\r\n" for line in ("@echo off", *lines)), "ascii", newline="")
        return self.run("cmd", "/c", r"C:\script.bat").stdout

    def registry(self) -> dict[str, dict[str, str]]:
        """Every place of the registry where a package of ours may leave something: by key, with HKLM and HKCU for the hives, names and data.

        A key that is not there is an empty one. One start of Wine for all, because each takes half a second.
        """
        queries = [f'reg query "{key}" /s 2>nul' for key in WATCHED]
        found: collections.defaultdict[str, dict[str, str]] = collections.defaultdict(dict)
        key = ""
        for line in self.batch(*queries).splitlines():
            if line.startswith("HKEY_"):
                key = line.strip().replace("HKEY_LOCAL_MACHINE", "HKLM").replace("HKEY_CURRENT_USER", "HKCU")
            elif match := re.match(r"    (\S.*?)    (REG_\w+)    ?(.*)", line):
                # Wine takes a folder out of the search path, and leaves the semicolon.
                found[key][match[1]] = match[3].strip().rstrip(";")
        return found

    def menu(self) -> list[str]:
        """The entries of ours in the start menus of everybody and of the person."""
        return [path.name for path in self.drive.rglob("Start Menu/Programs/Qalamsap*")]

    def set_version(self, name: str) -> None:
        self.run("winecfg", "-v", name)

    def calls(self) -> list[str]:
        """How the stand-in was called, each time, without the path of the program; forgotten then."""
        path = self.drive / "calls.txt"
        if not path.exists():
            return []
        text = path.read_bytes().decode("utf-16-le")
        path.unlink()
        return [line.split('" ', 1)[-1] for line in text.splitlines()]


def wine(folder: Path) -> Wine:
    browsers.needs("wine")
    computer = Wine(folder / "prefix")
    computer.run("wineboot", "-i", limit_s=START_S)
    computer.set_version("win10")
    # As on every real computer: a key that holds nothing else would go with our value.
    shared = [key for key in WATCHED if key.endswith((r"\Run", r"\Application"))]
    computer.batch(*(f'reg add "{key}" /v Other /d other /f' for key in shared))
    assert computer.registry()[shared[0]] == {"Other": "other"}
    return computer


def stop(computer: Wine) -> None:
    """Ends what still runs there, and takes it all away."""
    wineserver = shutil.which("wineserver") or "/usr/lib/wine/wineserver64"
    with contextlib.suppress(FileNotFoundError, subprocess.TimeoutExpired):
        subprocess.run([wineserver, "-k"], env=computer._environment(), check=False, timeout=30)
    shutil.rmtree(computer.prefix, ignore_errors=True)


def windows_path(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


def files(folder: Path) -> dict[str, str]:
    """The files below a folder with the digest of each."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def until(condition, limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)
