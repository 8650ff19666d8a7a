"""What we build ourselves is the same, octet for octet, wherever it is built and by whom: docs/admin/supply-chain.md says how to check it."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="umasks and modes of files")]

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "agent",
    "protocol",
    "tray",
    "demo",
    "sdk/src",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)
EPOCH = 1764000000
LIMIT_S = 300
BUILD = """
import setuptools.build_meta as backend, sys
folder = sys.argv[1]
backend.build_sdist(folder)
sys.argv[1:] = []
backend.build_wheel(folder)
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, copied once: others may work at them while this runs."""
    folder = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
        else:
            shutil.copy(ROOT / name, place)
    return folder


def built(
    sources: Path, folder: Path, *, umask: int, mode: int, zone: str, aged_s: int, **variables: str
) -> dict[str, Path]:
    """Source archive and wheel, built in that folder by somebody with those habits."""
    shutil.copytree(sources, folder / "tree")
    for path in (folder / "tree").rglob("*"):
        if path.is_file():
            path.chmod(mode)
        os.utime(path, (EPOCH - aged_s, EPOCH - aged_s))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "SOURCE_DATE_EPOCH": str(EPOCH), "TZ": zone, "PYTHONWARNINGS": "ignore", **variables,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder / "dist")],
        cwd=folder / "tree",
        env=environment,
        umask=umask,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return {path.suffix: path for path in (folder / "dist").iterdir()}


@pytest.fixture(scope="module")
def twice(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], dict[str, Path]]:
    one = built(sources, tmp_path_factory.mktemp("a"), umask=0o022, mode=0o644, zone="UTC", aged_s=0)
    longer = tmp_path_factory.mktemp("another-folder-with-a-longer-name")
    other = built(
        sources,
        longer,
        umask=0o077,
        mode=0o660,
        zone="Asia/Almaty",
        aged_s=86400,
        PYTHONHASHSEED="7",
        LC_ALL="C",
    )
    return one, other


def contents(archive: Path) -> Iterator[tuple[str, object]]:
    """Name, and digest with access and time, of every file of a wheel or a source archive, in their order."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            for item in opened.infolist():
                yield (
                    item.filename,
                    (
                        hashlib.sha256(opened.read(item)).hexdigest(),
                        oct(item.external_attr >> 16),
                        item.date_time,
                    ),
                )
    else:
        with tarfile.open(archive) as opened:
            for member in opened:
                stream = opened.extractfile(member)
                digest = hashlib.sha256(stream.read() if stream else b"").hexdigest()
                yield member.name, (digest, oct(member.mode), member.mtime, member.uname, member.uid)


@pytest.mark.parametrize("kind", [".whl", ".gz"])
def test_two_builds_are_the_same(twice: tuple[dict[str, Path], dict[str, Path]], kind: str) -> None:
    one, other = (each[kind] for each in twice)
    different = [a for a, b in zip(contents(one), contents(other), strict=True) if a != b]
    assert different == []
    assert one.read_bytes() == other.read_bytes()


def test_the_wheel_holds_the_extension_and_the_archive_its_sources(
    twice: tuple[dict[str, Path], dict[str, Path]],
) -> None:
    if shutil.which("cc") is None:
        pytest.skip("needs tool: C compiler")
    wheel, archive = (dict(contents(twice[0][kind])) for kind in (".whl", ".gz"))
    assert any(name.endswith("_native.abi3.so") for name in wheel)
    assert any(name.endswith("agent/gost/src/module.c") for name in archive)
    assert all(facts[2:] == (EPOCH, "", 0) for facts in archive.values())  # type: ignore[index]
