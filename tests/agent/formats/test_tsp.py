"""Timestamps: the request as the national authority takes it, its answers and tokens, and whatever else may come back."""

import contextlib
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import tsp as library
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.errors import BadInput, TimestampFailed, UnsupportedOperation
from agent.formats import asn1, cms, cms_build, tsp
from agent.formats.tsp import Timestamp
from agent.testca import tsa
from tests.support import chains, timestamps

OCTETS = b"octets of a signature"
SHA256, STREEBOG = algorithms.SHA256, algorithms.STREEBOG_512
PROFILE = tsp.Profile(tsp.POLICY_RSA, SHA256)


def asked(digest: DigestAlgorithm = SHA256, policy: str | None = tsp.POLICY_RSA, nonce: int = 7) -> bytes:
    return tsp.request(digest(OCTETS), digest, policy=policy, nonce=nonce)


def info(
    *more: bytes,
    version: int = 1,
    digest: bytes = SHA256.identifier_der,
    imprint: bytes = SHA256(OCTETS),
    time: bytes = asn1.generalized_time(timestamps.AT),
) -> bytes:
    """TSTInfo up to its time, and then `more`."""
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(version),
        algorithms.oid_der(tsp.POLICY_RSA),
        asn1.element(asn1.SEQUENCE, digest, asn1.element(asn1.OCTET_STRING, imprint)),
        asn1.integer(5),
        time,
        *more,
    )


def token(
    content: bytes | None = None,
    *,
    content_type: str = cms_build.TIMESTAMP_INFO,
    names_certificate: bool = True,
    signers: int = 1,
) -> bytes:
    """A token by a person who may stamp nothing, over `content`; it is signed rightly."""
    content = info() if content is None else content
    person = chains.person("p256")
    attributes = cms_build.signed_attributes(
        SHA256(content),
        timestamps.AT,
        certificate_sha256=SHA256(person.certificate.der) if names_certificate else None,
        content_type=content_type,
    )
    infos = [
        cms_build.signer_info(
            issuer=person.certificate.issuer.der,
            serial_number=person.certificate.serial_number,
            digest_algorithm=SHA256.identifier_der,
            attributes=attributes,
            signature_algorithm=person.algorithm.identifier_der,
            signature=person.sign_digest(SHA256(attributes)),
        )
        for _ in range(signers)
    ]
    return cms_build.signed_data(
        version=3,
        digest_algorithms=[SHA256.identifier_der],
        content=content,
        content_type=content_type,
        certificates=[person.certificate.der],
        signers=infos,
    )


# --- asking -------------------------------------------------------------------------------------------------------


def test_a_request_is_der_octet_for_octet() -> None:
    encoded = tsp.request(b"i" * 64, STREEBOG, policy=tsp.POLICY_GOST_2015, nonce=0x0102030405060708)
    assert encoded.hex() == (
        "306c" "020101"
        "3050" "300c06082a830e030a0103030500" "0440" + "69" * 64 + "06082a830e0303020604"
        "02080102030405060708" "0101ff"
    )  # fmt: skip


def test_another_library_reads_our_request() -> None:
    parsed = library.TimeStampReq.load(asked(), strict=True)
    assert parsed["version"].native == "v1"
    assert parsed["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert parsed["message_imprint"]["hashed_message"].native == SHA256(OCTETS)
    assert parsed["req_policy"].dotted == tsp.POLICY_RSA
    assert (parsed["nonce"].native, parsed["cert_req"].native) == (7, True)


def test_a_policy_may_be_left_to_the_authority() -> None:
    assert library.TimeStampReq.load(asked(policy=None), strict=True)["req_policy"].native is None


def test_an_imprint_of_another_length_is_never_sent() -> None:
    with pytest.raises(BadInput, match="imprint is 32 octets, 64 expected"):
        tsp.request(b"i" * 32, STREEBOG, policy=None, nonce=1)


@pytest.mark.parametrize(
    ("algorithm", "policy", "digest"),
    [
        (algorithms.GOST_2015_512, "1.2.398.3.3.2.6.4", STREEBOG),
        (algorithms.GOST_2004, "1.2.398.3.3.2.6.1", algorithms.GOST_94),
        (algorithms.RSA_SHA256, "1.2.398.3.3.2.6.2", SHA256),
        (algorithms.RSA_SHA512, "1.2.398.3.3.2.6.2", SHA256),
        (algorithms.ECDSA_SHA384, "1.2.398.3.3.2.6.2", SHA256),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_policy_and_imprint_belong_to_the_signers_family(
    algorithm: algorithms.SignatureAlgorithm, policy: str, digest: DigestAlgorithm
) -> None:
    assert tsp.profile_for(algorithm) == tsp.Profile(policy, digest)


# --- answers ------------------------------------------------------------------------------------------------------


def answer(status: int, *more: bytes, token: bytes = b"") -> bytes:
    return asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, asn1.integer(status), *more), token)


def test_the_published_answer_holds_the_published_token(vectors: Path) -> None:
    answer = (vectors / "tsp/ncanode_tsp_response.tsr").read_bytes()
    assert tsp.read_response(answer) == (vectors / "tsp/ncanode_tsp_token.der").read_bytes()


def test_granted_with_modifications_is_granted() -> None:
    assert tsp.read_response(answer(1, token=b"\x30\x00")) == b"\x30\x00"


@pytest.mark.parametrize(
    ("status", "words"),
    [(2, "rejection"), (3, "waiting"), (4, "revocationWarning"), (5, "revocationNotification")],
)
def test_any_other_status_is_a_failure_that_says_which(status: int, words: str) -> None:
    with pytest.raises(TimestampFailed, match=f"refused: {words}$"):
        tsp.read_response(answer(status))


@pytest.mark.parametrize(("bit", "word"), tsp.FAILURES.items())
def test_a_refusal_says_what_failed(bit: int, word: str) -> None:
    octets = bytes((7 - bit % 8,)) + bytes(bit // 8) + bytes((0x80 >> bit % 8,))
    with pytest.raises(TimestampFailed, match=f"rejection, {word}$"):
        tsp.read_response(answer(2, asn1.element(asn1.BIT_STRING, octets)))


def test_what_the_authority_says_is_told_without_control_characters() -> None:
    text = asn1.element(asn1.SEQUENCE, asn1.element(asn1.UTF8_STRING, "қате\n\x1b[31m".encode()))
    with pytest.raises(TimestampFailed, match=r"rejection, қате  \[31m$"):
        tsp.read_response(answer(2, text))


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"\x30\x00",
        answer(0),
        answer(6),
        answer(-1),
        answer(0, token=b"\x30\x00\x05\x00"),
        answer(0, token=b"\x04\x00"),
        answer(0, token=b"\x30\x00") + b"\x00",
        answer(0, b"\x05\x00", token=b"\x30\x00"),
        bytes(tsp.MAX_SIZE_BYTES + 1),
    ],
)
def test_a_damaged_answer_is_bad_input(damaged: bytes) -> None:
    with pytest.raises(BadInput):
        tsp.read_response(damaged)


@given(st.binary(max_size=100))
def test_any_octets_are_an_answer_a_refusal_or_bad_input(data: bytes) -> None:
    with contextlib.suppress(BadInput, TimestampFailed):
        tsp.read_response(data)


# --- tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", timestamps.FAMILIES)
def test_a_token_says_what_was_stamped_when_and_under_which_policy(family: str) -> None:
    profile = next(
        tsp.profile_for(algorithm)
        for algorithm in (algorithms.GOST_2015_512, algorithms.GOST_2004, algorithms.RSA_SHA256)
        if algorithms.signature_for_key(timestamps.issuer(family).key.private_key.key_type) == algorithm
    )
    token = timestamps.token(OCTETS, profile)
    read = tsp.read_token(token)
    assert (read.token, read.moment, read.policy) == (token, timestamps.AT, profile.policy)
    assert (read.digest, read.imprint, read.nonce) == (
        profile.digest,
        profile.digest(OCTETS),
        timestamps.NONCE,
    )
    assert read.serial_number >= 1 << 158
    assert read.evidence.signature == "valid"
    assert read.evidence.certificate == timestamps.issuer(family).certificate
    assert read.certificates == (timestamps.issuer(family).certificate,)
    assert read.is_over(OCTETS)
    assert not read.is_over(OCTETS + b".")
    assert not read.has_weak_imprint


def test_a_published_token_with_an_imprint_of_sha1_is_read_and_called_weak(vectors: Path) -> None:
    read = tsp.read_token((vectors / "tsp/ncanode_tsp_token.der").read_bytes())
    assert (read.evidence.signature, read.evidence.reasons) == ("valid", ())
    assert (read.policy, read.digest) == (tsp.POLICY_GOST_2004, algorithms.SHA1)
    assert read.moment == datetime(2022, 9, 18, 13, 20, 14, tzinfo=UTC)
    assert read.has_weak_imprint


def test_what_is_optional_is_passed_over() -> None:
    accuracy = asn1.element(asn1.SEQUENCE, asn1.integer(1), asn1.element(0x80, b"\x05"))
    ordering = asn1.element(asn1.BOOLEAN, b"\xff")
    nonce = asn1.integer(9)
    tsa_name = asn1.element(0xA0, asn1.element(0xA4, chains.name("TSA")))
    extension = asn1.element(
        asn1.SEQUENCE, algorithms.oid_der("1.2.3.4"), asn1.element(asn1.OCTET_STRING, b"")
    )
    extensions = asn1.element(0xA1, extension)
    read = tsp.read_token(token(info(accuracy, ordering, nonce, tsa_name, extensions)))
    assert (read.nonce, read.evidence.signature) == (9, "valid")
    assert tsp.read_token(token(info(tsa_name))).nonce is None


@pytest.mark.parametrize(
    ("written", "microsecond"),
    [("20260601093015Z", 0), ("20260601093015.5Z", 500_000), ("20260601093015.1234567Z", 123_456)],
)
def test_the_time_may_have_a_fraction(written: str, microsecond: int) -> None:
    read = tsp.read_token(token(info(time=asn1.element(asn1.GENERALIZED_TIME, written.encode()))))
    assert read.moment == timestamps.AT.replace(microsecond=microsecond)


def test_a_token_without_certificates_is_checked_with_one_that_is_given() -> None:
    issuer = timestamps.issuer("rsa")
    question = asked()[:-1] + b"\x00"  # certReq FALSE
    bare = tsp.read_response(tsa.respond(question, issuer, at=timestamps.AT, serial_number=1))
    assert tsp.read_token(bare).evidence.signature == "unchecked"
    assert tsp.read_token(bare, [issuer.certificate]).evidence.signature == "valid"


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        cms.sign(chains.person("p256"), b"a document", at=timestamps.AT, detached=False),
        token(content_type=cms_build.DATA),
        token(names_certificate=False),
        token(info(version=2)),
        token(info(imprint=b"short")),
        token(info(time=asn1.time(timestamps.AT))),
        token(info(time=asn1.element(asn1.GENERALIZED_TIME, b"20260601093015.Z"))),
        token(info(time=asn1.element(asn1.GENERALIZED_TIME, b"20261301093015.5Z"))),
        token(info(b"\x05\x00")),
        token(info() + b"\x00"),
        token(b"TSTInfo"),
        cms_build.signed_data(
            digest_algorithms=[],
            content=info(),
            content_type=cms_build.TIMESTAMP_INFO,
            certificates=[],
            signers=[],
        ),
        bytes(tsp.MAX_SIZE_BYTES + 1),
    ],
)
def test_a_damaged_token_is_bad_input(damaged: bytes) -> None:
    with pytest.raises(BadInput):
        tsp.read_token(damaged)


def test_a_token_has_exactly_one_signer() -> None:
    with pytest.raises(BadInput, match="2 signers"):
        tsp.read_token(token(signers=2))


@pytest.mark.parametrize(
    "unknown",
    [
        info(digest=algorithms.algorithm_identifier("1.2.3.4", b"\x05\x00")),
        info(digest=algorithms.algorithm_identifier(SHA256.oid, b"\x30\x00")),
        info(
            asn1.element(
                0xA1,
                asn1.element(asn1.SEQUENCE, algorithms.oid_der("1.2.3.4"), b"\x01\x01\xff", b"\x04\x00"),
            )
        ),
    ],
    ids=["digest", "parameters of a digest", "critical extension"],
)
def test_what_must_be_understood_and_is_not_is_unsupported(unknown: bytes) -> None:
    with pytest.raises(UnsupportedOperation):
        tsp.read_token(token(unknown))


def test_a_token_cut_short_anywhere_is_bad_input() -> None:
    whole = timestamps.token(OCTETS, PROFILE)
    for end in range(len(whole)):
        with pytest.raises(BadInput):
            tsp.read_token(whole[:end])


@settings(max_examples=200)
@given(st.data())
def test_changed_octets_bring_out_nothing_but_typed_errors(data: st.DataObject) -> None:
    changed = bytearray(timestamps.token(OCTETS, PROFILE))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadInput, UnsupportedOperation):
        tsp.read_token(bytes(changed))


# --- is it the answer? --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda stamp: dataclasses.replace(stamp, imprint=SHA256(b"other")), "something else"),
        (lambda stamp: dataclasses.replace(stamp, digest=algorithms.GOST_94), "something else"),
        (lambda stamp: dataclasses.replace(stamp, nonce=8), "nonce"),
        (lambda stamp: dataclasses.replace(stamp, nonce=None), "nonce"),
        (lambda stamp: dataclasses.replace(stamp, policy=tsp.POLICY_GOST_2015), "under policy"),
    ],
)
def test_an_answer_to_another_question_fails(change: Callable[[Timestamp], Timestamp], why: str) -> None:
    answer = tsa.respond(asked(), timestamps.issuer("rsa"), at=timestamps.AT, serial_number=1)
    stamp = tsp.read_token(tsp.read_response(answer))
    tsp.check_answer(stamp, imprint=SHA256(OCTETS), digest=SHA256, policy=tsp.POLICY_RSA, nonce=7)
    tsp.check_answer(stamp, imprint=SHA256(OCTETS), digest=SHA256, policy=None, nonce=7)
    with pytest.raises(TimestampFailed, match=why):
        tsp.check_answer(change(stamp), imprint=SHA256(OCTETS), digest=SHA256, policy=tsp.POLICY_RSA, nonce=7)


# --- who may stamp ------------------------------------------------------------------------------------------------

EMAIL, STAMPING = chains.EMAIL_PROTECTION, tsp.TIME_STAMPING


def usage_extension(*usages: str, critical: bool = True) -> bytes:
    value = asn1.element(asn1.SEQUENCE, *map(algorithms.oid_der, usages))
    mark = b"\x01\x01\xff" if critical else b""
    return asn1.element(
        asn1.SEQUENCE, algorithms.oid_der("2.5.29.37"), mark, asn1.element(asn1.OCTET_STRING, value)
    )
