"""The parts of what we ship: our own program, the libraries that it needs, what lies inside those, and the interpreter.

Read from the metadata of an environment or of a folder of installed libraries, such as a package's before it is packed.
"""

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any, cast

from license_expression import ExpressionError, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installer.shipped import known

PROJECT = "qalamsap"
EXTRAS = frozenset({"tray"})
TEXTS = Path(__file__).resolve().parent / "texts"
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|copyright)[^/]*$|/licenses/", re.IGNORECASE)
_HOMES = ("homepage", "home", "source", "source code", "github: repo", "repository", "documentation")
_SPDX = get_spdx_licensing()
# Says which libraries the interpreter was built with, as JSON.
_INTERPRETER = """
import json, platform, sys
found = {}
def version(name, module, read):
    try:
        found[name] = read(__import__(module))
    except ImportError:
        pass
version("openssl", "ssl", lambda m: m.OPENSSL_VERSION.split()[1])
version("sqlite", "sqlite3", lambda m: m.sqlite_version)
version("zlib", "zlib", lambda m: m.ZLIB_RUNTIME_VERSION)
version("expat", "pyexpat", lambda m: ".".join(map(str, m.version_info)))
for name, module in (("bzip2", "_bz2"), ("xz", "_lzma"), ("libffi", "_ctypes"), ("mpdecimal", "_decimal")):
    version(name, module, lambda m: getattr(m, "__libmpdec_version__", ""))
print(json.dumps({"version": platform.python_version(), "prefix": sys.base_prefix, "inside": found}))
"""
_INSIDE_INTERPRETER = {
    "openssl": "Apache-2.0",
    "sqlite": "blessing",
    "zlib": "Zlib",
    "expat": "MIT",
    "bzip2": "bzip2-1.0.6",
    "xz": "0BSD",
    "libffi": "MIT",
    "mpdecimal": "BSD-2-Clause",
}


class Unclear(Exception):
    """Something that is shipped has no licence that we could read, or one that we may not ship. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is shipped. `licence` is an SPDX expression, `texts` are (name, text); `needs` and `inside` are parts of it."""

    name: str
    version: str
    licence: str
    purl: str = ""
    homepage: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    inside: tuple["Part", ...] = ()
    is_ours: bool = False


def shipped(site: Path | None = None, python: Path | None = None) -> tuple[Part, ...]:
    """All parts by name, ours first: what the project needs with its windows, or everything that is installed in the folder `site`; with
    the interpreter `python`, if one is shipped. Raises Unclear."""
    if site is None:
        found = _needed()
    else:
        found = {
            canonicalize_name(each.name): each for each in importlib.metadata.distributions(path=[str(site)])
        }
    parts = [_part(distribution, found.keys()) for _, distribution in sorted(found.items())]
    if python is not None:
        parts.append(interpreter(python, is_staged=site is not None))
    for part in parts:
        _allow(part)
    return tuple(sorted(parts, key=lambda part: (not part.is_ours, part.name.lower())))


def _needed() -> dict[str, importlib.metadata.Distribution]:
    """The distributions of this environment that the project needs on this system."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(PROJECT, EXTRAS)]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = importlib.metadata.distribution(name)
        waiting += [
            (canonicalize_name(needed.name), frozenset(needed.extras))
            for needed in _requirements(found[name], extras)
        ]
    return found


def _requirements(
    distribution: importlib.metadata.Distribution, extras: Iterable[str]
) -> Iterator[Requirement]:
    for text in distribution.requires or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _part(distribution: importlib.metadata.Distribution, shipped_names: Iterable[str]) -> Part:
    name = canonicalize_name(distribution.name)
    is_ours = name == PROJECT
    needed = {canonicalize_name(each.name) for each in _requirements(distribution, EXTRAS if is_ours else ())}
    metadata = cast("Message", distribution.metadata)
    return Part(
        name=distribution.name,
        version=distribution.version,
        licence=_licence(distribution),
        purl=f"pkg:pypi/{name}@{distribution.version}",
        homepage=metadata.get("Home-page") or _homepage(metadata),
        texts=_texts(distribution),
        needs=tuple(sorted(needed.intersection(shipped_names))),
        inside=tuple(_inside(distribution)),
        is_ours=is_ours,
    )


def files_of(distribution: importlib.metadata.Distribution) -> tuple[PurePosixPath, ...]:
    """What is installed of it: by its record, or, where packing took that away, by looking into the folders that are named like it."""
    if distribution.files is not None:
        return tuple(PurePosixPath(path.as_posix()) for path in distribution.files)
    site = Path(str(distribution.locate_file("")))
    plain = canonicalize_name(distribution.name).replace("-", "_")
    names = {plain, *(distribution.read_text("top_level.txt") or "").split(), f"{plain}.libs"}
    found = [
        path
        for folder in site.iterdir()
        if folder.name.lower() in {name.lower() for name in names}
        or (
            folder.suffix == ".dist-info"
            and canonicalize_name(folder.name.partition("-")[0]) == canonicalize_name(distribution.name)
        )
        for path in folder.rglob("*")
        if path.is_file()
    ]
    return tuple(PurePosixPath(path.relative_to(site).as_posix()) for path in sorted(found))


def _homepage(metadata: Message) -> str:
    """Of the addresses that the metadata gives the one that is most of all the project's own."""
    found = {}
    for line in metadata.get_all("Project-URL") or []:
        label, _, address = str(line).partition(",")
        found[label.strip().lower()] = address.strip()
    return next((found[label] for label in _HOMES if label in found), next(iter(found.values()), ""))


def _licence(distribution: importlib.metadata.Distribution) -> str:
    metadata = cast("Message", distribution.metadata)
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    words = str(metadata.get("License", "")).strip()
    if words not in known.LICENCE_WORDS:
        raise Unclear(
            f"{distribution.name} {distribution.version} says its licence in words that are not known: {words[:80]!r}. Read it, and add a"
            " row to LICENCE_WORDS in installer/shipped/known.py"
        )
    return known.LICENCE_WORDS[words]


def _texts(distribution: importlib.metadata.Distribution) -> tuple[tuple[str, str], ...]:
    """The licence texts and notices that come with it."""
    found = {}
    for path in files_of(distribution):
        if LICENCE_FILE.search(path.as_posix()) and path.suffix not in {".py", ".pyc", ".h"}:
            name = path.as_posix().split(".dist-info/")[-1].removeprefix("licenses/")
            found[name] = Path(str(distribution.locate_file(path))).read_text(
                encoding="utf-8", errors="replace"
            )
    for name in known.LICENCE_TEXTS.get(canonicalize_name(distribution.name), ()):
        found[name] = (TEXTS / name).read_text(encoding="utf-8")
    if not found:
        raise Unclear(
            f"{distribution.name} {distribution.version} brings no text of its licence. Add it to installer/shipped/texts, and a row to"
            " LICENCE_TEXTS in installer/shipped/known.py"
        )
    return tuple(sorted(found.items()))


# --- what lies inside ------------------------------------------------------------------------------------------------


def _inside(distribution: importlib.metadata.Distribution) -> Iterator[Part]:
    """By the wheel's own bills of materials (PEP 770), by our table, and by the shared libraries beside it."""
    name = canonicalize_name(distribution.name)
    found: dict[str, Part] = {}
    for path in files_of(distribution):
        if ".dist-info/sboms/" in path.as_posix() and path.name.endswith(".json"):
            bill = json.loads(Path(str(distribution.locate_file(path))).read_text(encoding="utf-8"))
            for component in bill.get("components", []):
                part = _of_bill(component, name)
                if part is not None:
                    found.setdefault(
                        part.purl or _plain(part.name), part
                    )  # openssl is a crate, and a C library
    names = [_plain(part.name) for part in found.values()]
    for inner, licence, where in known.INSIDE.get(name, ()):
        found.setdefault(_plain(inner), Part(inner, _version_of(distribution, where), licence))
    for path in files_of(distribution):
        if ".libs/" in path.as_posix():
            part = _of_library(path.name)
            if not any(_plain(part.name) in one or one in _plain(part.name) for one in names):
                found[_plain(part.name)] = part
    return iter(sorted(found.values(), key=lambda part: part.name.lower()))


def _plain(name: str) -> str:
    """Bills spell one library in many ways: libjpeg-turbo, "libjpeg / libjpeg-turbo"."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("little cms ", "lcms"))


def _of_bill(component: dict[str, Any], owner: str) -> Part | None:
    """A component of a wheel's bill; None for the wheel itself, its own modules, and what only its build needed."""
    name, purl = str(component["name"]), str(component.get("purl", ""))
    if (
        component.get("scope") == "excluded"
        or name in known.NOT_INSIDE.get(owner, ())
        or purl.startswith(f"pkg:pypi/{owner}@")
    ):
        return None
    licences = [
        each.get("expression") or each["license"].get("id") or each["license"].get("name", "")
        for each in component.get("licenses") or ()
    ]
    licence = " AND ".join(f"({one})" if " OR " in one else one for one in licences)
    if not licence:
        licence = known.LICENCES_OF_INSIDE.get(name, "")
    if not licence:
        raise Unclear(
            f"{name}, inside {owner}, has no licence in its bill. Read it, and add a row to LICENCES_OF_INSIDE in"
            " installer/shipped/known.py"
        )
    # Folders of the machine that built the wheel are nobody's business.
    return Part(name, str(component.get("version") or ""), licence, purl.partition("?")[0])


def _of_library(file_name: str) -> Part:
    """Of a shared library by the name of its file: libpng16-1d1ba958.so.16.58.0."""
    stem, _, version = file_name.partition(".so")
    base = re.sub(r"-[0-9a-f]{8,}$", "", stem)
    if base not in known.LIBRARY_FILES:
        raise Unclear(
            f"no licence is known of {file_name}. Read it, and add a row to LIBRARY_FILES in installer/shipped/known.py"
        )
    name, licence = known.LIBRARY_FILES[base]
    pattern, version_form = known.VERSIONS_BY_SONAME.get(name, ("$.", ""))
    found = re.fullmatch(pattern, version.strip("."))
    return Part(name, found.expand(version_form) if found else "", licence)


def _version_of(distribution: importlib.metadata.Distribution, where: str) -> str:
    """By a row of known.INSIDE; "" where its file is not there."""
    if where == "=":
        return distribution.version
    place, _, pattern = where.partition(":")
    if not place:
        return ""
    path = Path(str(distribution.locate_file(place)))
    if not path.exists():
        # Headers are no part of a package. Here, of the same version, they are.
        here = {canonicalize_name(each.name): each for each in importlib.metadata.distributions()}.get(
            canonicalize_name(distribution.name)
        )
        if here is not None and here.version == distribution.version:
            path = Path(str(here.locate_file(place)))
    if path.is_dir():
        text = "\n".join(sorted(entry.name for entry in path.iterdir()))
    else:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = re.search(pattern, text)
    return found[1] if found else ""


def interpreter(python: Path, *, is_staged: bool = False) -> Part:
    """Python itself, as that program tells of itself; with the shared libraries beside it, if it lies in a package that is being made.

    Raises Unclear if it does not run, or a library beside it, or its licence, is not known.
    """
    try:
        done = subprocess.run(
            [python, "-I", "-c", _INTERPRETER], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unclear(f"{python} can't be asked what it is: {error}") from error
    told = json.loads(done.stdout)
    version = str(told["version"])
    series = ".".join(version.split(".")[:2])
    prefix = Path(told["prefix"])
    places = (
        prefix / f"lib/python{series}/LICENSE.txt",
        prefix / "LICENSE.txt",
        prefix / f"share/doc/python{series}-minimal/copyright",
        prefix / f"share/doc/python{series}/copyright",
        TEXTS / "Python-2.0.txt",
    )
    text = next(place for place in places if place.is_file()).read_text(encoding="utf-8", errors="replace")
    inside = {
        name: Part(name, str(found), _INSIDE_INTERPRETER[name]) for name, found in told["inside"].items()
    }
    beside = sorted((prefix / "lib").glob("*.so*")) if is_staged else []
    for part in (_of_library(path.name) for path in beside if not path.name.startswith("libpython")):
        inside.setdefault(part.name, part)
    return Part(
        "cpython",
        version,
        "Python-2.0",
        f"pkg:generic/cpython@{version}",
        "https://www.python.org/",
        (("LICENSE.txt", text), *(_library_text(name) for name in sorted(inside))),
        inside=tuple(part for _, part in sorted(inside.items())),
    )


# By which files of the embeddable Python for Windows one sees what lies in it.
_EMBEDDED = {
    "libcrypto-*.dll": "openssl",
    "libffi-*.dll": "libffi",
    "sqlite3.dll": "sqlite",
    "pyexpat.pyd": "expat",
    "_bz2.pyd": "bzip2",
    "_decimal.pyd": "mpdecimal",
    "_lzma.pyd": "xz",
    "python3*.dll": "zlib",
}


def embedded(folder: Path, version: str) -> Part:
    """The embeddable Python of python.org for Windows, as it lies in the folder: it can't be asked here."""
    names = sorted({name for pattern, name in _EMBEDDED.items() if any(folder.glob(pattern))})
    own = folder / "LICENSE.txt"
    text = (own if own.is_file() else TEXTS / "Python-2.0.txt").read_text(encoding="utf-8", errors="replace")
    return Part(
        "cpython",
        version,
        "Python-2.0",
        f"pkg:generic/cpython@{version}",
        "https://www.python.org/",
        (("LICENSE.txt", text), *map(_library_text, names)),
        inside=tuple(Part(name, "", _INSIDE_INTERPRETER[name]) for name in names),
    )


def _library_text(name: str) -> tuple[str, str]:
    """The licence of a library that comes with the interpreter. Raises Unclear."""
    path = TEXTS / "libraries" / f"{name}.txt"
    if not path.is_file():
        raise Unclear(f"{name} comes with the interpreter: add the text of its licence as {path}")
    return path.name, path.read_text(encoding="utf-8", errors="replace")


# --- what may be shipped ---------------------------------------------------------------------------------------------


def _allow(part: Part) -> None:
    """Raises Unclear if we may not ship the part, or something inside it."""
    for each in (part, *part.inside):
        try:
            expression = _SPDX.parse(each.licence, validate=True)
        except ExpressionError as error:
            raise Unclear(f"{each.name}: {each.licence!r} is no SPDX expression: {error}") from error
        if not _is_allowed(expression):
            raise Unclear(
                f"{each.name}: {each.licence} is not among the licences that we may ship (installer/shipped/known.py)"
            )


def _is_allowed(expression: Any) -> bool:
    """All of what AND joins, one of what OR joins."""
    operator = (getattr(expression, "operator", None) or "").strip()
    if operator not in ("AND", "OR"):
        return str(expression) in known.LICENCES_ALLOWED
    return (any if operator == "OR" else all)(map(_is_allowed, expression.args))
