"""What was made is read back, and leaves only if it holds: of every format, with every kind of key."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import get_args

import pytest

from agent import algorithms, paths
from agent.certificate import Certificate
from agent.errors import InvalidSignature, TimestampFailed
from agent.fetch import Question
from agent.formats import cms, tsp
from agent.formats.evidence import Evidence
from agent.operations import verify
from agent.operations.making import base
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignatureFormat, SignRequest
from tests.support import authority, making, simulated_authorities, verdicts
from tests.support.authority import NOW
from tests.support.signers import BrokenSigner

FORMATS: tuple[SignatureFormat, ...] = get_args(SignatureFormat)
STAMPED: tuple[SignatureFormat, ...] = ("cms", "pdf", "asic")


@pytest.mark.parametrize("name", making.SIGNERS)
@pytest.mark.parametrize("signature_format", FORMATS)
def test_a_signature_of_each_format_by_each_kind_of_key_is_what_verification_takes(
    signature_format: SignatureFormat, name: str
) -> None:
    signer = authority.signer(name)
    made = making.make(making.request(signature_format), making.workshop(signer))
    assert not made.has_timestamp  # none was asked for
    if signature_format == "raw":
        return  # see test_raw: nobody can recognise it
    document = making.DOCUMENTS[signature_format]
    found = verify.verify(
        made.octets, document if signature_format == "jws" else None, at=NOW, trust=verdicts.OFFLINE
    )
    assert found.format == signature_format
    assert [report.reasons for report in found.signers] == [("revocation-not-checked",)]
    assert found.signers[0].certificate == signer.certificate


@pytest.mark.parametrize("name", making.SIGNERS)
@pytest.mark.parametrize("signature_format", FORMATS)
def test_a_signature_that_is_wrong_by_one_bit_never_leaves(
    signature_format: SignatureFormat, name: str
) -> None:
    broken = BrokenSigner(authority.signer(name))
    with pytest.raises(InvalidSignature, match="does not verify"):
        making.make(making.request(signature_format), making.workshop(broken))
    assert broken.made > 0


@pytest.mark.parametrize("signature_format", FORMATS)
def test_a_signature_with_the_certificate_of_another_never_leaves(signature_format: SignatureFormat) -> None:
    class Impostor(BrokenSigner):
        @property
        def certificate(self) -> Certificate:
            return authority.certificate("gost2015-head")

        def sign_digest(self, digest: bytes) -> bytes:
            return self.signer.sign_digest(digest)

    with pytest.raises(InvalidSignature):
        making.make(
            making.request(signature_format),
            making.workshop(Impostor(authority.signer("gost2015-individual"))),
        )


# --- timestamps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature_format", STAMPED)
def test_a_signature_with_a_timestamp_is_proven_to_have_been_there(signature_format: SignatureFormat) -> None:
    authorities = simulated_authorities.new(now=NOW + timedelta(minutes=1))
    tools = making.workshop(authority.signer("gost2015-individual"), authorities)
    made = making.make(making.request(signature_format, timestamps=True), tools)
    (signer,) = verify.verify(made.octets, at=NOW, trust=verdicts.OFFLINE).signers
    assert (signer.basis, signer.moment) == ("timestamp", NOW + timedelta(minutes=1))
    assert signer.timestamp_reasons == ()


@pytest.mark.parametrize("fault", ["http-500", "garbage", "wrong-nonce", "expired", "rejection"])
@pytest.mark.parametrize("signature_format", STAMPED)
def test_without_the_timestamp_that_was_asked_for_nothing_leaves(
    signature_format: SignatureFormat, fault: str
) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", fault)
    tools = making.workshop(authority.signer("gost2015-individual"), authorities)
    with pytest.raises(TimestampFailed):
        making.make(making.request(signature_format, timestamps=True), tools)


@pytest.mark.parametrize("signature_format", STAMPED)
def test_who_may_lack_it_gets_the_signature_without_and_is_told(signature_format: SignatureFormat) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", "http-500")
    tools = making.workshop(authority.signer("gost2015-individual"), authorities)
    wanted = making.request(signature_format, timestamps=True, may_lack_timestamps=True)
    made = making.make(wanted, tools)
    assert not made.has_timestamp
    (signer,) = verify.verify(made.octets, at=NOW, trust=verdicts.OFFLINE).signers
    assert (signer.signature, signer.timestamps) == ("valid", ())
    authorities.switch("tsp", "none")
    made = making.make(wanted, tools)
    assert made.has_timestamp
    (signer,) = verify.verify(made.octets, at=NOW, trust=verdicts.OFFLINE).signers
    assert signer.basis == "timestamp"


def test_a_broken_signature_is_not_saved_by_being_allowed_to_lack_a_timestamp() -> None:
    authorities = simulated_authorities.new()
    tools = making.workshop(BrokenSigner(authority.signer("gost2015-individual")), authorities)
    with pytest.raises(InvalidSignature):
        making.make(making.request("cms", timestamps=True, may_lack_timestamps=True), tools)


# --- the rule, on a maker of our own ----------------------------------------------------------------------------------


class Forgetful:
    """A maker that makes good signatures and forgets about timestamps."""

    def examine(self, document: bytes, _request: SignRequest) -> bytes:
        return document

    def make(self, document: bytes, _request: SignRequest, workshop: Workshop) -> bytes:
        return cms.sign(workshop.signer, document, at=workshop.at, detached=False)

    def read_back(
        self, made: bytes, _document: bytes, _request: SignRequest, _signer: Signer
    ) -> Iterable[Evidence]:
        return cms.verify(cms.read(made))


class Substituting(Forgetful):
    """A maker that gives out, in place of a signature, an older one of the same key."""

    def make(self, document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
        super().make(document, request, workshop)
        return cms.sign(authority.signer("p256-individual"), document, at=NOW, detached=False)


class Empty(Forgetful):
    def read_back(
        self, _made: bytes, _document: bytes, _request: SignRequest, _signer: Signer
    ) -> Iterable[Evidence]:
        return ()


@pytest.mark.parametrize("maker", [Forgetful, Substituting, Empty])
def test_what_was_read_back_must_be_what_was_asked_for_and_made_just_now(
    maker: type[Forgetful], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "maker_of", lambda _format: maker())
    with pytest.raises(InvalidSignature):
        making.make(making.request("cms", timestamps=True))
    if maker is not Forgetful:
        with pytest.raises(InvalidSignature):
            making.make(making.request("cms"))


# --- tools --------------------------------------------------------------------------------------------------------


def test_a_stamp_is_asked_for_as_the_signers_family_wants_it() -> None:
    asked: list[Question] = []

    def note(question: Question) -> bytes:
        asked.append(question)
        return b""

    tools = making.workshop(fetch=note)
    for name in ("gost2015-individual", "gost2004-head", "rsa-sign-head"):
        with pytest.raises(TimestampFailed):
            dataclasses.replace(tools, signer=authority.signer(name)).stamp(b"signature")
    policies = (tsp.POLICY_GOST_2015, tsp.POLICY_GOST_2004, tsp.POLICY_RSA)
    for policy, question in zip(policies, asked, strict=True):
        assert algorithms.oid_der(policy) in question.body
    assert tools.stamp_for(making.request("cms")) is None
    assert tools.stamp_for(making.request("cms", timestamps=True)) == tools.stamp


@pytest.mark.parametrize("signature_format", FORMATS)
def test_every_format_has_a_maker(signature_format: SignatureFormat) -> None:
    maker = base.maker_of(signature_format)
    document = making.DOCUMENTS[signature_format]
    assert maker.examine(document, making.request(signature_format)) == document


@pytest.mark.parametrize(
    ("signature_format", "heavy"),
    [("cms", ()), ("raw", ()), ("jws", ()), ("xml", ("lxml",)), ("pdf", ("pyhanko", "reportlab"))],
)
def test_only_what_a_format_needs_is_loaded(signature_format: str, heavy: tuple[str, ...]) -> None:
    program = (
        "import sys; from agent.operations import sign; from agent.operations.making import base;"
        f"maker = base.maker_of({signature_format!r}); maker.make; print(*sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=paths.CODE_ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    libraries = {name.partition(".")[0] for name in printed} & {"lxml", "pyhanko", "reportlab", "urllib3"}
    assert libraries <= set(heavy)
