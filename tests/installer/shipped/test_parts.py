"""What is shipped: everything has a licence that we may ship and its text, and nothing lies in it unnamed."""

import importlib.metadata
import json
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from installer.shipped import known, parts
from installer.shipped.parts import Part, Unclear


@pytest.fixture(scope="module")
def shipped() -> tuple[Part, ...]:
    pytest.importorskip("PySide6", reason="needs tool: the libraries of windows")
    return parts.shipped(None, Path(sys.executable))


def of(shipped: tuple[Part, ...], name: str) -> Part:
    return next(part for part in shipped if canonicalize_name(part.name) == name)


def library(site: Path, name: str = "somelib", files: dict[str, str] | None = None, **fields: str) -> Path:
    """A folder in which that library is installed."""
    info = site / f"{name}-1.0.dist-info"
    told = {"Metadata-Version": "2.4", "Name": name, "Version": "1.0", **fields}
    contents = {
        f"{info.name}/METADATA": "".join(
            f"{key.replace('_', '-')}: {value}\n" for key, value in told.items()
        ),
        **(files if files is not None else {f"{info.name}/licenses/LICENSE": "You may."}),
    }
    for path, text in contents.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, encoding="utf-8")
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in contents), encoding="utf-8")
    return site


def test_what_the_project_needs_and_the_interpreter_are_shipped_and_nothing_of_its_tests(
    shipped: tuple[Part, ...],
) -> None:
    names = {canonicalize_name(part.name) for part in shipped}
    assert {"qalamsap", "websockets", "cryptography", "pyside6-essentials", "shiboken6", "cpython"} <= names
    assert names.isdisjoint({"pytest", "ruff", "jinja2", "selenium", "cyclonedx-python-lib"})
    assert shipped[0].is_ours
    assert [part.is_ours for part in shipped].count(True) == 1
    for part in shipped:
        assert set(part.needs) <= names, part.name


def test_every_part_has_a_version_and_the_text_of_its_licence(shipped: tuple[Part, ...]) -> None:
    for part in shipped:
        assert part.version, part.name
        assert sum(len(text) for _, text in part.texts) > 300, part.name


def test_what_lies_inside_wheels_is_named(shipped: tuple[Part, ...]) -> None:
    openssl = next(
        inner
        for inner in of(shipped, "cryptography").inside
        if "openssl" in inner.purl and "generic" in inner.purl
    )
    assert openssl.version.split(".")[0] >= "3"
    assert {inner.name for inner in of(shipped, "lxml").inside} >= {"libxml2", "libxslt"}
    assert all(inner.version for inner in of(shipped, "lxml").inside if inner.name.startswith("libx"))
    assert {inner.name for inner in of(shipped, "pyside6-essentials").inside} >= {"qt", "icu"}
    assert {"openssl", "sqlite", "zlib"} <= {inner.name for inner in of(shipped, "cpython").inside}
    build_only = {"pkg-config", "pyo3-build-config"}
    assert build_only.isdisjoint(inner.name for part in shipped for inner in part.inside)


def test_what_pillow_names_and_does_not_hold_is_not_there() -> None:
    features = pytest.importorskip("PIL.features", reason="needs tool: Pillow")
    assert not features.check("libimagequant")  # GPL: it must not be shipped
    for path in importlib.metadata.distribution("pillow").files or []:
        assert "fribidi." not in path.name
        assert "imagequant" not in path.name


def test_rows_of_the_tables_are_of_what_is_shipped(shipped: tuple[Part, ...]) -> None:
    names = {canonicalize_name(part.name) for part in shipped}
    for table in (known.LICENCE_TEXTS, known.INSIDE, known.NOT_INSIDE):
        assert set(table) <= names


@pytest.mark.parametrize(
    ("fields", "files", "words"),
    [
        ({"License": "Ask my lawyer"}, None, "LICENCE_WORDS"),
        ({}, None, "LICENCE_WORDS"),
        ({"License_Expression": "MIT"}, {}, "no text of its licence"),
        ({"License_Expression": "AGPL-3.0-only"}, None, "not among the licences"),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, None, "not among the licences"),
        ({"License_Expression": "No-Such-Licence"}, None, "no SPDX expression"),
    ],
)
def test_a_part_with_an_unclear_or_unfit_licence_is_refused(
    fields: dict[str, str], files: dict[str, str] | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(Unclear, match=words):
        parts.shipped(library(tmp_path, files=files, **fields))


def test_one_fit_licence_among_several_to_choose_from_is_enough(tmp_path: Path) -> None:
    (part,) = parts.shipped(library(tmp_path, License_Expression="GPL-3.0-only OR MIT"))
    assert (part.licence, part.purl, part.is_ours) == ("GPL-3.0-only OR MIT", "pkg:pypi/somelib@1.0", False)
    assert part.texts == (("LICENSE", "You may."),)


def bill(**component: object) -> dict[str, str]:
    text = json.dumps(
        {"bomFormat": "CycloneDX", "components": [{"name": "inner", "version": "2", **component}]}
    )
    return {"somelib-1.0.dist-info/sboms/a.cdx.json": text, "somelib-1.0.dist-info/LICENSE": "You may."}


def test_a_wheels_own_bill_is_taken_over_without_the_folders_of_its_builder(tmp_path: Path) -> None:
    files = bill(
        purl="pkg:cargo/inner@2?download_url=file:///home/builder", licenses=[{"expression": "MIT OR X11"}]
    )
    (part,) = parts.shipped(library(tmp_path, files=files, License_Expression="MIT"))
    assert part.inside == (Part("inner", "2", "(MIT OR X11)", "pkg:cargo/inner@2"),)


@pytest.mark.parametrize("component", [{"scope": "excluded"}, {"purl": "pkg:pypi/somelib@1.0#c-ext/x"}])
def test_what_only_the_build_needed_and_the_wheel_itself_are_not_inside(
    component: dict[str, object], tmp_path: Path
) -> None:
    (part,) = parts.shipped(library(tmp_path, files=bill(**component), License_Expression="MIT"))
    assert part.inside == ()


@pytest.mark.parametrize(
    ("component", "words"),
    [({}, "LICENCES_OF_INSIDE"), ({"licenses": [{"license": {"id": "GPL-3.0-only"}}]}, "not among")],
)
def test_what_lies_inside_needs_a_fit_licence_too(
    component: dict[str, object], words: str, tmp_path: Path
) -> None:
    with pytest.raises(Unclear, match=words):
        parts.shipped(library(tmp_path, files=bill(**component), License_Expression="MIT"))


def test_shared_libraries_beside_a_wheel_are_named_or_refused(tmp_path: Path) -> None:
    text = {"somelib-1.0.dist-info/LICENSE": "You may."}
    files = {
        **text,
        "somelib.libs/libpng16-1d1ba958.so.16.58.0": "",
        "somelib.libs/libzstd-40ad5e7e.so.1.5.7": "",
    }
    (part,) = parts.shipped(library(tmp_path / "a", files=files, License_Expression="MIT"))
    assert [(inner.name, inner.version) for inner in part.inside] == [("libpng", "1.6.58"), ("zstd", "1.5.7")]
    files = {**text, "somelib.libs/libmystery-0123456789ab.so.1": ""}
    with pytest.raises(Unclear, match="libmystery"):
        parts.shipped(library(tmp_path / "b", files=files, License_Expression="MIT"))


def test_without_a_record_its_files_are_looked_for(tmp_path: Path) -> None:
    files = {
        "somelib-1.0.dist-info/licenses/LICENSE": "You may.",
        "somelib/fonts/copying.txt": "Fonts, too.",
        "somelib.libs/libzstd-40ad5e7e.so.1.5.7": "",
        "otherlib/LICENSE": "Not mine.",
    }
    library(tmp_path, files=files, License_Expression="MIT")
    (tmp_path / "somelib-1.0.dist-info/RECORD").unlink()
    (part,) = parts.shipped(tmp_path)
    assert [name for name, _ in part.texts] == ["LICENSE", "somelib/fonts/copying.txt"]
    assert [inner.name for inner in part.inside] == ["zstd"]


def test_an_interpreter_in_a_package_is_told_with_the_libraries_beside_it(tmp_path: Path) -> None:
    def staged(*libraries: str) -> Path:
        told = {"version": "3.12.1", "prefix": str(tmp_path), "inside": {"openssl": "3.0.1"}}
        (tmp_path / "lib").mkdir(exist_ok=True)
        for name in libraries:
            (tmp_path / "lib" / name).touch()
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\necho '{json.dumps(told)}'\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    part = parts.interpreter(
        staged("libssl.so.3", "libuuid.so.1.3.0", "libpython3.12.so.1.0"), is_staged=True
    )
    assert [(inner.name, inner.version) for inner in part.inside] == [("libuuid", ""), ("openssl", "3.0.1")]
    assert "PYTHON SOFTWARE FOUNDATION LICENSE" in part.texts[0][1]
    assert [name for name, _ in part.texts] == ["LICENSE.txt", "libuuid.txt", "openssl.txt"]
    with pytest.raises(Unclear, match="libmystery"):
        parts.interpreter(staged("libmystery.so.1"), is_staged=True)


def test_the_embeddable_python_for_windows_is_told_by_its_files(tmp_path: Path) -> None:
    for name in ("python.exe", "python3.dll", "libcrypto-3.dll", "libssl-3.dll", "_bz2.pyd", "LICENSE.txt"):
        (tmp_path / name).write_text(f"text of {name}", encoding="utf-8")
    part = parts.embedded(tmp_path, "3.14")
    assert (part.purl, [inner.name for inner in part.inside]) == (
        "pkg:generic/cpython@3.14",
        ["bzip2", "openssl", "zlib"],
    )
    assert part.texts[0] == ("LICENSE.txt", "text of LICENSE.txt")
    assert [name for name, _ in part.texts[1:]] == ["bzip2.txt", "openssl.txt", "zlib.txt"]


def test_every_library_of_the_interpreter_has_a_text() -> None:
    for name in parts._INSIDE_INTERPRETER:
        assert len(parts._library_text(name)[1]) > 300
    with pytest.raises(Unclear, match=r"mystery\.txt"):
        parts._library_text("mystery")


def test_what_is_no_interpreter_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unclear, match="can't be asked"):
        parts.interpreter(tmp_path / "python")


def test_a_row_that_tells_where_a_version_stands_finds_it(shipped: tuple[Part, ...]) -> None:
    for name, rows in known.INSIDE.items():
        found = {inner.name: inner.version for inner in of(shipped, name).inside}
        for inner, _, where in rows:
            assert bool(found[inner]) == bool(where), (name, inner)
