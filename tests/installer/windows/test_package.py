"""The file of the package: written by msibuild, read back by msiinfo and by ourselves."""

import shutil
import subprocess

import pytest

from installer.windows import package, tables
from installer.windows.errors import CannotBuild
from tests.support.windows_packages import MOMENT, Workshop


def told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.slow
def test_two_builds_of_one_payload_are_the_same_octets(workshop: Workshop, tmp_path) -> None:
    octets = []
    for name in ("one", "two"):
        copy = shutil.copytree(workshop.payload(), tmp_path / name)
        target = tmp_path / f"{name}.msi"
        package.build(copy, workshop.own, target, scope="machine", version="0.1.0", moment=MOMENT)
        octets.append(target.read_bytes())
    assert octets[0] == octets[1]


@pytest.mark.slow
def test_the_tables_in_the_file_are_those_that_were_meant(workshop: Workshop) -> None:
    made = workshop.package("machine", "0.1.0")
    names = set(told("msiinfo", "tables", str(made.path)).split())
    assert names >= set(made.package.tables)
    for name, rows in made.package.tables.items():
        if name in ("Binary", "Icon"):
            continue
        lines = told("msiinfo", "export", str(made.path), name).splitlines()[3:]
        expected = ["\t".join("" if value is None else str(value) for value in row) for row in rows]
        assert sorted(line for line in lines if line) == sorted(expected), name
    summary = told("msiinfo", "suminfo", str(made.path))
    assert "Template: x64;1033" in summary
    assert "Source: 2 (2)" in summary
    assert "Sun Nov  1" in summary
    assert "Source: 10 (a)" in told("msiinfo", "suminfo", str(workshop.package("user", "0.1.0").path))


@pytest.mark.slow
def test_the_cabinet_holds_the_payload(workshop: Workshop, tmp_path) -> None:
    made = workshop.package("machine", "0.1.0")
    cabinet = subprocess.run(
        ["msiinfo", "extract", str(made.path), "files.cab"], capture_output=True, check=True, timeout=60
    ).stdout
    (tmp_path / "files.cab").write_bytes(cabinet)
    told("gcab", "-x", "-C", str(tmp_path / "out"), str(tmp_path / "files.cab"))
    for number, file in enumerate(made.package.files, start=1):
        packed = tmp_path / "out" / tables.file_key(number)
        assert packed.read_bytes() == (made.content / file.path).read_bytes(), file.path
    assert len(list((tmp_path / "out").iterdir())) == len(made.package.files)


def test_a_table_is_written_as_msibuild_reads_it() -> None:
    assert package.idt_file("Property", [("A", "b"), ("C", None)]) == (
        b"Property\tValue\r\ns72\tl0\r\nProperty\tProperty\r\nA\tb\r\nC\t\r\n"
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("A", "b\tc"), "a row of Property has a line break: A"),
        (("x" * 73, "b"), "Property.Property takes 72 letters"),
    ],
)
def test_a_text_that_would_break_the_form_is_refused(row, words) -> None:
    with pytest.raises(CannotBuild, match=words):
        package.idt_file("Property", [row])


def test_missing_tools_are_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(package.shutil, "which", lambda _name: None)
    with pytest.raises(CannotBuild, match="gcab is not installed: apt-get install gcab msitools"):
        package.build(tmp_path, tmp_path, tmp_path / "x.msi", scope="user", version="1.0.0", moment=MOMENT)
