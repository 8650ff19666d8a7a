"""Which revisions after a signature are more than further signatures."""

import pytest
from pyhanko.sign import fields

from agent.formats.pdf import document, pades
from agent.formats.pdf.changes import Changes
from tests.support import chains, pdfs
from tests.support.pdfs import AT


def allowed(octets: bytes, name: str = "Signature1", revision: int = 1) -> bool:
    reader = document.open_file(octets)
    (field,) = (each for each in document.signature_fields(reader) if each.name == name)
    return Changes(reader).are_allowed(field, revision)


def signed(document_: bytes | None = None) -> bytes:
    return pades.sign(chains.person(), document_ or pdfs.page(), at=AT)


def test_nothing_is_allowed_to_have_come() -> None:
    assert allowed(signed())


def test_further_signatures_are_allowed() -> None:
    octets = signed(signed(signed()))
    assert [allowed(octets, f"Signature{n}", n) for n in (1, 2, 3)] == [True] * 3


def test_a_field_that_waited_before_the_first_signature_may_be_signed() -> None:
    waiting = pdfs.update(
        pdfs.page(more=b"/Annots [8 0 R]"),
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [8 0 R] /SigFlags 3 >> >>",
            8: b"<< /FT /Sig /T (Chief) /Type /Annot /Subtype /Widget /Rect [0 0 99 20] /F 4 >>",
        },
    )
    octets = pdfs.signed_by_pyhanko(chains.person("rsa"), signed(waiting), field="Chief")
    assert allowed(octets, revision=2)


@pytest.mark.parametrize("flags", [b"", b"/SigFlags 1"])
def test_flags_of_the_form_may_be_set(flags: bytes) -> None:
    form = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] %b >> >>" % flags
    octets = signed(pdfs.update(pdfs.page(), {1: form}))
    assert allowed(octets, revision=2)


def test_the_security_store_may_be_added() -> None:
    octets = signed()
    catalog = pdfs.object_at(octets, 1).replace(b">>", b"/DSS << /Type /DSS /Certs [20 0 R] >> >>")
    assert allowed(pdfs.update(octets, {1: catalog, 20: pdfs.stream(b"0")}))


def test_a_store_with_something_else_in_it_may_not() -> None:
    octets = signed()
    catalog = pdfs.object_at(octets, 1).replace(b">>", b"/DSS << /Type /DSS /Other [20 0 R] >> >>")
    assert not allowed(pdfs.update(octets, {1: catalog, 20: pdfs.stream(b"0")}))


def test_an_object_that_nothing_leads_to_is_no_change() -> None:
    assert allowed(pdfs.update(signed(), {20: b"(dust)"}))


def test_an_object_written_again_as_it_was_is_no_change() -> None:
    octets = signed()
    assert allowed(pdfs.update(octets, {4: pdfs.object_at(octets, 4)}))
    assert not allowed(pdfs.update(octets, {4: pdfs.text("Act 18")}))


def test_what_can_not_be_compared_counts_as_changed() -> None:
    octets = signed()
    assert not allowed(pdfs.update(octets, {2: b"<< /Type /Pages /Kids 17 /Count 1 >>"}))


def test_objects_that_lead_to_each_other_in_more_ways_than_there_is_time_for_count_as_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fan = {number: b"[%b]" % (b"%d 0 R " % (number + 1) * 20) for number in range(20, 26)} | {26: b"[]"}
    catalog = b"<< /Type /Catalog /Pages 2 0 R /Fan 20 0 R >>"
    octets = pdfs.update(signed(pdfs.update(pdfs.page(), {1: catalog, **fan})), {90: b"(dust)"})
    monkeypatch.setattr(document, "MAX_LOOKUPS", 10_000)
    assert not allowed(octets, revision=2)


def test_a_revision_is_compared_with_the_one_before_it_only_once() -> None:
    reader = document.open_file(signed(signed(signed())))
    changes = Changes(reader)
    for revision, field in enumerate(document.signature_fields(reader), 1):
        assert changes.are_allowed(field, revision)
    assert changes._step.cache_info().misses == 2


@pytest.mark.parametrize(
    ("action", "names", "expected"),
    [
        (fields.FieldMDPAction.ALL, None, False),
        (fields.FieldMDPAction.INCLUDE, ["Signature1"], False),
        (fields.FieldMDPAction.INCLUDE, ["Sum"], True),
    ],
)
def test_fields_that_a_signature_locks_stay_locked(
    action: fields.FieldMDPAction, names: list[str] | None, expected: bool
) -> None:
    lock = fields.FieldMDPSpec(action, names)
    locked = pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page(), lock=lock)
    second = pdfs.signed_by_pyhanko(chains.person("rsa"), locked, field="Signature1")
    assert allowed(second, "Other1") is expected


@pytest.mark.parametrize("permission", list(fields.MDPPerm))
def test_an_author_who_allows_nothing_gets_nothing(permission: fields.MDPPerm) -> None:
    certified = pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page(), certify=permission)
    forged = certified + _second_signature(certified)
    assert allowed(forged, "Other1") is (permission is not fields.MDPPerm.NO_CHANGES)


def _second_signature(certified: bytes) -> bytes:
    """A second signature by a program that does not ask what the first one allows."""
    lax = certified.replace(b"/P 1", b"/P 2")
    return pades.sign(chains.person(), lax, at=AT)[len(lax) :]
