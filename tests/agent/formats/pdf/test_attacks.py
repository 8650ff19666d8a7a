"""Known ways to make a signed PDF look like another document, each tried on a file of our own.

Names are those of the papers: USF, ISA and SWA of "1 Trillion Dollar Refund" (Mladenov et al., ACM CCS 2019), Hide, Replace and
Hide-and-Replace of "Shadow Attacks" (Mainka et al., NDSS 2021), EAA and SSA of "Breaking the Specification: PDF Certification"
(Rohlmann et al., IEEE S&P 2021).
"""

import re

import pypdfium2
import pytest

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import message, pades
from agent.formats.pdf.byte_range import ByteRange
from tests.support import chains, pdf_files, pdfs
from tests.support.pdfs import AT


def sign(document: bytes) -> bytes:
    return pades.sign(chains.person(), document, at=AT)


def reasons(document: bytes) -> list[tuple[str, ...]]:
    found = pades.verify(document)
    assert all((evidence.signature == "valid") is not bool(evidence.reasons) for evidence in found)
    return [evidence.reasons for evidence in found]


CHANGED, WRAPPED, DAMAGED = ("changed-after-signing",), ("signature-wrapping",), ("damaged",)
SIGNED = sign(pdfs.page())
SIGNATURE, FIELD = pdfs.number_of(SIGNED, b"/Contents <"), pdfs.number_of(SIGNED, b"/FT /Sig")


def with_objects(document: bytes, objects: dict[int, bytes], **options) -> bytes:
    return pdfs.update(document, objects, **options)


# --- incremental saving (ISA) -------------------------------------------------------------------------------------


def test_the_signed_file_is_good_before_each_attack() -> None:
    assert reasons(SIGNED) == [()]


def test_isa_new_content_of_a_page() -> None:
    assert reasons(with_objects(SIGNED, {4: pdfs.text("Act 18")})) == [CHANGED]


def test_isa_a_new_page() -> None:
    objects = {
        2: b"<< /Type /Pages /Kids [3 0 R 20 0 R] /Count 2 >>",
        20: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    }
    assert reasons(with_objects(SIGNED, objects)) == [CHANGED]


def test_isa_another_catalog() -> None:
    catalog = pdfs.object_at(SIGNED, 1).replace(
        b">>", b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"
    )
    assert reasons(with_objects(SIGNED, {1: catalog})) == [CHANGED]


def test_isa_another_font() -> None:
    other = b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"
    assert reasons(with_objects(SIGNED, {5: other})) == [CHANGED]


def test_isa_the_signature_itself_replaced() -> None:
    other = pdfs.object_at(SIGNED, SIGNATURE).replace(b"/Adobe.PPKLite", b"/Other.PPKLite")
    assert reasons(with_objects(SIGNED, {SIGNATURE: other})) == [WRAPPED]


def test_isa_undone_by_a_further_revision_is_seen_still() -> None:
    changed = with_objects(SIGNED, {4: pdfs.text("Act 18")})
    assert reasons(with_objects(changed, {4: pdfs.text("Act 17")})) == [CHANGED]


def test_isa_hidden_under_a_good_second_signature() -> None:
    assert reasons(sign(with_objects(SIGNED, {4: pdfs.text("Act 18")}))) == [CHANGED, ()]


@pytest.mark.parametrize(
    "tail", [b"junk", b"\n%PDF-1.7\n", b"9 0 obj\n<< >>\nendobj\n", b"\x00", b"startxref\n15\n%%EOF\n"]
)
def test_octets_after_the_end(tail: bytes) -> None:
    with_tail = SIGNED + tail
    try:
        assert reasons(with_tail) in ([CHANGED], [WRAPPED])
    except BadInput:
        assert b"EOF" in tail  # another end of the file, which leads nowhere


def test_a_line_end_that_a_mailer_adds_is_not_held_against_the_file() -> None:
    assert reasons(SIGNED + b"\r\n") == [()]


# --- annotations and fields (EAA, SSA) ----------------------------------------------------------------------------


def page_with(annotations: bytes) -> bytes:
    return re.sub(
        rb"/Annots \[[^\]]*\]", b"/Annots [%d 0 R %b]" % (FIELD, annotations), pdfs.object_at(SIGNED, 3)
    )


def test_eaa_a_remark_that_covers_the_text() -> None:
    remark = (
        b"<< /Type /Annot /Subtype /FreeText /Rect [70 690 300 730] /Contents (Act 18) /DA (/Helv 20 Tf) >>"
    )
    assert reasons(with_objects(SIGNED, {3: page_with(b"20 0 R"), 20: remark})) == [CHANGED]


def new_field(kind: bytes) -> dict[int, bytes]:
    form = pdfs.number_of(SIGNED, b"/SigFlags")
    fields = re.sub(rb"/Fields \[[^\]]*\]", b"/Fields [%d 0 R 20 0 R]" % FIELD, pdfs.object_at(SIGNED, form))
    appearance = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 0 >>\nstream\n\nendstream"
    widget = (
        b"<< /FT %b /T (x) /Type /Annot /Subtype /Widget /Rect [70 690 300 730] /F 4 /AP << /N 21 0 R >> >>"
        % kind
    )
    return {form: fields, 3: page_with(b"20 0 R"), 20: widget, 21: appearance}


@pytest.mark.parametrize("kind", [b"/Tx", b"/Btn", b"/Sig"])
def test_ssa_a_new_field_that_nobody_signed(kind: bytes) -> None:
    assert reasons(with_objects(SIGNED, new_field(kind))) == [CHANGED]


def test_ssa_a_new_field_that_is_said_to_be_signed_by_nothing() -> None:
    objects = new_field(b"/Sig /V null")
    assert reasons(with_objects(SIGNED, objects)) == [CHANGED]


def test_ssa_a_new_field_with_a_signature_that_is_none_is_evidence_of_that() -> None:
    objects = new_field(b"/Sig /V 22 0 R")
    objects[22] = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached >>"
    assert reasons(with_objects(SIGNED, objects)) == [(), DAMAGED]


def form_document() -> bytes:
    return pdfs.update(
        pdfs.page(more=b"/Annots [8 0 R]"),
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [8 0 R] /DA (/F1 0 Tf) >> >>",
            8: b"<< /FT /Tx /T (sum) /V (100) /Type /Annot /Subtype /Widget /Rect [0 0 99 20] /F 4 >>",
        },
    )


def test_the_value_of_a_field_is_content_too() -> None:
    signed = sign(form_document())
    assert reasons(signed) == [()]
    other = pdfs.object_at(signed, 8).replace(b"(100)", b"(900)")
    assert reasons(with_objects(signed, {8: other})) == [CHANGED]


def test_an_order_to_draw_fields_anew_with_another_font() -> None:
    signed = sign(form_document())
    form = pdfs.object_at(signed, 1)
    assert b"/NeedAppearances" not in form
    other = form.replace(b"/AcroForm <<", b"/AcroForm << /NeedAppearances true ")
    assert reasons(with_objects(signed, {1: other})) == [CHANGED]


# --- shadow attacks -----------------------------------------------------------------------------------------------


def test_shadow_hide_an_overlay_is_freed() -> None:
    covered = pdfs.page(more=b"/Annots [6 0 R]")
    covered = pdfs.update(
        covered, {6: b"<< /Type /Annot /Subtype /Square /Rect [0 0 595 842] /IC [1 1 1] >>"}
    )
    signed = sign(covered)
    assert reasons(signed) == [()]
    assert reasons(pdfs.update(signed, {}, freed=[6])) == [CHANGED]
    assert reasons(pdfs.update(signed, {6: b"null"})) == [CHANGED]


def test_shadow_replace_a_stream_gets_another_one() -> None:
    prepared = pdfs.page(more=b"/Metadata 6 0 R")
    signed = sign(pdfs.update(prepared, {6: pdfs.stream(b"one")}))
    assert reasons(pdfs.update(signed, {6: pdfs.stream(b"two")})) == [CHANGED]


def test_shadow_hide_and_replace_a_table_points_at_a_content_hidden_in_the_signed_part() -> None:
    hidden = b"4 0 obj\n%b\nendobj\n" % pdfs.text("Act 18")
    original = pdfs.page()
    # Hidden where no table leads: between two revisions.
    prepared = pdfs.update(original + hidden, {5: pdfs.object_at(original, 5)})
    signed = sign(prepared)
    assert reasons(signed) == [()]
    assert reasons(pdfs.update(signed, {}, offsets={4: len(original)})) == [CHANGED]


# --- wrapping (SWA) -----------------------------------------------------------------------------------------------


def numbers(document: bytes) -> bytes:
    return re.findall(rb"/ByteRange (\[[^\]]*\])", document)[-1]


def test_swa_the_second_stretch_is_moved_to_make_room_for_other_objects() -> None:
    """Where the signed end says the table is, another one stands: readers see other objects, the digest is still right."""
    start, end = pdfs.hole(SIGNED)
    second, at = SIGNED[end:], int(re.findall(rb"startxref\n(\d+)", SIGNED)[-1])
    moved_to = 2 * len(SIGNED)
    byte_range = ByteRange(start, moved_to, moved_to + len(second))
    array = b"[%d %d %d %d]" % byte_range.numbers
    objects = {
        4: pdfs.text("Act 18"),
        SIGNATURE: pdfs.object_at(SIGNED, SIGNATURE).replace(numbers(SIGNED), array),
    }
    known = {
        int(number) + index: int(entry[:10])
        for number, entries in re.findall(rb"(\d+) \d+\n((?:\d{10} \d{5} [nf] \n)+)", SIGNED[at:])
        for index, entry in enumerate(re.findall(rb".{20}", entries, re.DOTALL))
        if b"n" in entry
    }
    trailer = SIGNED[SIGNED.index(b"trailer", at) : SIGNED.rindex(b"startxref")]
    after = at + len(b"xref\n") + sum(len(b"%d 1\n" % each) + 20 for each in known | objects) + len(trailer)
    evil = b""
    for number, content in objects.items():
        known[number] = after + len(evil)
        evil += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % entry for entry in sorted(known.items()))
    wrapped = (SIGNED[:at] + table + trailer + evil).ljust(moved_to, b"\n") + second

    digest = chains.person().algorithm.digest
    assert byte_range.digest(wrapped, digest) == ByteRange(start, end, len(SIGNED)).digest(SIGNED, digest)
    assert pypdfium2.PdfDocument(wrapped)[0].get_textpage().get_text_range() == "Act 18"
    assert reasons(wrapped) == [WRAPPED]


def test_a_copy_of_the_signature_in_a_later_revision() -> None:
    copied = pdfs.object_at(SIGNED, SIGNATURE)
    field = pdfs.object_at(SIGNED, FIELD).replace(b"/V %d 0 R" % SIGNATURE, b"/V 20 0 R")
    assert reasons(with_objects(SIGNED, {20: copied, FIELD: field})) == [WRAPPED]
    changed = with_objects(SIGNED, {20: copied, FIELD: field, 4: pdfs.text("Act 18")})
    assert reasons(changed) == [WRAPPED]


def test_a_second_field_that_shows_the_first_ones_signature() -> None:
    form = pdfs.number_of(SIGNED, b"/SigFlags")
    fields = re.sub(rb"/Fields \[[^\]]*\]", b"/Fields [%d 0 R 20 0 R]" % FIELD, pdfs.object_at(SIGNED, form))
    second = pdfs.object_at(SIGNED, FIELD).replace(b"(Signature1)", b"(Signature2)")
    assert reasons(with_objects(SIGNED, {form: fields, 20: second})) == [CHANGED, CHANGED]


def resigned(document: bytes, byte_range: ByteRange) -> bytes:
    """Signed over just these stretches, by a signer who means it: only their form is odd."""
    array = b"[%d %d %d %d]" % byte_range.numbers
    document = document.replace(numbers(document), array.ljust(len(numbers(document))))
    person = chains.person()
    made = message.make(person, byte_range.digest(document, person.algorithm.digest), timestamp=None)
    start, end = pdfs.hole(document)
    return document[: start + 1] + made.hex().encode().ljust(end - start - 2, b"0") + document[end - 1 :]


def test_the_signer_may_do_the_same_over_the_right_stretches() -> None:
    start, end = pdfs.hole(SIGNED)
    assert reasons(resigned(SIGNED, ByteRange(start, end, len(SIGNED)))) == [()]


@pytest.mark.parametrize(
    ("before", "after", "cut"), [(1, 0, 0), (0, 1, 0), (20, 0, 0), (0, 30, 0), (0, 0, 10), (0, 0, 200)]
)
def test_a_byte_range_that_leaves_something_out(before: int, after: int, cut: int) -> None:
    start, end = pdfs.hole(SIGNED)
    assert reasons(resigned(SIGNED, ByteRange(start - before, end + after, len(SIGNED) - cut))) == [WRAPPED]


def test_a_hole_with_room_after_the_string() -> None:
    start, end = pdfs.hole(SIGNED)
    roomy = SIGNED[: end - 9] + b">" + b"        " + SIGNED[end:]
    assert pdfs.hole(roomy) == (start, end - 8)
    assert reasons(resigned(roomy, ByteRange(start, end, len(SIGNED)))) == [WRAPPED]


def test_a_byte_range_over_an_earlier_revision_only() -> None:
    """A signature written in the third revision whose ByteRange ends with the second: what the third changed is not signed."""
    both = sign(SIGNED)
    start, end = pdfs.hole(both, 0)
    stretches = ByteRange(start, end, len(SIGNED))
    array = b"[%d %d %d %d]" % stretches.numbers
    both = both.replace(numbers(both), array.ljust(len(numbers(both))))
    contents, last = both[start:end], pdfs.hole(both)
    assert reasons(both[: last[0]] + contents + both[last[1] :]) == [(), WRAPPED]


# --- two signatures -----------------------------------------------------------------------------------------------


def test_two_signatures_with_their_contents_exchanged() -> None:
    both = sign(SIGNED)
    first, second = pdfs.hole(both, 0), pdfs.hole(both, 1)
    assert first[1] - first[0] == second[1] - second[0]
    one, other = both[slice(*first)], both[slice(*second)]
    swapped = both[: first[0]] + other + both[first[1] : second[0]] + one + both[second[1] :]
    assert reasons(swapped) == [("digest-mismatch",), ("digest-mismatch",)]


def test_the_first_of_two_signatures_taken_out() -> None:
    both = sign(SIGNED)
    form = pdfs.number_of(both, b"/SigFlags")
    alone = re.sub(rb"/Fields \[ *%d 0 R " % FIELD, b"/Fields [", pdfs.object_at(both, form))
    assert alone != pdfs.object_at(both, form)
    assert reasons(with_objects(both, {form: alone})) == [CHANGED]


# --- signatures that are none (USF) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (b"/Contents", b"<>", DAMAGED),
        (b"/Contents", b"<00>", DAMAGED),
        (b"/Contents", b"null", DAMAGED),
        (b"/Contents", b"()", DAMAGED),
        (b"/Contents", b"<< >>", DAMAGED),
        (b"/Contents", None, DAMAGED),
        (b"/ByteRange", b"[]", WRAPPED),
        (b"/ByteRange", b"null", WRAPPED),
        (b"/ByteRange", b"[0 0 0 0]", WRAPPED),
        (b"/ByteRange", b"[0 -1 9 9]", WRAPPED),
        (b"/ByteRange", b"[0 99999999999 0 0]", WRAPPED),
        (b"/ByteRange", b"17", WRAPPED),
        (b"/ByteRange", b"(abcd)", WRAPPED),
        (b"/ByteRange", None, WRAPPED),
    ],
)
def test_usf_a_signature_without_what_makes_it_one(
    key: bytes, value: bytes | None, expected: tuple[str, ...]
) -> None:
    entry = rb"%b (<[0-9a-f]*>|\[[^\]]*\])" % key
    changed = re.sub(
        entry, b"" if value is None else b"%b %b" % (key, value), pdfs.object_at(SIGNED, SIGNATURE)
    )
    assert changed != pdfs.object_at(SIGNED, SIGNATURE)
    assert reasons(with_objects(SIGNED, {SIGNATURE: changed})) == [expected]


@pytest.mark.parametrize("value", [b"17", b"(text)", b"[1 2]", b"<< >>", b"5 0 R", b"99 0 R"])
def test_usf_a_field_whose_value_is_no_signature(value: bytes) -> None:
    field = pdfs.object_at(SIGNED, FIELD).replace(b"/V %d 0 R" % SIGNATURE, b"/V " + value)
    try:
        found = pades.verify(with_objects(SIGNED, {FIELD: field}))
    except BadInput:
        return
    assert [evidence.signature for evidence in found if evidence.signature == "valid"] == []


# --- what some readers see and others don't -----------------------------------------------------------------------


def test_a_hybrid_update_that_hides_or_replaces_an_object_is_refused() -> None:
    """Readers that know such updates would show another page; those that don't, the signed one. There is no such document."""
    for update in (
        pdf_files.hybrid_update(SIGNED, {4: pdfs.text("Act 18")}),
        pdf_files.hybrid_update(SIGNED, {}, freed=[4]),
        pdf_files.hybrid_update(pdf_files.hybrid_update(SIGNED, {20: b"(dust)"}), {20: pdfs.text("Act 18")}),
    ):
        with pytest.raises(UnsupportedOperation, match="different documents"):
            pades.verify(update)
        with pytest.raises(UnsupportedOperation, match="different documents"):
            sign(update)


def test_a_hybrid_update_that_hides_an_object_of_the_hidden_structure_is_refused() -> None:
    signed = sign(pdf_files.office())
    assert reasons(signed) == [()]
    with pytest.raises(UnsupportedOperation, match="different documents"):
        pades.verify(pdf_files.hybrid_update(signed, {}, freed=[7]))


@pytest.mark.parametrize("objects", [{}, {20: b"(dust)"}])
def test_any_other_hybrid_update_is_a_change(objects: dict[int, bytes]) -> None:
    for signed in (SIGNED, sign(pdf_files.office())):
        updated = pdf_files.hybrid_update(signed, objects)
        assert reasons(updated) == [CHANGED]
        assert reasons(sign(updated)) == [CHANGED, ()]


def test_a_stream_beside_the_table_that_is_not_signed() -> None:
    """The hybrid table is in the signed part, and points to a stream behind its end."""
    office = pdf_files.office()
    listed = office.rindex(b"10 0 obj")
    copy = office[listed : office.index(b"endobj", listed)] + b"endobj\r\n"
    at = 20_000
    pointing = office.replace(b"/XRefStm %d" % listed, b"/XRefStm %d" % at)
    padded = pointing + b"\r\n" + b" " * (at - len(pointing) - 2) + copy
    whole = sign(padded + office[office.rindex(b"startxref") :])
    assert reasons(whole) == [()]
    start, end = pdfs.hole(whole)
    assert start > at  # so far all is signed; now the stream moves behind the signature
    behind = len(whole) + 2
    moved = whole.replace(b"/XRefStm %d" % at, b"/XRefStm %d" % behind)
    moved = resigned(moved, ByteRange(start, end, len(whole)))
    assert reasons(moved + b"\r\n" + copy + whole[whole.rindex(b"startxref") :]) == [WRAPPED]


def test_a_table_that_lists_an_object_twice_is_refused() -> None:
    """Some readers take the first entry, some the last: here the new content, and the old one."""
    old = SIGNED.index(b"4 0 obj")
    update = pdfs.update(SIGNED, {4: pdfs.text("Act 18")})
    listed = re.findall(rb"4 1\n\d{10} 00000 n \n", update)[-1]
    at = update.rindex(listed) + len(listed)
    with pytest.raises(BadInput, match="an object twice"):
        pades.verify(update[:at] + b"4 1\n%010d 00000 n \n" % old + update[at:])


GAP = b"/Annots [8 0 R] /Thumb 9 0 R /Piece << /X [7 0 R] >>"


def with_gaps() -> bytes:
    """A page that refers to three objects that there are not."""
    return pdfs.update(pdfs.page(more=GAP), {10: b"(last)"})


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (
            8,
            b"<< /Type /Annot /Subtype /FreeText /Rect [70 690 300 730] /Contents (Act 18) /DA (/F1 9 Tf) >>",
        ),
        (9, pdfs.stream(b"picture")),
        (7, b"17"),
    ],
)
def test_a_gap_in_what_was_signed_is_filled(number: int, content: bytes) -> None:
    signed = sign(with_gaps())
    assert reasons(signed) == [()]
    assert reasons(pdfs.update(signed, {number: content})) == [CHANGED]
    assert reasons(pdf_files.hybrid_update(signed, {number: content})) == [CHANGED]


def test_gaps_do_not_stand_in_the_way_of_further_signatures() -> None:
    signed = sign(with_gaps())
    assert reasons(sign(sign(signed))) == [(), (), ()]
    filled = pdfs.update(signed, {8: b"<< /Type /Annot /Subtype /Square /Rect [0 0 595 842] /IC [1 1 1] >>"})
    assert reasons(sign(filled)) == [CHANGED, ()]
