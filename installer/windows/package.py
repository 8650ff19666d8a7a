"""The .msi file: the payload in a cabinet, the tables in a database. `gcab` and `msibuild` of msitools write them, which are Wine's.

Two builds of one payload are the same octets: files in the cabinet, and the database itself, carry the moment of the source.
"""

import datetime as dt
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from installer.windows import native, pe, resources, tables
from installer.windows.errors import CannotBuild
from installer.windows.properties import Scope
from installer.windows.tables import Package, PackedFile, Row

_LIMIT_S = 900
_COMPRESSED, _NO_ELEVATION = 2, 8  # PID_WORDCOUNT
_VERSIONED = {".exe", ".dll", ".pyd"}


def build(
    folder: Path, own: Path, target: Path, *, scope: Scope, version: str, moment: dt.datetime
) -> Package:
    """Writes the package of what is in `folder`; `own` is the folder of `native.build`. Raises CannotBuild, OSError."""
    for tool in ("gcab", "msibuild"):
        if shutil.which(tool) is None:
            raise CannotBuild(f"{tool} is not installed: apt-get install gcab msitools")
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]
    packed = [
        PackedFile(
            PurePosixPath(each.relative_to(folder).as_posix()), each.stat().st_size, _file_version(each)
        )
        for each in files
    ]
    made = tables.package(scope, version, packed, digest(folder, files))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        work = Path(name)
        cabinet = _cabinet(work, folder, made, moment)
        draft = work / "draft.msi"
        _database(work, draft, made, own=own, scope=scope, moment=moment)
        _run("msibuild", str(draft), "-a", "files.cab", str(cabinet))
        draft.write_bytes(_without_moments(draft.read_bytes()))
        draft.replace(target)
    return made


def digest(folder: Path, files: Sequence[Path]) -> str:
    """What is in the payload, in one word."""
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            inner = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{inner}  {path.relative_to(folder).as_posix()}\n".encode())
    return total.hexdigest()


def _cabinet(work: Path, folder: Path, made: Package, moment: dt.datetime) -> Path:
    """The files under their keys, in their order, all of one moment."""
    named = work / "files"
    named.mkdir()
    seconds = int(moment.timestamp())
    keys = []
    for number, file in enumerate(made.files, start=1):
        key = tables.file_key(number)
        shutil.copyfile(folder / file.path, named / key)
        (named / key).chmod(0o644)
        os.utime(named / key, (seconds, seconds))
        keys.append(key)
    cabinet = work / "files.cab"
    _run("gcab", "-c", "-z", "-n", str(cabinet), *keys, cwd=named)
    return cabinet


def _database(
    work: Path, draft: Path, made: Package, *, own: Path, scope: Scope, moment: dt.datetime
) -> None:
    streams: Mapping[str, Mapping[str, bytes]] = {
        "Binary": {native.STOP: (own / native.STOP).read_bytes()},
        "Icon": {"qalamsap.ico": resources.ico_file(native.PICTURES)},
    }
    idt = work / "tables"
    idt.mkdir()
    for table, content in streams.items():
        (idt / table).mkdir()
        for name, octets in content.items():
            (idt / table / name).write_bytes(octets)
    imports: list[str] = []
    for name, rows in {**made.tables, "_SummaryInformation": _summary(made, scope, moment)}.items():
        path = idt / f"{name}.idt"
        path.write_bytes(idt_file(name, rows))
        imports += ["-i", str(path)]
    _run("msibuild", str(draft), *imports, cwd=idt)


def _summary(made: Package, scope: Scope, moment: dt.datetime) -> list[Row]:
    """The properties of the file itself; the order and the numbers are those of "Summary Information Stream Property Set"."""
    package_code = tables.code("package", made.product_code)
    word_count = _COMPRESSED if scope == "machine" else _COMPRESSED | _NO_ELEVATION
    shown = moment.astimezone(dt.UTC).strftime("%Y/%m/%d %H:%M:%S")
    return [
        (1, "1252"), (2, "Installation Database"), (3, tables.NAME), (4, tables.MANUFACTURER), (5, "Installer"),
        (6, "For everybody on the computer" if scope == "machine" else "For one person"), (7, "x64;1033"), (9, package_code),
        (12, shown), (13, shown), (14, "500"), (15, str(word_count)), (18, "Qalamsap"), (19, "2"),
    ]  # fmt: skip


def idt_file(table: str, rows: Sequence[Row]) -> bytes:
    """A table as msibuild reads it: three lines of head, then the rows, all with tabulators between. Raises CannotBuild for a text that
    would break the form."""
    columns = tables.SCHEMA.get(table, (("PropertyId", "i2"), ("Value", "l255")))
    head = ["\t".join(name for name, _ in columns), "\t".join(kind for _, kind in columns)]
    head.append("\t".join([table, *(name for name, _ in columns[: tables.KEYS.get(table, 1)])]))
    lines = [*head]
    for row in rows:
        texts = ["" if value is None else str(value) for value in row]
        if any(control in text for text in texts for control in "\t\r\n"):
            raise CannotBuild(f"a row of {table} has a line break: {texts[0]}")
        for text, (column, kind) in zip(texts, columns, strict=True):
            limit = int(kind[1:])
            if kind[0] in "sSlL" and 0 < limit < len(text):
                raise CannotBuild(f"{table}.{column} takes {limit} letters: {text!r}")
        lines.append("\t".join(texts))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _file_version(path: Path) -> str:
    """As Windows Installer compares it; nothing where there is none."""
    return pe.version(path.read_bytes()) if path.suffix.lower() in _VERSIONED else ""


def _without_moments(octets: bytes) -> bytes:
    """The compound file without the times of its storages (MS-CFB, "Compound File Directory Entry")."""
    if octets[:8] != b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise CannotBuild("msibuild made no database")
    size = 1 << struct.unpack_from("<H", octets, 30)[0]
    sector = struct.unpack_from("<I", octets, 48)[0]
    image = bytearray(octets)
    chain = _sectors(octets, size)
    while sector < 0xFFFFFFFA:
        start = (sector + 1) * size
        for entry in range(start, start + size, 128):
            image[entry + 100 : entry + 116] = bytes(16)
        sector = chain[sector]
    return bytes(image)


def _sectors(octets: bytes, size: int) -> list[int]:
    """Which sector follows each."""
    tables_ = list(struct.unpack_from("<109I", octets, 76))
    further = struct.unpack_from("<I", octets, 68)[0]
    while further < 0xFFFFFFFA:
        entries = struct.unpack_from(f"<{size // 4}I", octets, (further + 1) * size)
        tables_ += entries[:-1]
        further = entries[-1]
    found: list[int] = []
    for table in tables_:
        if table < 0xFFFFFFFA:
            found += struct.unpack_from(f"<{size // 4}I", octets, (table + 1) * size)
    return found


def _run(*command: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=_LIMIT_S, cwd=cwd
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(f"{command[0]} can't be run: {error}") from error
    if done.returncode != 0:
        raise CannotBuild(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
