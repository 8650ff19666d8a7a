"""In C no branch and no address depends on the private key or the nonce.

Shown with valgrind's memcheck on the compiler at hand, at the optimisation that setup.py uses and at the one below. The
control cases do depend on them: were they silent, the check would be blind.
"""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[2] / "agent" / "gost" / "src"
REPORTED = 99

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.system() == "Windows", reason="valgrind is not for Windows"),
]


@pytest.fixture(scope="module", params=["-O3", "-O2"])
def program(request, tmp_path_factory):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs tool: C compiler")
    if shutil.which("valgrind") is None:
        pytest.skip("needs tool: valgrind")
    target = tmp_path_factory.mktemp("constant_time") / "program"
    flags = ["-std=gnu11", "-g", request.param, "-DCHECK_CONSTANT_TIME"]
    sources = [HERE / "constant_time.c", SOURCES / "streebog.c"]
    subprocess.run([compiler, *flags, *sources, "-o", target], check=True, timeout=120)
    return target


def outcome(program: Path, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["valgrind", "--quiet", f"--error-exitcode={REPORTED}", program, what],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("what", ["sign", "public_key", "point_times"])
def test_nothing_depends_on_key_or_nonce(program, what) -> None:
    result = outcome(program, what)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("what", "report"),
    [
        ("control-branch", "Conditional jump or move depends on uninitialised value"),
        ("control-address", "Use of uninitialised value"),
    ],
)
def test_the_check_sees_code_that_does_depend_on_them(program, what, report) -> None:
    result = outcome(program, what)
    assert result.returncode == REPORTED
    assert report in result.stderr
