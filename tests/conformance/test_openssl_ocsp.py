"""OpenSSL as a judge of OCSP and revocation lists that shares no code with us: it reads our requests, accepts our test responder's answers
and lists, and answers requests of ours that our reader accepts. RSA and ECDSA; it knows no national GOST."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.testca.crl_issuer import CrlIssuer
from agent.testca.ocsp_responder import OcspResponder
from agent.testca.revocation_register import RevocationRegister
from agent.trust import crl, ocsp
from tests.support import responders
from tests.support.responders import NONCE, World

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs tool: openssl")

FAMILIES = pytest.mark.parametrize("family", ["rsa", "ecdsa"])


def openssl(*arguments: str | Path) -> str:
    """What it says, on both channels."""
    done = subprocess.run([str(OPENSSL), *map(str, arguments)], capture_output=True, check=False, timeout=30)
    return f"{done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}"


@pytest.fixture
def now() -> datetime:
    """The clock that OpenSSL goes by: it can't be told another for OCSP."""
    return datetime.now(UTC).replace(microsecond=0)


def written(folder: Path, world: World) -> dict[str, Path]:
    files = {name: folder / name for name in ("issuer.pem", "leaf.pem", "roots.pem", "request", "response")}
    files["issuer.pem"].write_text(world.issuer.pem(), encoding="ascii")
    files["leaf.pem"].write_text(world.certificate.pem(), encoding="ascii")
    root = responders.checked_in().issuers[world.family, "root"].certificate
    files["roots.pem"].write_text(root.pem() + world.issuer.pem(), encoding="ascii")
    files["request"].write_bytes(ocsp.request(world.certificate, world.issuer, nonce=NONCE))
    return files


@FAMILIES
def test_it_reads_our_requests(tmp_path: Path, family: str) -> None:
    world = World(family)
    files = written(tmp_path, world)
    said = openssl("ocsp", "-reqin", files["request"], "-req_text")
    assert said.startswith("0\n")
    assert f"Serial Number: {world.certificate.serial_number:040X}" in said
    assert "Hash Algorithm: sha256" in said
    assert f"0408{NONCE.hex().upper()}" in said


@FAMILIES
def test_its_own_request_is_ours_but_for_the_nonce(tmp_path: Path, family: str) -> None:
    world = World(family)
    files = written(tmp_path, world)
    openssl(
        "ocsp", "-sha256", "-issuer", files["issuer.pem"], "-cert", files["leaf.pem"],
        "-no_nonce", "-reqout", tmp_path / "theirs",
    )  # fmt: skip
    ours = ocsp.request(world.certificate, world.issuer, nonce=None)
    assert (tmp_path / "theirs").read_bytes() == ours


@FAMILIES
@pytest.mark.parametrize("reason", [None, "superseded", "certificateHold"])
def test_it_accepts_answers_of_our_responder(
    tmp_path: Path, now: datetime, family: str, reason: str | None
) -> None:
    world = World(family)
    files = written(tmp_path, world)
    register = RevocationRegister()
    if reason:
        register.revoke(world.certificate.serial_number, now - timedelta(hours=1), reason)
    responder = OcspResponder(responders.checked_in(), family, register, at=now)
    files["response"].write_bytes(responder.respond(files["request"].read_bytes(), at=now))
    # Without "-no_nonce" it would put a nonce of its own in the place of ours; it compares ours all the same.
    said = openssl(
        "ocsp", "-reqin", files["request"], "-respin", files["response"], "-CAfile", files["roots.pem"],
        "-issuer", files["issuer.pem"], "-sha256", "-cert", files["leaf.pem"], "-no_nonce",
    )  # fmt: skip
    assert "Response verify OK" in said, said
    assert f"{files['leaf.pem']}: {'revoked' if reason else 'good'}" in said
    assert reason is None or f"Reason: {reason}" in said


@pytest.mark.parametrize("state", ["V", "R"])
def test_we_accept_answers_of_its_responder(tmp_path: Path, now: datetime, state: str) -> None:
    world = World("rsa")
    files = written(tmp_path, world)
    service = responders.checked_in().issue_service("ocsp", "rsa", not_before=now - timedelta(days=1))
    (tmp_path / "service.pem").write_text(service.certificate.pem(), encoding="ascii")
    (tmp_path / "service.key").write_bytes(service.key.pkcs8_der)
    revoked_at = f"{now - timedelta(hours=1):%y%m%d%H%M%SZ},keyCompromise" if state == "R" else ""
    (tmp_path / "index").write_text(
        f"{state}\t491231235959Z\t{revoked_at}\t{world.certificate.serial_number:040X}\tunknown\t/CN=leaf\n",
        encoding="ascii",
    )
    said = openssl(
        "ocsp", "-index", tmp_path / "index", "-CA", files["issuer.pem"], "-rsigner", tmp_path / "service.pem",
        "-rkey", tmp_path / "service.key", "-reqin", files["request"], "-respout", files["response"], "-ndays", "1",
    )  # fmt: skip
    assert files["response"].exists(), said
    answer = ocsp.read(
        files["response"].read_bytes(), world.certificate, world.issuer, nonce=NONCE, at=datetime.now(UTC)
    )
    assert answer.status == ("revoked" if state == "R" else "good")
    assert answer.nonce_matched
    assert answer.next_update is not None
    assert answer.reason == ("keyCompromise" if state == "R" else "")


@FAMILIES
@pytest.mark.parametrize("kind", ["whole", "delta"])
def test_it_verifies_our_lists(tmp_path: Path, now: datetime, family: str, kind: str) -> None:
    world = World(family)
    files = written(tmp_path, world)
    register = RevocationRegister()
    register.revoke(
        world.certificate.serial_number,
        now - timedelta(hours=1),
        "keyCompromise",
        invalid_since=now - timedelta(days=9),
    )
    made = CrlIssuer(world.authority, register)
    octets = (
        made.full(number=14, at=now)
        if kind == "whole"
        else made.delta(number=3, base=14, since=now - timedelta(days=1), at=now)
    )
    (tmp_path / "list").write_bytes(octets)
    said = openssl(
        "crl", "-inform", "DER", "-in", tmp_path / "list", "-CAfile", files["roots.pem"], "-noout", "-text"
    )
    assert "verify OK" in said
    assert f"Serial Number: {world.certificate.serial_number:040X}" in said
    assert "Key Compromise" in said
    assert "Invalidity Date" in said
    assert ("X509v3 Delta CRL Indicator: critical" in said) == (kind == "delta")
    assert crl.read(octets, world.issuer).find(world.certificate.serial_number)
