"""Evidence on signatures in PDF files, our own and other programs'."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BadInput, UnsupportedOperation
from agent.formats import cms, cms_build
from agent.formats.pdf import message, pades
from agent.formats.pdf.byte_range import ByteRange
from tests.support import chains, pdfs
from tests.support.pdfs import AT


def sign(document: bytes, family: str = "p256", **options) -> bytes:
    return pades.sign(chains.person(family), document, at=AT, **options)


def verified(document: bytes):
    (evidence,) = pades.verify(document)
    return evidence


def refilled(signed: bytes, contents: bytes) -> bytes:
    """The same file with other octets in its hole."""
    start, end = pdfs.hole(signed)
    room = end - start - 2
    return signed[: start + 1] + contents.hex().encode().ljust(room, b"0") + signed[end - 1 :]


def digest_of(signed: bytes) -> bytes:
    start, end = pdfs.hole(signed)
    return ByteRange(start, end, len(signed)).digest(signed, chains.person().algorithm.digest)


def renamed(signed: bytes, subfilter: bytes) -> bytes:
    """The same with another SubFilter, signed properly: only the name differs."""
    changed = signed.replace(b"/ETSI.CAdES.detached", b"/" + subfilter.ljust(19))
    return refilled(changed, message.make(chains.person(), digest_of(changed), timestamp=None))


# --- what evidence says -------------------------------------------------------------------------------------------


def test_a_file_without_signatures_has_no_evidence() -> None:
    assert pades.verify(pdfs.page()) == ()


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_evidence_names_the_signer_the_time_and_the_revision(family: str) -> None:
    evidence = verified(sign(pdfs.page(), family))
    person = chains.person(family)
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    assert evidence.certificate == person.certificate
    assert evidence.certificates == (person.certificate,)
    assert evidence.algorithm_name == person.algorithm.name
    assert evidence.signing_time == AT
    assert (evidence.title, evidence.subfilter) == ("Signature1", "ETSI.CAdES.detached")
    assert (evidence.revision, evidence.revisions, evidence.covers) == (2, 2, "")
    assert evidence.signer_info is not None
    assert evidence.stamped == evidence.signer_info.signature


def test_what_an_earlier_signature_covers_is_told_in_octets() -> None:
    first = sign(pdfs.page())
    both = sign(first)
    earlier, later = pades.verify(both)
    assert earlier.covers == f"octets 0-{len(first) - 1} of {len(both)}, revision 2 of 3"
    assert later.covers == ""


def test_certificates_may_come_from_elsewhere() -> None:
    signed = sign(pdfs.page())
    person = chains.person()
    bare = cms_build.signed_data(
        digest_algorithms=[person.algorithm.digest.identifier_der],
        content=None,
        certificates=[],
        signers=[cms.read(message.make(person, digest_of(signed), timestamp=None)).signers[0].encoded],
    )
    signed = refilled(signed, bare)
    assert verified(signed).reasons == ("no-certificate",)
    (evidence,) = pades.verify(signed, [person.certificate])
    assert evidence.signature == "valid"


@pytest.mark.parametrize("pades_form", [False, True])
def test_signatures_of_another_program_verify(pades_form: bool) -> None:
    document = pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page(), pades=pades_form)
    evidence = verified(document)
    assert (evidence.signature, evidence.title) == ("valid", "Other1")
    assert evidence.signing_time is not None


def test_two_signatures_of_another_program_both_verify() -> None:
    person = chains.person("rsa")
    document = pdfs.signed_by_pyhanko(person, pdfs.page())
    document = pdfs.signed_by_pyhanko(person, document, field="Other2")
    assert [evidence.signature for evidence in pades.verify(document)] == ["valid", "valid"]


@pytest.mark.parametrize(
    ("subfilter", "reason"),
    [
        (b"adbe.pkcs7.detached", None),
        (b"adbe.x509.rsa_sha1", "weak-digest"),
        (b"adbe.pkcs7.sha1", "weak-digest"),
        (b"Some.Other", "unsupported-algorithm"),
    ],
)
def test_other_kinds_of_signatures_are_told_apart(subfilter: bytes, reason: str | None) -> None:
    evidence = verified(renamed(sign(pdfs.page()), subfilter))
    assert evidence.subfilter == subfilter.decode()
    assert evidence.signature == ("valid" if reason is None else "unsupported")
    assert evidence.reasons == (() if reason is None else (reason,))


def test_a_time_that_is_none_counts_as_not_told() -> None:
    signed = sign(pdfs.page()).replace(rb"(D\07220260508123456Z)", rb"(D\0722026-not-a-time)")
    signed = refilled(signed, message.make(chains.person(), digest_of(signed), timestamp=None))
    evidence = verified(signed)
    assert (evidence.signature, evidence.signing_time) == ("valid", None)


def test_a_document_timestamp_is_no_signature_of_a_person() -> None:
    assert pades.verify(renamed(sign(pdfs.page()), b"ETSI.RFC3161")) == ()


# --- damage -------------------------------------------------------------------------------------------------------


def test_a_message_that_brings_its_own_document_proves_nothing_about_the_file() -> None:
    signed = sign(pdfs.page(), reserve=4000)
    attached = cms.sign(chains.person(), b"something else", at=AT, detached=False)
    assert verified(refilled(signed, attached)).reasons == ("damaged",)


def test_a_message_of_two_signers_is_not_what_a_pdf_holds() -> None:
    signed = sign(pdfs.page(), reserve=4000)
    start, end = pdfs.hole(signed)
    content = signed[:start] + signed[end:]
    two = cms.sign(chains.person(), content, at=AT, detached=True)
    two = cms.cosign(chains.person("rsa"), two, at=AT, content=content)
    assert verified(refilled(signed, two)).reasons == ("damaged",)


def test_one_damaged_signature_leaves_the_evidence_on_others() -> None:
    both = sign(sign(pdfs.page()))
    start, _ = pdfs.hole(both)
    first, second = pades.verify(both[: start + 1] + b"ffff" + both[start + 5 :])
    assert (first.signature, second.signature, second.reasons) == ("valid", "invalid", ("damaged",))
    assert second.certificate is None


def test_unsupported_files_and_files_that_are_none_say_so() -> None:
    with pytest.raises(BadInput):
        pades.verify(b"no PDF")
    encrypted = pdfs.build(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"],
        trailer=b" /Encrypt 2 0 R",
    )
    with pytest.raises(UnsupportedOperation):
        pades.verify(encrypted)


SIGNED_TWICE = sign(sign(pdfs.tiny()))


def test_every_cut_of_a_signed_file_ends_in_evidence_or_a_typed_error() -> None:
    for size in range(0, len(SIGNED_TWICE), 7):
        with contextlib.suppress(BadInput, UnsupportedOperation):
            valid = [each.covers for each in pades.verify(SIGNED_TWICE[:size]) if each.signature == "valid"]
            assert len(valid) < 2


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_octets_replaced_anywhere_end_in_evidence_or_a_typed_error(data: st.DataObject) -> None:
    octets = bytearray(SIGNED_TWICE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + 1] = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from([b"<<", b"[", b" 9 0 R", b"(", b"null", b"-1"]))
        )
    with contextlib.suppress(BadInput, UnsupportedOperation):
        pades.verify(bytes(octets))
