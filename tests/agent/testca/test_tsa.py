"""The timestamp authority of the tests answers as the national one does, octet for octet, and errs when it is told to."""

import dataclasses
from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import KeyType, SignatureAlgorithm
from agent.errors import BadInput, TimestampFailed
from agent.formats import asn1, cms, tsp
from agent.testca import tsa
from agent.testca.authority import Issuer
from agent.testca.keys import KeyPair
from agent.testca.tsa import Fault
from tests.support import messages, timestamps

OCTETS = b"octets of a signature"
POLICIES = {"gost2015": tsp.POLICY_GOST_2015, "gost2004": tsp.POLICY_GOST_2004, "rsa": tsp.POLICY_RSA}


def asked(policy: str | None = tsp.POLICY_GOST_2015, nonce: int = 7) -> bytes:
    return tsp.request(algorithms.SHA256(OCTETS), algorithms.SHA256, policy=policy, nonce=nonce)


def answer(
    request: bytes, family: str = "gost2015", fault: Fault | None = None, *, serial_number: int = 1
) -> bytes:
    return tsa.respond(
        request, timestamps.issuer(family), at=timestamps.AT, serial_number=serial_number, fault=fault
    )


def stamp(fault: Fault | None = None) -> tsp.Timestamp:
    return tsp.read_token(tsp.read_response(answer(asked(), fault=fault)))


def check(timestamp: tsp.Timestamp) -> None:
    imprint = algorithms.SHA256(OCTETS)
    policy = tsp.POLICY_GOST_2015
    tsp.check_answer(timestamp, imprint=imprint, digest=algorithms.SHA256, policy=policy, nonce=7)


@dataclasses.dataclass(frozen=True)
class Remembered:
    """A private key that makes one signature: that of a published token."""

    key_type: KeyType
    signature: bytes

    @property
    def public_octets(self) -> bytes:
        return b""

    def sign(self, algorithm: SignatureAlgorithm, digest: bytes) -> bytes:
        return self.signature

    def wipe(self) -> None: ...


def rebuilt(token: bytes) -> bytes:
    """The answer with that token, from what varies: certificate, time, serial number, imprint, nonce and signature."""
    read = tsp.read_token(token)
    certificate = read.evidence.certificate
    assert certificate is not None
    assert read.nonce is not None
    key = Remembered(certificate.public_key.key_type, read.evidence.signer_info.signature)
    request = tsp.request(read.imprint, read.digest, policy=read.policy, nonce=read.nonce)
    issuer = Issuer(certificate, KeyPair(key, b""))
    return tsa.respond(request, issuer, at=read.moment, serial_number=read.serial_number)


def test_the_published_answer_is_rebuilt_octet_for_octet(vectors: Path) -> None:
    published = (vectors / "tsp/ncanode_tsp_response.tsr").read_bytes()
    assert rebuilt(tsp.read_response(published)) == published


def test_every_published_token_is_rebuilt_octet_for_octet(vectors: Path) -> None:
    seen = set()
    for message in messages.published(vectors):
        for evidence in cms.verify(cms.read(message.data), message.document):
            for timestamp in timestamps.of(evidence):
                assert tsp.read_response(rebuilt(timestamp.token)) == timestamp.token, message.name
                seen.add(timestamp.policy)
    assert seen == {tsp.POLICY_GOST_2004, tsp.POLICY_GOST_2015}


@pytest.mark.parametrize(("family", "policy"), POLICIES.items())
def test_the_policy_selects_the_authoritys_own_algorithm(family: str, policy: str) -> None:
    assert tsa.family_of(asked(policy)) == family
    timestamp = tsp.read_token(tsp.read_response(answer(asked(policy), family)))
    assert timestamp.policy == policy
    assert timestamp.digest == algorithms.SHA256
    assert timestamp.evidence.signature == "valid"


@pytest.mark.parametrize("request_", [b"", b"garbage", asked(None), asked("1.2.3.4.5.6")])
def test_what_names_no_policy_of_ours_goes_to_the_present_one(request_: bytes) -> None:
    assert tsa.family_of(request_) == "gost2015"


def test_without_a_policy_the_authority_answers_under_its_own() -> None:
    timestamp = tsp.read_token(tsp.read_response(answer(asked(None), "rsa")))
    assert timestamp.policy == tsp.POLICY_RSA


def test_a_serial_number_of_twenty_octets_is_one() -> None:
    read = tsp.read_token(tsp.read_response(answer(asked(), serial_number=(1 << 159) - 1)))
    assert read.serial_number == (1 << 159) - 1


def changed(**parts: bytes) -> bytes:
    """A request with parts replaced, in this order."""
    usual = {
        "version": asn1.integer(1),
        "imprint": asn1.element(
            asn1.SEQUENCE, algorithms.SHA256.identifier_der, asn1.element(asn1.OCTET_STRING, bytes(32))
        ),
        "policy": algorithms.oid_der(tsp.POLICY_GOST_2015),
        "nonce": asn1.integer(7),
        "certificate": b"\x01\x01\xff",
        "extensions": b"",
    }
    return asn1.element(asn1.SEQUENCE, *(usual | parts).values())


UNKNOWN_DIGEST = asn1.element(
    asn1.SEQUENCE,
    algorithms.algorithm_identifier("1.2.3.4", b""),
    asn1.element(asn1.OCTET_STRING, bytes(32)),
)


@pytest.mark.parametrize(
    ("request_", "failure"),
    [
        (b"garbage", "badDataFormat"),
        (changed(imprint=b"\x30\x00"), "badDataFormat"),
        (changed(imprint=UNKNOWN_DIGEST), "badAlg"),
        (changed(policy=algorithms.oid_der("1.2.398.3.3.2.6.3")), "unacceptedPolicy"),
        (changed(version=asn1.integer(2)), "badRequest"),
        (changed(extensions=b"\xa0\x00"), "unacceptedExtension"),
    ],
)
def test_what_can_not_be_granted_is_refused_with_the_reason(request_: bytes, failure: str) -> None:
    with pytest.raises(TimestampFailed, match=f"rejection, {failure}$"):
        tsp.read_response(answer(request_))


def test_a_policy_of_another_key_is_not_accepted() -> None:
    with pytest.raises(TimestampFailed, match="unacceptedPolicy"):
        tsp.read_response(answer(asked(tsp.POLICY_RSA), "gost2015"))


def test_without_fault_a_client_is_content() -> None:
    check(stamp())


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.WRONG_NONCE, "nonce"),
        (Fault.WRONG_IMPRINT, "something else"),
        (Fault.OTHER_POLICY, "under policy"),
        (Fault.REJECTION, "systemFailure"),
    ],
)
def test_a_client_notices_the_fault(fault: Fault, why: str) -> None:
    with pytest.raises(TimestampFailed, match=why):
        check(stamp(fault))


def test_garbage_is_no_answer() -> None:
    with pytest.raises(BadInput):
        stamp(Fault.GARBAGE)


def test_a_bad_signature_is_the_only_thing_wrong() -> None:
    timestamp = stamp(Fault.BAD_SIGNATURE)
    check(timestamp)
    assert (timestamp.evidence.signature, timestamp.evidence.reasons) == ("invalid", ("signature-mismatch",))


def test_an_expired_certificate_is_the_only_thing_wrong() -> None:
    timestamp = stamp(Fault.EXPIRED_CERTIFICATE)
    check(timestamp)
    assert timestamp.evidence.signature == "valid"
    assert timestamp.moment > timestamp.certificates[0].not_after


def test_every_fault_has_its_test() -> None:
    assert len(Fault) == 7
