"""The folder as it will lie on a computer: the interpreter of python.org, our code, the libraries, and our own machine code.

    qalamsap.exe, qalamsapw.exe     what people, scripts and Windows start
    qalamsap-agent.exe, ...         pythonw.exe under a name for each kind of process (agent.programs)
    python.exe, python3*.dll, ...   the embeddable interpreter, octet for octet; signed by the Python Software Foundation
    python3*._pth                   where modules are looked for: the interpreter's own, and packages; nothing else, whatever the environment says
    packages\\                      our code and the libraries
    policies\\                      templates for group policies
    licences\\, qalamsap.cdx.json   whose work all this is
    qalamsap-package                one word: how it is packaged

The interpreter is an input: python.org publishes it, nothing here downloads it, and its SHA-256 must be given (or stand in
`interpreter.lock`), so that nobody ships one by mistake.
"""

import compileall
import dataclasses
import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from py_compile import PycInvalidationMode

from agent import programs
from installer.windows import native, pe, wheels
from installer.windows.errors import CannotBuild
from installer.windows.native import SOURCE

PINNED = Path(__file__).with_name("interpreter.lock")
"""A line "SHA-256  name of the file", once a maintainer has looked at one."""
OUR_PACKAGES = ("agent", "protocol", "tray")
PACKAGES = "packages"
PACKAGING: programs.Packaging = "msi"
_NEEDED = ("python.exe", "pythonw.exe", "python3.dll", "vcruntime140.dll")

# Of the libraries nobody needs: their tests, sources and types, and what of Qt no window of ours loads.
_NEVER = re.compile(
    r"(^|/)(tests?|testing|test_data|__pycache__)/|\.(pyi|pyx|pxd|h|hpp|c|lib|pdb|typesystem|xml\.in)$|(^|/)direct_url\.json$"
    r"|(^|/)vcamp140\.dll$|^PySide6/(lib|include|typesystems|glue|scripts|support/deploy_lib|metatypes|qml|resources|doc|libexec)/"
)
# What every Windows 10 has, as far as libraries of ours ask for it.
SYSTEM = frozenset({
    "advapi32", "authz", "bcrypt", "bcryptprimitives", "comctl32", "comdlg32", "crypt32", "d2d1", "d3d11", "d3d12", "d3d9", "dbghelp",
    "dcomp", "dnsapi", "dwmapi", "dwrite", "dxgi", "gdi32", "icuuc", "imm32", "iphlpapi", "kernel32", "mpr", "mscms", "netapi32", "ntdll", "ole32",
    "oleaut32", "propsys", "psapi", "rpcrt4", "secur32", "setupapi", "shcore", "shell32", "shlwapi", "ucrtbase", "uiautomationcore", "user32", "userenv",
    "uxtheme", "version", "winhttp", "winmm", "winspool.drv", "ws2_32", "wtsapi32",
})  # fmt: skip
_SYSTEM_SETS = ("api-ms-win-", "ext-ms-win-")

QT_MODULES = ("Core", "DBus", "Gui", "Network", "Svg", "Widgets")
QT_PLUGINS = (
    "iconengines/qsvgicon.dll", "imageformats/qjpeg.dll", "imageformats/qsvg.dll", "platforms/qoffscreen.dll",
    "platforms/qwindows.dll", "styles/qmodernwindowsstyle.dll",
)  # fmt: skip
_QT_TRANSLATIONS = ("qtbase_en.qm", "qtbase_kk.qm", "qtbase_ru.qm")
_QT_BINARY = re.compile(r"PySide6/Qt(6)?(?P<module>[A-Z]\w*)\.(pyd|dll)$")


@dataclasses.dataclass(frozen=True, slots=True)
class Interpreter:
    """The embeddable package, looked at. `tag` is "314"."""

    archive: Path
    tag: str

    @property
    def series(self) -> str:
        return f"{self.tag[0]}.{self.tag[1:]}"


def interpreter(archive: Path, sha256: str | None = None) -> Interpreter:
    """The interpreter in that file, if it is the one of that SHA-256 (or of the pinned one). Raises CannotBuild."""
    expected = sha256 or pinned(archive.name)
    if expected is None:
        raise CannotBuild(
            f"whose is {archive.name}? Look at its signature where python.org offers it, and give its SHA-256"
            f" (--interpreter-sha256, or a line in {PINNED.name})"
        )
    try:
        with archive.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != expected.lower():
            raise CannotBuild(f"{archive.name} has the SHA-256 {found}, not the one that was given")
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise CannotBuild(f"{archive} can't be read: {error}") from error
    if missing := [name for name in _NEEDED if name not in names]:
        raise CannotBuild(f"{archive.name} is no embeddable package of Python: it has no {missing[0]}")
    if odd := [name for name in names if re.search(r"[\\:]|^/|(^|/)\.\.(/|$)", name)]:
        raise CannotBuild(f"{archive.name} has a file that leads elsewhere: {odd[0]}")
    tags = [match[1] for name in names if (match := re.fullmatch(r"python(3\d+)\.dll", name))]
    if len(tags) != 1 or f"python{tags[0]}.zip" not in names:
        raise CannotBuild(f"{archive.name} is no embeddable package of one Python")
    return Interpreter(archive, tags[0])


def pinned(name: str, file: Path = PINNED) -> str | None:
    """The SHA-256 that stands for a file of that name, if one does."""
    if not file.is_file():
        return None
    pairs = (
        line.split() for line in file.read_text("ascii").splitlines() if line and not line.startswith("#")
    )
    return next((words[0] for words in pairs if words[1:] == [name]), None)


def make(
    folder: Path,
    given: Interpreter,
    libraries: Sequence[Path],
    own: Path,
    *,
    compiler: str | None,
    more: Iterable[Callable[[Path], None]] = (),
) -> None:
    """Lays all out in `folder`, which must be missing or empty. `libraries` are wheels, `own` is the folder of `native.build`,
    `compiler` a Python of the interpreter's series that compiles our modules (None leaves that to each start, for tests); each of
    `more` puts something in, before it is compiled.

    Raises CannotBuild, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(given.archive) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and not entry.filename.endswith("._pth"):
                archive.extract(entry, folder)
    for kind in programs.KINDS:
        shutil.copyfile(folder / "pythonw.exe", folder / f"{programs.LAUNCHER}-{kind}.exe")
    lines = (f"python{given.tag}.zip", ".", PACKAGES)
    (folder / f"python{given.tag}._pth").write_text(
        "".join(f"{line}\n" for line in lines), "ascii", newline="\r\n"
    )
    for name in (native.CONSOLE_LAUNCHER, native.LAUNCHER, native.EVENTS):
        shutil.copyfile(own / name, folder / name)
    packages = folder / PACKAGES
    packages.mkdir()
    for wheel in libraries:
        wheels.unpack(wheel, packages)
    _trim(packages)
    _put_ours(packages, own / native.EXTENSION)
    (folder / programs.MARKER).write_text(f"{PACKAGING}\n", encoding="ascii")
    for put in more:
        put(folder)
    if missing := missing_libraries(folder):
        raise CannotBuild("libraries are missing: " + "; ".join(missing))
    if compiler is not None:
        _compile(packages, compiler, given)


def missing_libraries(folder: Path) -> list[str]:
    """What would not load: each program with the libraries that are neither in the payload nor Windows' own."""
    programs_ = [path for path in sorted(folder.rglob("*")) if path.suffix in {".exe", ".dll", ".pyd"}]
    here = {path.name.lower() for path in programs_}
    found = []
    for path in programs_:
        needed = {name for name in pe.imports(path.read_bytes()) - here if not _is_of_system(name)}
        if needed:
            found.append(f"{path.relative_to(folder).as_posix()} needs {', '.join(sorted(needed))}")
    return found


def _is_of_system(library: str) -> bool:
    return library.removesuffix(".dll") in SYSTEM or library.startswith(_SYSTEM_SETS)


def version() -> str:
    """Ours, as this environment knows it."""
    return importlib.metadata.version("qalamsap")


def our_files() -> Iterator[Path]:
    """The files of our packages as setup.py installs them, below SOURCE, without what was compiled for this system."""
    for package in OUR_PACKAGES:
        for path in sorted((SOURCE / package).rglob("*")):
            relative = path.relative_to(SOURCE)
            is_source = relative.parts[:3] == ("agent", "gost", "src")
            if (
                path.is_dir()
                or is_source
                or "__pycache__" in relative.parts
                or path.suffix in {".so", ".pyd", ".pyi"}
            ):
                continue
            yield relative


def _put_ours(packages: Path, extension: Path) -> None:
    for relative in our_files():
        target = packages / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCE / relative, target)
    shutil.copyfile(extension, packages / "agent" / "gost" / native.EXTENSION)
    facts = packages / f"qalamsap-{version()}.dist-info"
    facts.mkdir()
    distribution = importlib.metadata.distribution("qalamsap")
    metadata = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO")
    if metadata is None:
        raise CannotBuild("this environment does not know what qalamsap is: run ./dev setup")
    (facts / "METADATA").write_text(metadata, encoding="utf-8")
    shutil.copyfile(SOURCE / "LICENSE", facts / "LICENSE")
    own = [
        path for top in (*OUR_PACKAGES, facts.name) for path in (packages / top).rglob("*") if path.is_file()
    ]
    record = "".join(f"{path.relative_to(packages).as_posix()},,\n" for path in sorted(own))
    (facts / "RECORD").write_text(record, encoding="utf-8")


def _trim(packages: Path) -> None:
    for path in sorted(packages.rglob("*"), reverse=True):
        relative = path.relative_to(packages).as_posix()
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif not is_wanted(relative):
            path.unlink()
    for record in packages.glob("*.dist-info/RECORD"):
        lines = record.read_text("utf-8").splitlines()
        kept = [line for line in lines if (packages / line.split(",")[0].strip('"')).is_file()]
        record.write_text("".join(f"{line}\n" for line in kept), "utf-8", newline="\n")


def is_wanted(name: str) -> bool:
    """Whether a file of a library, by its path below `packages`, is shipped."""
    if _NEVER.search(name):
        return False
    if not name.startswith("PySide6/"):
        return True
    inner = name.removeprefix("PySide6/")
    if inner.startswith("plugins/"):
        return inner.removeprefix("plugins/") in QT_PLUGINS
    if inner.startswith("translations/"):
        return inner.removeprefix("translations/") in _QT_TRANSLATIONS
    if binary := _QT_BINARY.fullmatch(name):
        return binary["module"] in QT_MODULES
    # The rest: programs for developers, and a software OpenGL of 20 MB that widgets don't draw with.
    return not re.fullmatch(
        r"[\w-]+\.exe|opengl32sw\.dll|d3dcompiler\w*\.dll|pyside6qml\.abi3\.dll|av\w+-\d+\.dll|sw\w+-\d+\.dll|.*\.py\.in",
        inner,
    )


def _compile(packages: Path, compiler: str, given: Interpreter) -> None:
    """Every module, without a time in it, so that nobody who starts the agent needs to write into the folder. Raises CannotBuild."""
    if compiler == sys.executable:
        is_done = compileall.compile_dir(
            packages, quiet=2, stripdir=str(packages), prependdir=PACKAGES,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )  # fmt: skip
        if not is_done:
            raise CannotBuild("a module can't be compiled")
        return
    asked = subprocess.run(
        [compiler, "-c", "import sys; print('3%d' % sys.version_info[1])"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.stdout.strip() != given.tag:
        raise CannotBuild(f"{compiler} is not of Python {given.series}, which is shipped")
    done = subprocess.run(
        [compiler, "-I", "-m", "compileall", "-q", "-s", packages, "-p", PACKAGES, "--invalidation-mode", "unchecked-hash", packages],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise CannotBuild(f"a module can't be compiled:\n{done.stdout.strip()[-2000:]}")


def compiler_for(given: Interpreter) -> str:
    """A Python of that series on this computer. Raises CannotBuild."""
    if sys.version_info[:2] == (3, int(given.tag[1:])):
        return sys.executable
    found = shutil.which(f"python{given.series}")
    if found is None:
        raise CannotBuild(
            f"compiling our modules for Python {given.series} takes a Python {given.series} on this computer (--compiler)"
        )
    return found


def numbers(text: str) -> tuple[int, int, int, int]:
    """The version as Windows counts it: "1.2.3.dev4" is 1.2.3.0. Raises CannotBuild for one that Windows Installer can't compare."""
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise CannotBuild(f"{text!r} is no version of two or three numbers")
    found = (int(match[1]), int(match[2]), int(match[3] or 0))
    if found[0] > 255 or found[1] > 255 or found[2] > 65535:
        raise CannotBuild(f"Windows Installer has no room for the version {text}")
    return (*found, 0)
