"""OpenSSL, unzip and Python's zipfile as judges of our containers; they share no code with us."""

import io
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.formats import asic
from tests.support import chains

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
FILES = [("құжат.txt", "құжат".encode() * 100), ("f/б.pdf", b"%PDF-1.7"), ("empty", b"")]
FAMILIES = ("rsa", "p256", "p384")


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs tool: {name}")
    return found


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, check=False, timeout=30)


@pytest.fixture
def container() -> bytes:
    """Signed by all families that OpenSSL knows, one after another."""
    first, *others = (chains.person(family) for family in FAMILIES)
    made = asic.create(first, FILES, at=AT)
    for other in others:
        made = asic.add(other, made, at=AT)
    return made


def test_openssl_verifies_each_signature_over_its_manifest(tmp_path: Path, container: bytes) -> None:
    openssl = tool("openssl")
    with zipfile.ZipFile(io.BytesIO(container)) as archive:
        archive.extractall(tmp_path)
    roots = "".join(chains.root(family).certificate.pem() for family in FAMILIES)
    (tmp_path / "roots.pem").write_text(roots, encoding="ascii")
    moment = str(int(AT.timestamp()))
    for number, suffix in ((1, ""), (2, "002"), (3, "003")):
        done = run(
            openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", f"META-INF/signature{number:03}.p7s",
            "-content", f"META-INF/ASiCManifest{suffix}.xml", "-CAfile", "roots.pem", "-attime", moment, "-out", "out",
            cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        manifest = (tmp_path / f"META-INF/ASiCManifest{suffix}.xml").read_bytes()
        assert (tmp_path / "out").read_bytes() == manifest


def test_unzip_finds_nothing_wrong_and_gets_the_files(tmp_path: Path, container: bytes) -> None:
    unzip = tool("unzip")
    (tmp_path / "container.asice").write_bytes(container)
    assert run(unzip, "-tqq", "container.asice", cwd=tmp_path).returncode == 0
    assert run(unzip, "-qq", "container.asice", "-d", "files", cwd=tmp_path).returncode == 0
    for name, content in FILES:
        assert (tmp_path / "files" / name).read_bytes() == content


def test_what_zip_makes_of_the_same_files_verifies_too(tmp_path: Path, container: bytes) -> None:
    """Unpacked by a person, packed again by Info-ZIP with its own extra fields and times."""
    program = tool("zip")
    with zipfile.ZipFile(io.BytesIO(container)) as archive:
        archive.extractall(tmp_path / "files")
        names = archive.namelist()
    assert run(program, "-qX0", "../made.asice", "mimetype", cwd=tmp_path / "files").returncode == 0
    assert run(program, "-qr", "../made.asice", *names[1:], cwd=tmp_path / "files").returncode == 0
    found = asic.verify((tmp_path / "made.asice").read_bytes())
    assert [evidence.signature for evidence in found] == ["valid"] * 3


def test_the_mimetype_can_be_told_by_file(tmp_path: Path, container: bytes) -> None:
    """Magic at octet 38, as the file command and desktops look for it (EN 319 162-1 annex A.1)."""
    assert container[38:69] == b"application/vnd.etsi.asic-e+zip"
    assert container[:4] == b"PK\x03\x04"
    with zipfile.ZipFile(io.BytesIO(container)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert archive.testzip() is None
