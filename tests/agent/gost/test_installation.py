"""setup.py: with a compiler one extension for all Pythons from 3.11, without one an installation that still works."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def build(folder: Path, **environment: str) -> list[str]:
    command = [
        sys.executable,
        "setup.py",
        "-q",
        "build_ext",
        "--build-lib",
        folder / "lib",
        "--build-temp",
        folder / "temp",
    ]
    subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, check=True, timeout=180, capture_output=True
    )
    return sorted(path.name for path in (folder / "lib").rglob("_native*"))


@pytest.mark.skipif(sys.platform == "win32", reason="CC is for compilers of the Unix kind")
def test_without_a_working_compiler_the_installation_goes_on_without_the_extension(tmp_path) -> None:
    assert build(tmp_path, CC=shutil.which("false") or "false") == []


@pytest.mark.skipif(sys.platform == "win32", reason="CC is for compilers of the Unix kind")
def test_with_a_compiler_one_extension_for_all_later_pythons_is_built(tmp_path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("needs tool: C compiler")
    assert build(tmp_path, CC="cc") == ["_native.abi3.so"]


def test_the_c_sources_compile_without_a_warning(tmp_path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs tool: C compiler")
    for source in ("streebog.c", "gost94.c", "curve.c"):
        command = [
            compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-c",
            ROOT / "agent" / "gost" / "src" / source, "-o", tmp_path / "object",
        ]  # fmt: skip
        subprocess.run(command, check=True, timeout=120)
