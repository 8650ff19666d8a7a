"""OpenSSL as a judge that shares no code with us: it takes our RSA and ECDSA messages, and we take its own."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from agent.formats import cms
from tests.support import chains
from tests.support.chains import Party

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs tool: openssl")

DOCUMENT = "құжат\r\nwith two kinds\nof line ends\x00".encode()
AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
FAMILIES = ("rsa", "p256", "p384")


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(OPENSSL), *map(str, arguments)], capture_output=True, check=False, timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The document and each family's root in files."""
    (tmp_path / "document").write_bytes(DOCUMENT)
    roots = "".join(chains.root(family).certificate.pem() for family in FAMILIES)
    (tmp_path / "roots.pem").write_text(roots, encoding="ascii")
    return tmp_path


def accepts(folder: Path, message: bytes, *more: str | Path) -> bool:
    """Whether OpenSSL verifies the message: signatures, certificates, dates and the purpose of signing mail."""
    (folder / "message").write_bytes(message)
    moment = str(int(AT.timestamp()))
    done = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "message", "-out", folder / "out",
        "-CAfile", folder / "roots.pem", "-attime", moment, *more,
    )  # fmt: skip
    return done.returncode == 0 and (folder / "out").read_bytes() == DOCUMENT


@pytest.mark.parametrize("family", FAMILIES)
def test_it_accepts_our_attached_messages(folder: Path, family: str) -> None:
    assert accepts(folder, cms.sign(chains.person(family), DOCUMENT, at=AT, detached=False))


@pytest.mark.parametrize("family", FAMILIES)
def test_it_accepts_our_detached_messages_and_notices_another_document(folder: Path, family: str) -> None:
    message = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True)
    assert accepts(folder, message, "-content", folder / "document")
    (folder / "other").write_bytes(DOCUMENT + b".")
    assert not accepts(folder, message, "-content", folder / "other")


@pytest.mark.parametrize("family", FAMILIES)
def test_it_accepts_signatures_over_a_digest(folder: Path, family: str) -> None:
    person = chains.person(family)
    message = cms.sign_digest(person, person.algorithm.digest(DOCUMENT), at=AT)
    assert accepts(folder, message, "-content", folder / "document")


def test_it_checks_the_certificate_hash_in_our_messages(folder: Path) -> None:
    assert accepts(folder, cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=False), "-cades")


@pytest.mark.parametrize("detached", [False, True])
def test_it_accepts_several_signers_of_several_families(folder: Path, detached: bool) -> None:
    message = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=detached)
    for family in ("p256", "p384"):
        message = cms.cosign(chains.person(family), message, at=AT, content=DOCUMENT)
    content = ("-content", folder / "document") if detached else ()
    assert accepts(folder, message, *content)


def test_it_reads_our_pem(folder: Path) -> None:
    message = folder / "message.pem"
    message.write_text(
        cms.to_pem(cms.sign(chains.person("p256"), DOCUMENT, at=AT, detached=False)), encoding="ascii"
    )
    done = openssl("cms", "-cmsout", "-print", "-inform", "PEM", "-in", message)
    assert done.returncode == 0
    assert b"id-smime-aa-signingCertificateV2" in done.stdout


def signed_by_openssl(folder: Path, person: Party, *more: str) -> bytes:
    key = person.key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(key)
    (folder / "person.pem").write_text(person.certificate.pem(), encoding="ascii")
    done = openssl(
        "cms", "-sign", "-binary", "-in", folder / "document", "-signer", folder / "person.pem",
        "-inkey", folder / "key.pem", "-outform", "DER", *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "options",
    [
        ("-nodetach",),
        (),
        ("-nodetach", "-stream"),
        ("-nodetach", "-cades"),
        ("-nodetach", "-nosmimecap"),
        ("-nodetach", "-md", "sha512"),
    ],
    ids=" ".join,
)
def test_we_accept_its_messages(folder: Path, family: str, options: tuple[str, ...]) -> None:
    message = cms.read(signed_by_openssl(folder, chains.person(family), *options))
    (evidence,) = cms.verify(message, DOCUMENT)
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    (evidence,) = cms.verify(message, DOCUMENT + b".")
    assert evidence.signature == "invalid"


def test_we_accept_its_messages_without_certificates_when_given_one(folder: Path) -> None:
    person = chains.person("rsa")
    message = cms.read(signed_by_openssl(folder, person, "-nodetach", "-nocerts"))
    assert [one.signature for one in cms.verify(message)] == ["unchecked"]
    assert [one.signature for one in cms.verify(message, None, [person.certificate])] == ["valid"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("-noattr",), "no-signed-attributes"),
        (("-keyopt", "rsa_padding_mode:pss"), "unsupported-algorithm"),
        (("-md", "sha1"), "weak-digest"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_we_refuse_what_we_say_we_refuse(folder: Path, options: tuple[str, ...], reason: str) -> None:
    message = cms.read(signed_by_openssl(folder, chains.person("rsa"), "-nodetach", *options))
    (evidence,) = cms.verify(message)
    assert evidence.signature == "unsupported"
    assert reason in evidence.reasons


def test_it_accepts_our_signature_beside_its_own(folder: Path) -> None:
    theirs = signed_by_openssl(folder, chains.person("rsa"), "-nodetach", "-stream")
    both = cms.cosign(chains.person("p256"), theirs, at=AT)
    assert accepts(folder, both)
    assert [one.signature for one in cms.verify(cms.read(both))] == ["valid", "valid"]
