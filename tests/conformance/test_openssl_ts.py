"""OpenSSL as a judge of timestamps: it believes our authority, our authority answers it, and it takes our CAdES-T."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from agent import algorithms
from agent.formats import cms, cms_stream, tsp
from agent.testca import tsa
from agent.testca.tsa import Fault
from tests.support import authority, chains, timestamps

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs tool: openssl")

DOCUMENT = "құжат\r\nwith two kinds\nof line ends\x00".encode()
SIGNED_AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
PROFILE = tsp.profile_for(algorithms.RSA_SHA256)


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(OPENSSL), *map(str, arguments)], capture_output=True, check=False, timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The document, the authorities above our timestamp authority, and the roots of signers, in files."""
    (tmp_path / "document").write_bytes(DOCUMENT)
    above = "".join(certificate.pem() for certificate in (*authority.roots(), *authority.issuing()))
    (tmp_path / "authorities.pem").write_text(above, encoding="ascii")
    roots = "".join(chains.root(family).certificate.pem() for family in ("rsa", "p256", "p384"))
    (tmp_path / "roots.pem").write_text(roots, encoding="ascii")
    return tmp_path


def asked(nonce: int = timestamps.NONCE) -> bytes:
    return tsp.request(PROFILE.digest(DOCUMENT), PROFILE.digest, policy=PROFILE.policy, nonce=nonce)


def answered(folder: Path, question: bytes, fault: Fault | None = None) -> None:
    """Question and answer in the files "query" and "answer"."""
    (folder / "query").write_bytes(question)
    made = tsa.respond(
        question, timestamps.issuer("rsa"), at=timestamps.AT, serial_number=0xABCDEF, fault=fault
    )
    (folder / "answer").write_bytes(made)


def verifies(folder: Path, *against: str | Path) -> bool:
    moment = str(int(timestamps.AT.timestamp()))
    done = openssl("ts", "-verify", "-CAfile", folder / "authorities.pem", "-attime", moment, *against)
    return done.returncode == 0 and b"Verification: OK" in done.stdout


# --- our questions, its reading; its questions, our answers -----------------------------------------------------------


def test_it_reads_our_question(folder: Path) -> None:
    (folder / "query").write_bytes(asked(nonce=0x1234))
    done = openssl("ts", "-query", "-in", folder / "query", "-text")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "Version: 1" in text
    assert "Hash Algorithm: sha256" in text
    assert f"Policy OID: {tsp.POLICY_RSA}" in text
    assert "Nonce: 0x1234" in text
    assert "Certificate required: yes" in text


@pytest.mark.parametrize("with_policy", [True, False])
@pytest.mark.parametrize("digest", ["-sha1", "-sha256", "-sha384", "-sha512"])
def test_our_authority_answers_its_question_and_it_is_content(
    folder: Path, digest: str, with_policy: bool
) -> None:
    policy = ("-tspolicy", tsp.POLICY_RSA) if with_policy else ()
    made = openssl(
        "ts", "-query", "-data", folder / "document", digest, "-cert", *policy, "-out", folder / "query"
    )
    assert made.returncode == 0, made.stderr
    answered(folder, (folder / "query").read_bytes())
    assert verifies(folder, "-queryfile", folder / "query", "-in", folder / "answer")


def test_our_authority_refuses_a_digest_it_does_not_know(folder: Path) -> None:
    openssl("ts", "-query", "-data", folder / "document", "-sha3-256", "-out", folder / "query")
    answered(folder, (folder / "query").read_bytes())
    done = openssl("ts", "-reply", "-in", folder / "answer", "-text")
    assert b"Status: Rejected." in done.stdout
    assert b"unrecognized or unsupported algorithm identifier" in done.stdout


# --- our answers, its judgement ---------------------------------------------------------------------------------------


def test_it_accepts_our_answer_to_our_question(folder: Path) -> None:
    answered(folder, asked())
    assert verifies(folder, "-queryfile", folder / "query", "-in", folder / "answer")
    assert verifies(folder, "-data", folder / "document", "-in", folder / "answer")
    text = openssl("ts", "-reply", "-in", folder / "answer", "-text").stdout.decode()
    assert "Status: Granted." in text
    assert "Time stamp: Jun  1 09:30:15 2026 GMT" in text
    assert "Serial number: 0xABCDEF" in text
    assert "Ordering: no" in text


def test_it_accepts_our_token_without_the_answer_around_it(folder: Path) -> None:
    answered(folder, asked())
    token = folder / "token"
    token.write_bytes(tsp.read_response((folder / "answer").read_bytes()))
    assert verifies(folder, "-data", folder / "document", "-in", token, "-token_in")
    taken_out = openssl("ts", "-reply", "-in", folder / "answer", "-token_out", "-out", folder / "its-token")
    assert taken_out.returncode == 0
    assert (folder / "its-token").read_bytes() == token.read_bytes()


def test_it_accepts_a_token_of_an_elliptic_curve(folder: Path) -> None:
    issuer = timestamps.issuer("ecdsa")
    (folder / "query").write_bytes(asked())
    (folder / "answer").write_bytes(tsa.respond(asked(), issuer, at=timestamps.AT, serial_number=1))
    assert verifies(folder, "-queryfile", folder / "query", "-in", folder / "answer")


def test_it_notices_another_document(folder: Path) -> None:
    answered(folder, asked())
    (folder / "other").write_bytes(DOCUMENT + b".")
    assert not verifies(folder, "-data", folder / "other", "-in", folder / "answer")


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.EXPIRED_CERTIFICATE])
def test_it_notices_each_fault_that_we_notice(folder: Path, fault: Fault) -> None:
    """But for the expired certificate: it looks at the moment it is told to, not at the one in the token."""
    answered(folder, asked(), fault)
    assert not verifies(folder, "-queryfile", folder / "query", "-in", folder / "answer")


# --- CAdES-T ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("family", ["rsa", "p256", "p384"])
def test_it_accepts_messages_with_timestamps(folder: Path, family: str, detached: bool) -> None:
    bare = cms.sign(chains.person(family), DOCUMENT, at=SIGNED_AT, detached=detached)
    (folder / "message").write_bytes(timestamps.stamped(bare))
    content = ("-content", folder / "document") if detached else ()
    done = openssl(
        "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", folder / "message", "-out", folder / "out",
        "-CAfile", folder / "roots.pem", "-attime", str(int(SIGNED_AT.timestamp())), *content,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "out").read_bytes() == DOCUMENT
    shown = openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", folder / "message").stdout
    assert b"id-smime-aa-timeStampToken" in shown


def test_it_verifies_the_timestamp_in_a_message_over_the_signature(folder: Path) -> None:
    message = timestamps.stamped(cms.sign(chains.person("rsa"), DOCUMENT, at=SIGNED_AT, detached=False))
    (evidence,) = cms.verify(cms.read(message))
    (timestamp,) = timestamps.of(evidence)
    (folder / "token").write_bytes(timestamp.token)
    (folder / "signature").write_bytes(evidence.stamped)
    assert verifies(folder, "-data", folder / "signature", "-in", folder / "token", "-token_in")
    assert not verifies(folder, "-data", folder / "document", "-in", folder / "token", "-token_in")


def test_our_streamed_message_of_several_pieces_is_accepted(folder: Path) -> None:
    large = folder / "large"
    large.write_bytes(DOCUMENT * 80_000)
    with large.open("rb") as document, (folder / "message").open("w+b") as output:
        detached = cms.sign(chains.person("rsa"), large.read_bytes(), at=SIGNED_AT, detached=True)
        cms_stream.attach(detached, document, output)
    done = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "message", "-out", folder / "out",
        "-CAfile", folder / "roots.pem", "-attime", str(int(SIGNED_AT.timestamp())),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "out").read_bytes() == large.read_bytes()


def test_its_streamed_message_is_verified_without_being_read_as_a_whole(folder: Path) -> None:
    person = chains.person("rsa")
    key = person.key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(key)
    (folder / "person.pem").write_text(person.certificate.pem(), encoding="ascii")
    (folder / "large").write_bytes(DOCUMENT * 80_000)
    done = openssl(
        "cms", "-sign", "-binary", "-nodetach", "-stream", "-in", folder / "large", "-outform", "DER",
        "-signer", folder / "person.pem", "-inkey", folder / "key.pem", "-out", folder / "message",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (folder / "message").open("rb") as file:
        (evidence,) = cms_stream.verify_attached(file)
    assert (evidence.signature, evidence.reasons) == ("valid", ())
