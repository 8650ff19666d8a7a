"""Files we write: octet for octet those of the national authority, and readable by other programs."""

import re
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12 as other

from agent.formats import asn1
from agent.keystores import pbe, pkcs12
from agent.keystores.pkcs12_writer import Entry
from agent.testca import key_files
from tests.support import authority

SALTS = re.compile(rb"\x04\x14(.{20})\x02\x02\x04\x00", re.DOTALL)


def _private_key(data: bytes) -> bytes:
    """PrivateKeyInfo of a national file."""
    inside = asn1.read(data).children()[1].children()[1].children()[0].octets()
    bags = asn1.read(asn1.read(inside).children()[0].children()[1].children()[0].octets())
    algorithm, encrypted = bags.children()[0].children()[1].children()[0].children()
    password = pbe.Password.of(authority.PASSWORD.encode())
    return bytes(
        pbe.decrypt(pbe.AlgorithmIdentifier.load(algorithm.der), encrypted.octets(), password, pbe.Budget())
    )


@pytest.mark.parametrize(
    "name",
    [
        "gost2015_SIGN_legal-head_260508_303eebdf",
        "gost2015_SIGN_individual_230327_cf714b1f",
        "gost2004_SIGN_legal-head_231116_455af122",
        "gost2004_SIGN_legal-head_220118_316f6c63",
        "rsa_AUTH_individual_231116_df5e58a1",
        "rsa_SIGN_individual_231116_641e7295",
    ],
)
def test_a_published_file_is_rebuilt_octet_for_octet(
    vectors: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (vectors / "p12" / f"{name}.p12").read_bytes()
    (key,) = pkcs12.open(data, authority.secret())
    salts = iter(SALTS.findall(data))
    monkeypatch.setattr(secrets, "token_bytes", lambda _: next(salts))
    entry = Entry(_private_key(data), key.certificate)
    assert key_files.national(entry, authority.PASSWORD) == data


@pytest.mark.parametrize(
    "name", ["rsa-sign-head", "rsa-auth-individual", "p256-individual", "rsa-sign-individual-modern"]
)
def test_another_library_reads_our_files(name: str) -> None:
    key, certificate, _ = other.load_key_and_certificates(
        authority.path(name).read_bytes(), authority.PASSWORD.encode()
    )
    assert key is not None
    assert certificate is not None
    with pytest.raises(ValueError, match="password"):
        other.load_key_and_certificates(authority.path(name).read_bytes(), b"wrong")


@pytest.mark.parametrize("name", ["rsa-sign-head", "gost2015-head-modern", "p384-individual-modern"])
def test_openssl_accepts_the_mac_and_the_certificates(name: str, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs tool: openssl")
    path = tmp_path / "file.p12"
    if name == "gost2015-head-modern":
        (key,) = pkcs12.open(authority.path("gost2015-head").read_bytes(), authority.secret())
        entry = Entry(_private_key(authority.path("gost2015-head").read_bytes()), key.certificate)
        path.write_bytes(key_files.modern([entry], authority.PASSWORD))
    else:
        path.write_bytes(authority.path(name).read_bytes())
    legacy = () if name.endswith("modern") else ("-legacy",)
    command = [program, "pkcs12", "-in", str(path), "-nokeys", *legacy, "-passin"]
    done = subprocess.run(
        [*command, f"pass:{authority.PASSWORD}"], capture_output=True, timeout=60, check=False
    )
    if legacy and b"legacy" in done.stderr:
        pytest.skip("needs tool: openssl with its legacy provider")
    assert done.returncode == 0, done.stderr
    assert b"BEGIN CERTIFICATE" in done.stdout
    assert (
        subprocess.run([*command, "pass:wrong"], capture_output=True, timeout=60, check=False).returncode != 0
    )


def test_two_files_of_one_key_share_no_salt() -> None:
    (key,) = pkcs12.open(authority.path("gost2015-head").read_bytes(), authority.secret())
    entry = Entry(_private_key(authority.path("gost2015-head").read_bytes()), key.certificate)
    salts = [SALTS.findall(key_files.national(entry, "x")) for _ in range(2)]
    assert len({*salts[0], *salts[1]}) == 6
