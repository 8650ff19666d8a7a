"""The bundle: a folder with an interpreter of our own, our code and every library that it needs. All Linux packages hold the same one.

    bin/qalamsap                what people start
    bin/qalamsap-agent, ...     the interpreter, once for each kind of process (agent.programs)
    lib/                        libraries of the interpreter that a system may lack, or have in another version
    lib/python3.N/              the standard library, without what we never use
    packages/                   our code and the libraries from PyPI, with what each says of itself (*.dist-info)
    qalamsap-package            one word: how it is packaged

What ships is what was tested: the libraries are taken from the environment in which this runs, which ./dev made. A folder that was
made twice from the same environment holds the same octets: compiled modules carry no time, and times of files are the
caller's business.

Nothing here downloads anything.
"""

import compileall
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

from agent import programs
from installer.linux import elf

SOURCE = Path(__file__).resolve().parents[2]
OUR_PACKAGES = ("agent", "protocol", "tray")
PREFIX = Path("/usr/lib/qalamsap")
GLIBC = (2, 36)
"""The oldest that a package runs with: Debian 12's. A test compares it with what the files ask for."""

# Extras that are brought along, and what of them is not: pystray sees no AppIndicator from inside a bundle, where Qt's icon shows.
_EXTRAS = ("tray",)
_LEFT_OUT = frozenset({"pystray", "python-xlib", "six"})

# Modules of the standard library that nothing of ours loads. readline is also GPL.
_UNUSED_MODULES = frozenset({
    "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter", "turtledemo", "turtle.py", "venv", "site-packages",
    "dist-packages", "__pycache__", "sitecustomize.py", "__phello__", "curses", "dbm", "sqlite3", "distutils", "msilib",
    "wsgiref", "xmlrpc", "pydoc.py", "cgi.py", "cgitb.py", "antigravity.py", "this.py", "crypt.py", "nntplib.py", "telnetlib.py",
})  # fmt: skip
_UNUSED_EXTENSIONS = re.compile(
    r"(_test\w*|_xxtestfuzz|xx\w+|readline|_curses\w*|_tkinter|_gdbm|_dbm|nis|ossaudiodev|_crypt|_sqlite3|spwd|audioop|"
    r"_ctypes_test)\."
)
# Of libraries: what compilers and editors read; fonts of doubtful licence that nothing of ours draws with; their own tests.
_SOURCES = frozenset({".pyi", ".c", ".h", ".pxd", ".pyx", ".cpp", ".hpp", ".cmake"})
_TESTS = frozenset({"tests", "test_data"})
_UNUSED_FILES = re.compile(
    r"reportlab/(fonts/|graphics/test|graphics/barcode/test)|multidict/_testcapi|PIL/_imagingtk|.*/\.git|.*\.sh$"
)
_CONFIGURATION = re.compile(r"config-3\.\d+.*")

QT_MODULES = ("QtCore", "QtDBus", "QtGui", "QtSvg", "QtWidgets")
QT_PLUGINS = (
    "iconengines/libqsvgicon.so", "imageformats/libqjpeg.so", "imageformats/libqsvg.so",
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "platforminputcontexts/libibusplatforminputcontextplugin.so",
    "platforms/libqoffscreen.so", "platforms/libqwayland.so", "platforms/libqxcb.so",
    "platformthemes/libqgtk3.so", "platformthemes/libqxdgdesktopportal.so",
    "wayland-decoration-client/libadwaita.so", "wayland-decoration-client/libbradient.so",
    "wayland-graphics-integration-client/libqt-plugin-wayland-egl.so",
    "wayland-shell-integration/libxdg-shell.so",
    "xcbglintegrations/libqxcb-egl-integration.so", "xcbglintegrations/libqxcb-glx-integration.so",
)  # fmt: skip
OPTIONAL_PLUGINS = frozenset({"libqgtk3.so"})
"""Loaded where the desktop has their libraries: no package need depend on those."""
_QT_TRANSLATIONS = ("qtbase_en.qm", "qtbase_kk.qm", "qtbase_ru.qm")

_SITE = '''"""Where the libraries of this bundle are. Read by the standard library's `site` at the start of every process."""

import os
import sys

sys.path[:] = [path for path in sys.path if not path.endswith("-packages")]
sys.path.append(sys.prefix + "/packages")

# Our OpenSSL looks for authorities where Debian has them; other systems have them in one file elsewhere.
if not os.path.isdir("/usr/lib/ssl/certs"):
    for place in ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/certs/ca-certificates.crt"):
        if os.path.isfile(place):
            os.environ.setdefault("SSL_CERT_FILE", place)
            break
'''
_LAUNCHER = """#!{interpreter} -I
import sys

from agent.__main__ import main

sys.exit(main())
"""


class CannotBuild(Exception):
    """Something that a bundle needs is missing, or not as it should be."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on the disk."""

    folder: Path
    version: str

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    @property
    def library(self) -> Path:
        return self.folder / "lib"

    def elf_files(self) -> list[elf.Elf]:
        return list(elf.all_in(self.folder))

    def missing_libraries(self) -> dict[str, list[str]]:
        """Libraries that the bundle needs and does not hold, each with the files that need it; the C library's and those of
        optional plug-ins aside."""
        files = [each for each in self.elf_files() if each.path.name not in OPTIONAL_PLUGINS]
        own = {each.path.name for each in files} | {each.soname for each in files}
        found: dict[str, list[str]] = {}
        for each in files:
            for name in each.needed:
                if name not in own and name not in elf.GLIBC_LIBRARIES:
                    found.setdefault(name, []).append(each.path.name)
        return found


def make(folder: Path, packaging: programs.Packaging) -> Bundle:
    """A new bundle in `folder`, which must not be there yet. Raises CannotBuild, OSError."""
    _require("patchelf", "strip", "ldd")
    folder.mkdir(parents=True)
    made = Bundle(folder, importlib.metadata.version("qalamsap"))
    _put_interpreter(made)
    _put_standard_library(made)
    for name in shipped():
        _put_distribution(made, name)
    _put_ours(made)
    _trim_qt(made)
    _correct_records(made)
    (folder / programs.MARKER).write_text(f"{packaging}\n", encoding="ascii")
    _put_launcher(made)
    _compile(made)
    _check(made)
    return made


# --- what ships ---------------------------------------------------------------------------------------------------


def shipped() -> tuple[str, ...]:
    """The distributions from PyPI that a bundle brings, by their normalised names. Raises CannotBuild for one that is missing."""
    found: set[str] = set()
    wanted = [("qalamsap", frozenset(_EXTRAS))]
    while wanted:
        name, extras = wanted.pop()
        try:
            requirements = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            raise CannotBuild(f"{name} is not installed here: run ./dev setup") from None
        for requirement in requirements:
            needed = _normalised(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
            if needed in _LEFT_OUT or needed in found or not _applies(requirement, extras):
                continue
            found.add(needed)
            bracket = re.search(r"\[([^\]]*)\]", requirement)
            wanted.append((needed, frozenset(bracket[1].replace(" ", "").split(",") if bracket else ())))
    return tuple(sorted(found))


def _applies(requirement: str, extras: Iterable[str]) -> bool:
    from packaging.requirements import Requirement  # noqa: PLC0415  # of the test environment, not of what ships

    marker = Requirement(requirement).marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _put_distribution(made: Bundle, name: str) -> None:
    """What its own record lists, but commands and compiled modules."""
    distribution = importlib.metadata.distribution(name)
    copied = []
    for file in distribution.files or ():
        # Commands lie outside ("../../../bin/x").
        if (
            file.parts[0] == ".."
            or "__pycache__" in file.parts
            or file.name in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
        ):
            continue
        is_of_tests = not _TESTS.isdisjoint(file.parts[:-1])
        if file.suffix in _SOURCES or is_of_tests or _UNUSED_FILES.match(str(file)):
            continue
        _copy(Path(str(file.locate())), made.packages / file)
        copied.append(str(file))
    (facts,) = {Path(name).parts[0] for name in copied if ".dist-info/" in name}
    (made.packages / facts / "RECORD").write_text("\n".join(copied), encoding="utf-8")


def _put_ours(made: Bundle) -> None:
    """Our packages as setup.py installs them, and what says their version."""
    for package in OUR_PACKAGES:
        for path in sorted((SOURCE / package).rglob("*")):
            relative = path.relative_to(SOURCE)
            if (
                path.is_dir()
                or "__pycache__" in relative.parts
                or relative.parts[:3] == ("agent", "gost", "src")
            ):
                continue
            _copy(path, made.packages / relative)
    extensions = list((made.packages / "agent/gost").glob("_native.*.so"))
    if not extensions:
        raise CannotBuild("the C extension is not built: run ./dev setup where a C compiler is")
    for extension in extensions:
        _tidy(extension, "$ORIGIN")
    facts = made.packages / f"qalamsap-{made.version}.dist-info"
    facts.mkdir()
    metadata = importlib.metadata.distribution("qalamsap").read_text("METADATA")
    metadata = metadata or importlib.metadata.distribution("qalamsap").read_text("PKG-INFO")
    assert metadata is not None
    (facts / "METADATA").write_text(metadata, encoding="utf-8")
    shutil.copyfile(SOURCE / "LICENSE", facts / "LICENSE")
    ours = [path for top in (*OUR_PACKAGES, facts.name) for path in _files(made.packages / top)]
    record = "\n".join(str(path.relative_to(made.packages)) for path in ours)
    (facts / "RECORD").write_text(record, encoding="utf-8")


def _correct_records(made: Bundle) -> None:
    """Which files belong to which library, for whoever lists what is shipped: those that are there, without digests."""
    for record in sorted(made.packages.glob("*.dist-info/RECORD")):
        names = record.read_text("utf-8").splitlines()
        there = sorted(name for name in names if (made.packages / name).is_file())
        record.write_text("".join(f"{name},,\n" for name in there), encoding="utf-8")


# --- the interpreter ----------------------------------------------------------------------------------------------


def _put_interpreter(made: Bundle) -> None:
    """The program that runs this, under a name for each kind of process, and its libraries."""
    (made.folder / "bin").mkdir()
    made.library.mkdir()
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    source = base.resolve() if base.exists() else Path(os.path.realpath(sys.executable))
    first = made.folder / "bin" / _named(programs.KINDS[0])
    _copy(source, first)
    first.chmod(0o755)
    _tidy(first, "$ORIGIN/../lib")
    for kind in programs.KINDS[1:]:
        (made.folder / "bin" / _named(kind)).hardlink_to(first)
    (made.folder / "bin" / "python3").hardlink_to(first)
    _bring_libraries(made, source)


def _named(kind: programs.Kind) -> str:
    return f"{programs.LAUNCHER}-{kind}"


def _put_standard_library(made: Bundle) -> None:
    source = Path(
        sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix})
    )
    target = made.library / source.name
    for path in sorted(source.iterdir()):
        if path.name in _UNUSED_MODULES or _CONFIGURATION.fullmatch(path.name) or path.name == "lib-dynload":
            continue
        if path.is_dir():
            shutil.copytree(
                path, target / path.name, ignore=shutil.ignore_patterns("__pycache__", "test", "tests")
            )
        elif path.suffix in {".py", ".txt"}:
            _copy(path, target / path.name)
    for path in sorted((source / "lib-dynload").glob("*.so")):
        if not _UNUSED_EXTENSIONS.match(path.name):
            placed = target / "lib-dynload" / path.name
            _copy(path, placed)
            _bring_libraries(made, path)
            _tidy(placed, "$ORIGIN/../..")
    (target / "sitecustomize.py").write_text(_SITE, encoding="ascii")


def _bring_libraries(made: Bundle, program: Path) -> None:
    """Copies what the program loads, and what that loads, but the C library. Raises CannotBuild for one that is not found."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, _, place = line.strip().partition(" => ")
        if not place or name in elf.GLIBC_LIBRARIES:
            continue
        if place == "not found":
            raise CannotBuild(f"{program} needs {name}, which is not here")
        target = made.library / name
        if not target.exists():
            _copy(Path(place.rsplit(" (", 1)[0]).resolve(), target)
            _tidy(target, "$ORIGIN")


def _tidy(path: Path, search: str) -> None:
    """Without symbols for debuggers, and finding its libraries in this bundle and nowhere else of ours."""
    subprocess.run(["strip", "--strip-unneeded", path], check=True)
    found = elf.read(path)
    assert found is not None, path
    if set(found.needed) <= elf.GLIBC_LIBRARIES:
        if found.search:
            subprocess.run(["patchelf", "--remove-rpath", path], check=True)
        return
    subprocess.run(["patchelf", "--set-rpath", search, path], check=True)


def _put_launcher(made: Bundle) -> None:
    launcher = made.folder / "bin" / programs.LAUNCHER
    launcher.write_text(_LAUNCHER.format(interpreter=PREFIX / "bin" / _named("agent")), encoding="ascii")
    launcher.chmod(0o755)


# --- Qt -----------------------------------------------------------------------------------------------------------


def _trim_qt(made: Bundle) -> None:
    """Leaves of PySide6 what our windows use, and the libraries that that needs."""
    pyside = made.packages / "PySide6"
    qt = pyside / "Qt"
    wanted = [pyside / f"{name}.abi3.so" for name in QT_MODULES]
    wanted += [qt / "plugins" / name for name in QT_PLUGINS]
    wanted += sorted((made.packages / "shiboken6").glob("*.so*"))
    missing = [path.name for path in wanted if not path.exists()]
    if missing:
        raise CannotBuild(f"this PySide6 lacks {', '.join(missing)}: see QT_MODULES and QT_PLUGINS")
    keep = _with_libraries(wanted, (qt / "lib", pyside, made.packages / "shiboken6"))
    keep |= {qt / "translations" / name for name in _QT_TRANSLATIONS}
    for path in sorted(pyside.rglob("*")):
        is_ours = path in keep or (path.parent == pyside and path.suffix == ".py")
        if path.is_file() and not is_ours:
            path.unlink()
    for folder in sorted((path for path in pyside.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _with_libraries(wanted: Iterable[Path], folders: Iterable[Path]) -> set[Path]:
    found: set[Path] = set()
    todo = list(wanted)
    while todo:
        path = todo.pop()
        read = None if path in found else elf.read(path)
        found.add(path)
        for name in read.needed if read else ():
            todo += [folder / name for folder in folders if (folder / name).exists()][:1]
    return found


# --- at the end ---------------------------------------------------------------------------------------------------


def _compile(made: Bundle) -> None:
    """Compiles every module, without the time in it and with the path under which it will lie."""
    is_done = compileall.compile_dir(
        made.folder,
        quiet=2,
        workers=os.cpu_count() or 1,
        stripdir=str(made.folder),
        prependdir=str(PREFIX),
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not is_done:
        raise CannotBuild("a module can't be compiled")


def _check(made: Bundle) -> None:
    """Raises CannotBuild where the bundle does not start or asks for a newer system than it says."""
    newest = elf.oldest_glibc(made.elf_files())
    if newest > GLIBC:
        raise CannotBuild(f"the bundle asks for glibc {newest[0]}.{newest[1]}: build it on an older system")
    command = [str(made.folder / "bin" / _named("agent")), "-I", "-m", "agent", "version"]
    done = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0 or f"qalamsap {made.version}, GOST: native" not in done.stdout:
        raise CannotBuild(f"the bundle does not start: {done.stdout}{done.stderr}")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _require(*names: str) -> None:
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise CannotBuild(f"needs {', '.join(missing)}")


def sizes(made: Bundle) -> Mapping[str, int]:
    """Octets of each part, the largest first."""
    parts = {path.name: _size(path) for folder in (made.packages, made.library) for path in folder.iterdir()}
    return dict(sorted(parts.items(), key=lambda part: -part[1]))


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in _files(path))


def _files(path: Path) -> Iterator[Path]:
    yield from (each for each in (path, *path.rglob("*")) if each.is_file() and not each.is_symlink())
