"""What programs ask of the system, read from their headers."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer.linux import elf

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs of Linux")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("needs tool: C compiler")
    folder = tmp_path_factory.mktemp("elf")
    (folder / "a.c").write_text("#include <math.h>\ndouble f(double x) { return exp(x) + pow(x, x); }\n")
    options = ["-shared", "-fPIC", "-Wl,-soname,liba.so.1", "-Wl,-rpath,$ORIGIN/x"]
    subprocess.run(["cc", *options, "-o", folder / "liba.so", folder / "a.c", "-lm"], check=True)
    return folder / "liba.so"


def test_names_path_and_versions_are_read(library: Path) -> None:
    found = elf.read(library)
    assert found is not None
    assert (found.soname, found.search) == ("liba.so.1", "$ORIGIN/x")
    assert "libm.so.6" in found.needed
    assert found.glibc == (2, 29)  # exp and pow got a new version there


def test_readelf_says_the_same_of_this_interpreter() -> None:
    if shutil.which("readelf") is None:
        pytest.skip("needs tool: readelf")
    program = Path(sys.executable).resolve()
    found = elf.read(program)
    assert found is not None
    told = subprocess.run(["readelf", "-dVW", program], capture_output=True, text=True, check=True).stdout
    assert all(f"Shared library: [{name}]" in told for name in found.needed)
    assert told.count("Shared library:") == len(found.needed)
    assert all(f"Name: {version} " in told for version in found.versions)
    assert found.versions


@pytest.mark.parametrize("octets", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(100)])
def test_what_is_no_program_of_this_kind_is_left_alone(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "x").write_bytes(octets)
    assert elf.read(tmp_path / "x") is None


@pytest.mark.parametrize("length", [10, 64, 5000])
def test_a_torn_one_is_an_error_and_never_a_program_that_needs_nothing(
    library: Path, tmp_path: Path, length: int
) -> None:
    (tmp_path / "torn.so").write_bytes(library.read_bytes()[:length])
    with pytest.raises(ValueError, match="torn"):
        elf.read(tmp_path / "torn.so")


def test_all_are_found_once_and_links_are_not_followed(library: Path, tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    shutil.copy(library, tmp_path / "deep/er/liba.so")
    (tmp_path / "link.so").symlink_to(library)
    (tmp_path / "text").write_text("no program")
    found = list(elf.all_in(tmp_path))
    assert [each.path for each in found] == [tmp_path / "deep/er/liba.so"]
    assert elf.oldest_glibc(found) == (2, 29)
    assert elf.oldest_glibc([]) == (0, 0)
