"""NSS's own tool: what we make of its words, and what it leaves behind when it fails."""

import subprocess
from pathlib import Path

import pytest

from agent.localhost import certutil, identity
from agent.localhost.errors import MissingTool, StoreFailed
from tests.support import browsers

NAME = "Qalamsap local authority 01234567"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    browsers.needs("certutil")
    folder = tmp_path / "a database"
    folder.mkdir()
    certutil.create(folder)
    return folder


def test_an_authority_is_trusted_for_tls_servers_and_nothing_else(
    database: Path, issued: identity.Identity
) -> None:
    assert certutil.is_database(database)
    assert certutil.entries(database) == ()
    assert certutil.fingerprint(database, NAME) is None
    certutil.add(database, NAME, issued.authority_sha256, issued.authority_path)
    assert certutil.entries(database) == (certutil.Entry(NAME, "C,,"),)
    assert certutil.fingerprint(database, NAME) == issued.authority_sha256
    assert certutil.trusts(database, NAME, issued.authority_sha256)
    assert not certutil.trusts(database, NAME, "00")
    certutil.delete(database, NAME)
    assert certutil.entries(database) == ()


def test_a_certificate_without_trust_is_not_trusted(database: Path, issued: identity.Identity) -> None:
    command = [
        "certutil",
        "-d",
        f"sql:{database}",
        "-A",
        "-n",
        NAME,
        "-t",
        ",,",
        "-i",
        str(issued.authority_path),
    ]
    subprocess.run(command, check=True, timeout=30)
    assert not certutil.trusts(database, NAME, issued.authority_sha256)


def test_a_database_with_a_password_is_refused_and_left_as_it_was(
    tmp_path: Path, issued: identity.Identity
) -> None:
    browsers.needs("certutil")
    (tmp_path / "password").write_text("secret\n")
    command = ["certutil", "-d", f"sql:{tmp_path}", "-N", "-f", str(tmp_path / "password")]
    subprocess.run(command, check=True, timeout=30)
    with pytest.raises(StoreFailed, match="a main password protects this database"):
        certutil.add(tmp_path, NAME, issued.authority_sha256, issued.authority_path)
    assert certutil.entries(tmp_path) == ()


def test_a_broken_database_is_an_error(tmp_path: Path) -> None:
    browsers.needs("certutil")
    for name in certutil.DATABASE_FILES:
        (tmp_path / name).write_bytes(b"no database")
    with pytest.raises(StoreFailed):
        certutil.entries(tmp_path)


def test_without_the_tool_the_error_names_debians_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match=r"certutil is not installed; .* in the package libnss3-tools"):
        certutil.entries(tmp_path)


def test_a_folder_that_lacks_a_file_is_no_database(database: Path) -> None:
    (database / "pkcs11.txt").unlink()
    assert not certutil.is_database(database)
