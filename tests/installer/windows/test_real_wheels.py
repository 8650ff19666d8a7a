"""A package with the libraries that are really shipped: whether the programs in it would find all that they load, and nothing is missing.

Other tests pack our code alone. Here only the interpreter is a stand-in, for python.org publishes it and no package index has it.
"""

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from agent import programs
from installer.windows import __main__ as command
from installer.windows import native, payload, pe, wheels
from installer.windows.errors import CannotBuild
from tests.support import browsers, windows_packages

pytestmark = pytest.mark.slow

TAG = wheels.SERIES.replace(".", "")
NO_INDEX = (
    "from versions: none",
    "NewConnectionError",
    "ConnectTimeoutError",
    "NameResolutionError",
    "Read timed out",
)
LIMIT_S = 300
# One file at least of all that our programs can't do without; a star for what changes with each version.
NEEDED = (
    *(f"qalamsap-{kind}.exe" for kind in programs.KINDS),
    native.CONSOLE_LAUNCHER,
    native.LAUNCHER,
    native.EVENTS,
    programs.MARKER,
    f"python{TAG}._pth",
    f"python{TAG}.dll",
    "qalamsap.cdx.json",
    "THIRD-PARTY.md",
    "LICENSE.txt",
    "licences/qalamsap/LICENSE",
    "licences/certifi/LICENSE",
    "licences/cpython/LICENSE.txt",
    "licences/PySide6_Essentials/LGPL-3.0.txt",
    "policies/qalamsap.admx",
    "policies/kk-KZ/qalamsap.adml",
    f"packages/agent/gost/{native.EXTENSION}",
    "packages/agent/__main__.py",
    "packages/agent/renderer/__main__.py",
    "packages/tray/__main__.py",
    "packages/tray/texts/kk/signing.toml",
    "packages/PIL/_imaging.*.pyd",
    "packages/PySide6/QtWidgets.pyd",
    "packages/PySide6/plugins/imageformats/qsvg.dll",
    "packages/PySide6/plugins/platforms/qwindows.dll",
    "packages/PySide6/plugins/styles/qmodernwindowsstyle.dll",
    "packages/PySide6/translations/qtbase_kk.qm",
    "packages/PySide6/translations/qtbase_ru.qm",
    "packages/certifi/cacert.pem",
    "packages/cryptography/hazmat/bindings/_rust.pyd",
    "packages/lxml/etree.*.pyd",
    "packages/publicsuffixlist/public_suffix_list.dat",
    "packages/pypdfium2_raw/pdfium.dll",
    "packages/pystray/_win32.py",
    "packages/shiboken6/Shiboken.pyd",
    "packages/tzdata/zoneinfo/Asia/Almaty",
    "packages/websockets/speedups.*.pyd",
)
# What is there to make, test or explain a library, and what only makers of programs use.
UNWANTED = re.compile(
    r"(^|/)(tests?|testing|test_data|docs?|examples?|benchmarks?|qml|__pycache__|include|typesystems|metatypes)/"
    r"|\.(c|h|hpp|lib|pdb|pyc|pyi|pyx|pxd|so)$|^packages/PySide6/[^/]*\.exe$"
)
OURS = re.compile(r"packages/(agent|protocol|tray|qalamsap-[^/]*)/")
PROGRAMS = {".exe", ".dll", ".pyd"}


@dataclasses.dataclass(frozen=True)
class Built:
    msi: Path
    payload: Path

    @property
    def names(self) -> list[str]:
        return sorted(
            path.relative_to(self.payload).as_posix() for path in self.payload.rglob("*") if path.is_file()
        )

    @property
    def programs(self) -> list[str]:
        """Those that Windows loads; the stand-ins of the interpreter's libraries are words."""
        return [name for name in self.names if PurePosixPath(name).suffix in PROGRAMS]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    try:
        return wheels.fetch(tmp_path_factory.mktemp("wheels"))
    except CannotBuild as error:
        if any(sign in str(error) for sign in NO_INDEX):
            pytest.skip(f"needs tool: a package index ({str(error)[-200:]})")
        raise


@pytest.fixture(scope="module")
def built(compiler: native.Zig, libraries: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    for tool in ("gcab", "msibuild", "msiextract"):
        browsers.needs(tool)
    folder = tmp_path_factory.mktemp("real")
    kept = folder / "payload"
    make = payload.make

    def make_and_keep(target: Path, *arguments, **options) -> None:
        make(target, *arguments, **options)
        shutil.copytree(target, kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payload, "make", make_and_keep)
        (msi,) = command.build(
            folder,
            windows_packages.interpreter(folder, compiler, tag=TAG),
            libraries,
            ("machine",),
            compiler=None,  # a Python of that series may not be here
            sign=command.signer(None),
            zig=compiler,
        )
    return Built(msi, kept)


def test_what_programs_can_not_do_without_is_there(built: Built) -> None:
    missing = [
        name for name in NEEDED if not any(path.stat().st_size > 0 for path in built.payload.glob(name))
    ]
    assert missing == []


def test_nothing_is_there_that_no_program_of_ours_uses(built: Built) -> None:
    assert [name for name in built.names if UNWANTED.search(name) and not OURS.match(name)] == []


def test_every_program_finds_its_libraries_where_windows_looks(built: Built) -> None:
    """That is in its own folder, in that of the program that was started, and in the system's; Qt adds two of its own."""
    here: dict[str, set[str]] = {}
    for name in built.programs:
        path = PurePosixPath(name)
        here.setdefault(str(path.parent), set()).add(path.name.lower())
    missing = []
    for name in built.programs:
        folders = [".", str(PurePosixPath(name).parent)]
        if name.startswith("packages/PySide6/"):
            folders += ["packages/PySide6", "packages/shiboken6"]
        found = set().union(*(here.get(folder, set()) for folder in folders))
        missing += [
            f"{name} needs {library}"
            for library in sorted(pe.imports((built.payload / name).read_bytes()) - found)
            if not payload._is_of_system(library)
        ]
    assert missing == []


def test_another_reader_of_programs_sees_the_same_libraries(built: Built) -> None:
    """What says that all are there must not have overlooked one; delayed ones count as well."""
    objdump = browsers.needs("objdump")
    seen = 0
    for name in built.programs:
        path = built.payload / name
        if path.read_bytes()[:2] != b"MZ":
            continue  # a stand-in
        told = subprocess.run([objdump, "-p", path], capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=True)  # fmt: skip
        assert {library.lower() for library in re.findall(r"DLL Name: (\S+)", told.stdout)} == pe.imports(
            path.read_bytes()
        ), name
        delayed = re.search(r"^Entry d (\w+) ", told.stdout, re.MULTILINE)
        assert delayed is not None, name
        assert int(delayed[1], 16) == 0, (
            f"{name} loads libraries later, which nobody looks at: see pe.imports"
        )
        seen += 1
    assert seen > 50


def test_licences_and_the_bill_name_every_library_and_no_other(built: Built) -> None:
    locked = {name: version for name, (version, _) in wheels.rows().items()}
    bill = json.loads((built.payload / "qalamsap.cdx.json").read_text("utf-8"))
    listed = {re.sub(r"[-_.]+", "-", part["name"]).lower(): part["version"] for part in bill["components"]}
    assert listed == {**locked, "cpython": wheels.SERIES}
    assert {"qt", "pdfium", "openssl", "libxml2"} <= {
        inner["name"] for part in bill["components"] for inner in part.get("components", [])
    }
    assert all(part["licenses"] for part in bill["components"])
    folders = [path for path in (built.payload / "licences").iterdir() if any(path.iterdir())]
    found = {re.sub(r"[-_.]+", "-", path.name).lower() for path in folders}
    assert found == {*listed, "qalamsap"}
    page = (built.payload / "THIRD-PARTY.md").read_text("utf-8")
    linked = re.findall(r"\]\((licences/[^)]+)\)", page)
    assert [place for place in linked if not (built.payload / place).exists()] == []


def test_installing_it_would_lay_out_the_payload_octet_for_octet(built: Built, tmp_path: Path) -> None:
    """By msitools' reading of the tables and the cabinet, not by ours."""
    subprocess.run(
        ["msiextract", "-C", tmp_path, built.msi], check=True, capture_output=True, timeout=LIMIT_S
    )
    (folder,) = tmp_path.rglob(programs.MARKER)
    assert windows_packages.files(folder.parent) == windows_packages.files(built.payload)
    everything = sum(path.is_file() for path in tmp_path.rglob("*"))
    assert everything == len(built.names), "it lays out files elsewhere, too"
