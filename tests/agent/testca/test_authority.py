"""Test authorities: made, kept, taken again, and issuing."""

import dataclasses
import os
import shutil
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import KeyType
from agent.certificate import PublicKey
from agent.errors import BadInput, InvalidSignature, StorageFailed
from agent.formats import csr
from agent.formats.csr import Request
from agent.keystores import base, new_keys, pkcs12
from agent.testca import authority as test_authority
from agent.testca.authority import FAMILIES
from agent.testca.key_set import PEOPLE
from protocol.prompts import Purpose
from tests.support import authority

AT = datetime(2026, 11, 23, 10, 30, 15, 123456, tzinfo=UTC)
AUTHORITIES = authority.FOLDER / "ca"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[test_authority.TestAuthority, Path]:
    folder = tmp_path_factory.mktemp("authority") / "new"
    return test_authority.TestAuthority.create(folder, AT), folder


def test_a_new_authority_has_a_root_and_an_issuing_one_for_each_family(
    made: tuple[test_authority.TestAuthority, Path],
) -> None:
    new, _ = made
    assert set(new.issuers) == {(family, role) for family in FAMILIES for role in ("root", "issuing")}
    for root, issuing in zip(new.roots, new.issuing, strict=True):
        root.verify_issued_by(root)
        issuing.verify_issued_by(root)
        assert root.is_ca
        assert issuing.is_ca
        assert (root.path_length, issuing.path_length) == (None, 0)
        assert root.not_before == AT.replace(microsecond=0)


def test_an_authority_is_the_same_when_loaded(made: tuple[test_authority.TestAuthority, Path]) -> None:
    new, folder = made
    loaded = test_authority.TestAuthority.load(folder)
    assert loaded.roots == new.roots
    issued = loaded.issue("gost2004-individual", PEOPLE.individual, not_before=AT)
    issued.certificate.verify_issued_by(new.issuers["gost2004", "issuing"].certificate)


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_private_keys_of_the_authority_are_for_the_owner_only(
    made: tuple[test_authority.TestAuthority, Path],
) -> None:
    _, folder = made
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")}
    assert modes == {0o600}
    assert len(list(folder.glob("*.key"))) == 2 * len(FAMILIES)


def test_an_authority_is_never_overwritten(made: tuple[test_authority.TestAuthority, Path]) -> None:
    _, folder = made
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(StorageFailed, match="already"):
        test_authority.TestAuthority.create(folder, AT)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_an_authority_without_a_place_or_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="no readable"):
        test_authority.TestAuthority.load(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed, match="kept"):
        test_authority.TestAuthority.create(tmp_path / "file" / "below", AT)
    shutil.copytree(AUTHORITIES, tmp_path / "damaged")
    (tmp_path / "damaged" / "rsa-root.pem").write_text("damaged")
    with pytest.raises(StorageFailed):
        test_authority.TestAuthority.load(tmp_path / "damaged")


@pytest.mark.parametrize("name", authority.NAMES)
def test_each_profile_is_issued_and_chains(name: str) -> None:
    ours = test_authority.TestAuthority.load(AUTHORITIES)
    issued = ours.issue(name, PEOPLE.head, PEOPLE.organisation, not_before=AT)
    issuer = ours.issuers[issued.profile.authority, "issuing"].certificate
    issued.certificate.verify_issued_by(issuer)
    assert issued.certificate.authority_key_identifier == issuer.subject_key_identifier
    assert issued.certificate.not_after - issued.certificate.not_before == timedelta(days=365)
    assert issued.file_name.startswith(issued.profile.file_prefix)
    (key,) = pkcs12.open(issued.p12("another"), authority.secret("another"))
    assert key.certificate == issued.certificate
    with pytest.raises(InvalidSignature):
        issued.certificate.verify_issued_by(ours.roots[0])


def test_an_expired_and_a_future_key_are_issued_on_request() -> None:
    ours = test_authority.TestAuthority.load(AUTHORITIES)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    issued = ours.issue(
        "p256-individual", PEOPLE.individual, not_before=past, not_after=past + timedelta(days=30)
    )
    assert issued.certificate.not_after == datetime(2020, 1, 31, tzinfo=UTC)
    far = datetime(2060, 1, 1, tzinfo=UTC)
    assert ours.issue("p256-individual", PEOPLE.individual, not_before=far).certificate.not_before == far


def test_an_unknown_profile_is_bad_input_that_names_the_known_ones() -> None:
    ours = test_authority.TestAuthority.load(AUTHORITIES)
    with pytest.raises(BadInput, match="gost2015-individual"):
        ours.issue("gost2015-president", PEOPLE.individual, not_before=AT)


def test_openssl_accepts_our_chains(tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs tool: openssl")
    for name, family in (("rsa-sign-head", "rsa"), ("rsa-auth-head", "rsa"), ("p384-individual", "ecdsa")):
        (tmp_path / "leaf.pem").write_text(authority.certificate(name).pem())
        purpose = "sslclient" if "auth" in name else "smimesign"
        done = subprocess.run(
            [
                program, "verify", "-x509_strict", "-purpose", purpose, "-attime", str(int(authority.NOW.timestamp())),
                "-CAfile", str(AUTHORITIES / f"{family}-root.pem"),
                "-untrusted", str(AUTHORITIES / f"{family}-issuing.pem"), str(tmp_path / "leaf.pem"),
            ],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_the_checked_in_authority_is_valid_for_a_long_time() -> None:
    for certificate in (
        *authority.roots(),
        *authority.issuing(),
        *map(authority.certificate, authority.NAMES),
    ):
        assert certificate.not_before < authority.NOW < certificate.not_after
        assert certificate.not_after.year == 2049
    expired, future = (
        pkcs12.open(authority.path(f"gost2015-individual-{which}").read_bytes(), authority.secret())[
            0
        ].certificate
        for which in ("expired", "future")
    )
    assert expired.not_after < authority.NOW < future.not_before


def test_test_authorities_of_one_name_are_told_apart_by_their_keys(
    made: tuple[test_authority.TestAuthority, Path],
) -> None:
    """Everybody's test roots bear the same names: trust in one is no trust in another."""
    new, _ = made
    certificate = authority.certificate("gost2015-head")
    with pytest.raises(InvalidSignature, match="match"):
        certificate.verify_issued_by(new.issuers["gost2015", "issuing"].certificate)


# --- requests of others -------------------------------------------------------------------------------------------


def request_of(key_type: KeyType, *, purpose: Purpose = "sign", legal: bool = False) -> Request:
    key = new_keys.generate(key_type)
    attributes = [("CN", "ТЕСТОВ ИВАН"), ("SERIALNUMBER", "IIN123456789013")]
    attributes += [("O", "ТОО «Сынақ»"), ("OU", "BIN123456789021")] if legal else []
    name = csr.subject(attributes)
    return Request.from_der(csr.make(name, PublicKey.from_spki(key.spki_der), purpose, key.private_key.sign))


@pytest.mark.parametrize(
    ("key_type", "purpose", "legal", "uses", "roles"),
    [
        (algorithms.GOST_2015_512_KEY, "sign", False, ("sign", "identify"), ("individual",)),
        (algorithms.GOST_2015_512_KEY, "identify", True, ("sign", "identify"), ("legal", "employee")),
        (algorithms.GOST_2004_KEY, "sign", True, ("sign",), ("legal", "employee")),
        (algorithms.RSA_KEY, "sign", False, ("sign",), ("individual",)),
        (algorithms.RSA_KEY, "identify", True, ("identify",), ("legal", "employee")),
        (algorithms.P384_KEY, "sign", True, ("sign",), ("individual",)),
    ],
)
def test_a_request_gets_a_certificate_of_the_nearest_profile(
    key_type: KeyType, purpose: Purpose, legal: bool, uses: tuple[str, ...], roles: tuple[str, ...]
) -> None:
    issuing = test_authority.TestAuthority.load(AUTHORITIES)
    request = request_of(key_type, purpose=purpose, legal=legal)
    certificate, issuer = issuing.issue_for(request, not_before=AT)
    certificate.verify_issued_by(issuer)
    assert certificate.public_key == request.public_key
    assert certificate.subject == request.subject
    assert (certificate.uses, certificate.roles) == (uses, roles)
    assert certificate.subject_key_identifier == base.identifier_of(request.public_key.bits)


def test_a_profile_can_be_named_if_the_key_is_of_its_kind() -> None:
    issuing = test_authority.TestAuthority.load(AUTHORITIES)
    request = request_of(algorithms.RSA_KEY)
    certificate, _ = issuing.issue_for(request, not_before=AT, profile_name="rsa-sign-head")
    assert certificate.roles == ("legal", "head")
    with pytest.raises(BadInput, match="gost2015-head"):
        issuing.issue_for(request, not_before=AT, profile_name="gost2015-head")


def test_a_request_that_proves_no_key_gets_nothing() -> None:
    issuing = test_authority.TestAuthority.load(AUTHORITIES)
    request = request_of(algorithms.P256_KEY)
    other = request_of(algorithms.P256_KEY)
    with pytest.raises(BadInput, match="proves"):
        issuing.issue_for(dataclasses.replace(request, signature=other.signature), not_before=AT)
