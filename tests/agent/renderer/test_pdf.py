"""What is seen of a PDF, and what it is flagged for."""

import hashlib
import io
import zlib

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from agent.formats.pdf import pades, verifying
from agent.renderer import pdf
from agent.renderer.base import CannotShow, Drawing
from agent.renderer.pdf import PdfView
from protocol import preview
from tests.support import chains, hostile_pdfs, pdf_files, pdfs
from tests.support.hostile_pdfs import of_page


def flags(octets: bytes) -> list[tuple[str, str]]:
    return [(flag.code, flag.place) for flag in PdfView(octets).overview.flags]


def encrypted(octets: bytes, user: str = "") -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(octets)))
    writer.encrypt(owner_pass="owner", user_pass=user)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def is_drawn(drawing: Drawing, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether something other than white is in a part of the drawing, in hundredths of its sides."""
    width, height = drawing.width, drawing.height
    columns = range(int(left * width / 100), int(right * width / 100))
    rows = range(int(top * height / 100), int(bottom * height / 100))
    return any(
        drawing.pixels[3 * (row * width + column)] < 200
        or drawing.pixels[3 * (row * width + column) + 1] < 200
        or drawing.pixels[3 * (row * width + column) + 2] < 200
        for row in rows
        for column in columns
    )


# --- what is seen ---------------------------------------------------------------------------------------------------


def test_an_overview_says_what_it_is() -> None:
    octets = pdfs.page()
    overview = PdfView(octets).overview
    assert (overview.kind, overview.format, overview.why) == ("pages", "PDF 1.7", "")
    assert (overview.size, overview.digest) == (len(octets), hashlib.sha256(octets).hexdigest())
    assert overview.pages == (preview.Size(595, 842),)
    assert overview.flags == overview.signers == ()


@pytest.mark.parametrize(
    ("more", "size"),
    [
        (b"", preview.Size(595, 842)),
        (b"/Rotate 90", preview.Size(842, 595)),
        (b"/Rotate 180", preview.Size(595, 842)),
        (b"/Rotate -90", preview.Size(842, 595)),
        (b"/CropBox [100 100 200 400]", preview.Size(100, 300)),
    ],
)
def test_pages_are_as_large_as_they_are_read(more: bytes, size: preview.Size) -> None:
    view = PdfView(pdfs.page(more=more))
    assert view.overview.pages == (size,)
    drawing = view.draw(0, 200)
    assert (drawing.width, drawing.height) == (200, round(200 * size.height / size.width))


def test_a_page_is_drawn_on_white_in_colours_that_are_right() -> None:
    view = PdfView(
        of_page(b"/Contents 4 0 R", pdfs.stream(b"1 0 0 rg 0 421 595 421 re f 0 0 1 rg 0 0 297 421 re f"))
    )
    drawing = view.draw(0, 101)  # a width whose rows an aligned drawing would pad
    assert len(drawing.pixels) == 3 * 101 * drawing.height
    middle = 3 * 101 * (drawing.height // 4)
    assert drawing.pixels[middle : middle + 3] == b"\xff\x00\x00"
    below = 3 * 101 * (3 * drawing.height // 4)
    assert drawing.pixels[below : below + 3] == b"\x00\x00\xff"
    assert drawing.pixels[below + 3 * 100 : below + 3 * 101] == b"\xff\xff\xff"


@pytest.mark.parametrize(
    "make", [pdf_files.linearized, pdf_files.object_streams, pdf_files.office, pdf_files.pdf_2]
)
def test_files_of_every_make_are_read(make) -> None:
    view = PdfView(make())
    assert is_drawn(view.draw(0, 300), 0, 0, 100, 50)


def test_what_lies_on_a_page_is_drawn_too() -> None:
    appearance = b"1 0 0 rg 0 0 100 100 re f"
    stamp = b"<< /Type /Annot /Subtype /%b /Rect [0 742 100 842] /F 4 %b /AP << /N 5 0 R >> >>"
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 100 100] /Length %d >>\nstream\n%b\nendstream"
    for kind, more in (
        (b"Stamp", b""),
        (b"Widget", b"/FT /Tx /T (a) /V (b)"),
        (b"Widget", b"/FT /Sig /T (a)"),
    ):
        octets = of_page(
            b"/Annots [4 0 R]",
            stamp % (kind, more),
            form % (len(appearance), appearance),
            catalog=b"/AcroForm << /Fields [4 0 R] >>",
        )
        drawing = PdfView(octets).draw(0, 100)
        assert is_drawn(drawing, 0, 0, 15, 10)
        assert not is_drawn(drawing, 50, 50, 100, 100)


def test_letters_are_seen_though_the_file_brings_no_font() -> None:
    pdf.prepare()
    names = b" ".join(b"/afii%05d" % number for number in range(10017, 10049))
    octets = pdfs.build([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        pdfs.stream(b"BT /F1 40 Tf 20 40 Td <C0C1> Tj ET"),
        b"<< /Type /Font /Subtype /TrueType /BaseFont /TimesNewRoman /FontDescriptor 6 0 R /FirstChar 192 /LastChar 223"
        b" /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [192 %b] >> >>" % names,
        b"<< /Type /FontDescriptor /FontName /TimesNewRoman /Flags 32 /Ascent 905 /Descent -212 /FontBBox [0 -200 1000 900] >>",
    ])  # fmt: skip
    assert is_drawn(PdfView(octets).draw(0, 100), 20, 20, 80, 70)


def test_facts_come_out_of_its_text() -> None:
    pdf.prepare()
    overview = PdfView(pdfs.page("Invoice 17")).overview
    assert preview.Lifted("title", "Invoice 17") in overview.facts


@pytest.mark.parametrize(("page", "width"), [(-1, 100), (1, 100), (0, 0), (0, -5)])
def test_there_is_nothing_else_to_draw(page: int, width: int) -> None:
    with pytest.raises(CannotShow):
        PdfView(pdfs.page()).draw(page, width)


def test_pages_have_neither_rows_nor_entries() -> None:
    view = PdfView(pdfs.page())
    with pytest.raises(CannotShow):
        view.read(0, 10)
    with pytest.raises(CannotShow):
        view.enter(0)


@pytest.mark.parametrize(
    "octets", [b"", b"%PDF-1.7", b"%PDF-1.7 garbage", pdfs.page()[:300].replace(b"Page", b"Xxxx")]
)
def test_what_is_no_pdf_is_broken(octets: bytes) -> None:
    with pytest.raises(CannotShow) as cannot:
        PdfView(octets)
    assert cannot.value.why == "broken"


def test_a_file_with_a_password_is_encrypted_and_one_without_is_shown() -> None:
    with pytest.raises(CannotShow) as cannot:
        PdfView(encrypted(pdfs.page(), "user"))
    assert cannot.value.why == "encrypted"
    view = PdfView(encrypted(pdfs.page()))
    assert view.overview.flags == ()
    assert is_drawn(view.draw(0, 300), 0, 0, 100, 50)


# --- what it is flagged for -------------------------------------------------------------------------------------------

SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
TO_ADDRESS = b"<< /S /URI /URI (http://evil.example/) >>"
EMBEDDED = b"<< /Type /EmbeddedFile /Length 1 >>\nstream\nx\nendstream"


@pytest.mark.parametrize(
    "octets",
    [
        of_page(b"", SCRIPT, catalog=b"/OpenAction 4 0 R"),
        of_page(b"", SCRIPT, catalog=b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>"),
        of_page(b"/AA << /O 4 0 R >>", SCRIPT),
        of_page(b"", SCRIPT.replace(b"/JavaScript", b"/J#61vaScr#69pt"), catalog=b"/OpenAction 4 0 R"),
        of_page(b"", hostile_pdfs.packed(b"/Type /ObjStm /N 1 /First 4", b"5 0 " + SCRIPT)),
        encrypted(of_page(b"", SCRIPT, catalog=b"/OpenAction 4 0 R")),
    ],
    ids=["opening", "by name", "of a page", "spelt otherwise", "compressed", "encrypted"],
)
def test_a_program_in_it_is_flagged(octets: bytes) -> None:
    assert ("javascript", "") in flags(octets)


def test_what_it_starts_or_follows_by_itself_is_flagged_with_the_place() -> None:
    launch = b"<< /S /Launch /F (calc.exe) >>"
    assert flags(of_page(b"", launch, catalog=b"/OpenAction 4 0 R")) == [("launch", "calc.exe")]
    assert flags(of_page(b"", TO_ADDRESS, catalog=b"/OpenAction 4 0 R")) == [
        ("launch", "http://evil.example/")
    ]
    assert flags(of_page(b"/AA << /O 4 0 R >>", TO_ADDRESS)) == [("launch", "http://evil.example/")]


def test_a_link_that_a_person_would_click_is_none_of_that() -> None:
    link = b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A " + TO_ADDRESS + b" >>"
    assert flags(of_page(b"/Annots [4 0 R]", link, catalog=b"/OpenAction [3 0 R /Fit]")) == []


def test_files_in_it_are_flagged_by_name() -> None:
    named = b"/Names << /EmbeddedFiles << /Names [(one) 4 0 R] >> >>"
    file = b"<< /Type /Filespec /F (a.exe) /UF <FEFF0061006B0442002E007800200064> /EF << /F 5 0 R >> >>"
    assert flags(of_page(b"", file, EMBEDDED, catalog=named)) == [("attachment", "akт.x d")]
    remark = b"<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS << /EF << /F 5 0 R >> >> >>"
    assert flags(of_page(b"/Annots [4 0 R]", remark, EMBEDDED)) == [("attachment", "")]


def with_files(*files: tuple[str, bytes], stream: bytes = b"") -> bytes:
    """A PDF to which these files are attached; `stream` says more of their streams."""
    first = 4 + len(files)
    names = b"".join(b"(%06d) %d 0 R " % (number, 4 + number) for number in range(len(files)))
    specs = [
        b"<< /Type /Filespec /F (f) /UF <FEFF%b> /EF << /F %d 0 R >> >>"
        % (name.encode("utf-16-be").hex().encode(), first + number)
        for number, (name, _) in enumerate(files)
    ]
    streams = [
        b"<< /Type /EmbeddedFile %b /Length %d >>\nstream\n%b\nendstream" % (stream, len(content), content)
        for _, content in files
    ]
    catalog = b"/Names << /EmbeddedFiles << /Names [%b] >> >>" % names
    return of_page(b"", *specs, *streams, catalog=catalog)


def test_an_attached_file_can_be_entered() -> None:
    """An invoice to look at, with the invoice for programs inside."""
    invoice = b"<invoice><number>17</number></invoice>"
    view = PdfView(with_files(("счёт.xml", invoice), ("a/b\\c.txt", b""), ("third", b"3" * 5000)))
    assert view.overview.attachments == ("счёт.xml", "a/b\\c.txt", "third")
    assert [(view.enter(row).name, view.enter(row).octets) for row in range(3)] == [
        ("счёт.xml", invoice),
        ("c.txt", b""),
        ("third", b"3" * 5000),
    ]
    for row in (-1, 3, 10**9):
        with pytest.raises(CannotShow):
            view.enter(row)
    packed = PdfView(with_files(("a.xml", zlib.compress(invoice)), stream=b"/Filter /FlateDecode"))
    assert packed.enter(0).octets == invoice
    locked = PdfView(encrypted(with_files(("a.xml", invoice))))
    assert locked.enter(0).octets == invoice


def test_an_attached_file_that_is_too_large_is_not_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    view = PdfView(with_files(("bomb", zlib.compress(bytes(3_000_000))), stream=b"/Filter /FlateDecode"))
    monkeypatch.setattr(pdf, "MAX_ATTACHMENT_BYTES", 2_000_000)
    with pytest.raises(CannotShow) as caught:
        view.enter(0)
    assert caught.value.why == "too-large"


@pytest.mark.parametrize(
    "spec",
    [
        b"<< /Type /Filespec /F (a.xml) >>",
        b"<< /Type /Filespec /F (a.xml) /EF << /F 4000 0 R >> >>",
        b"<< /Type /Filespec /F (a.xml) /EF << /F 4 0 R >> >>",
        b"(a.xml)",
        b"null",
        b"17",
    ],
)
def test_an_attached_file_that_is_not_there_is_broken(spec: bytes) -> None:
    """A file without octets, with those of an object that does not exist, of itself."""
    named = b"/Names << /EmbeddedFiles << /Names [(one) 4 0 R] >> >>"
    view = PdfView(of_page(b"", spec, catalog=named))
    assert len(view.overview.pages) == 1
    for row in range(len(view.overview.attachments)):
        with pytest.raises(CannotShow) as caught:
            view.enter(row)
        assert caught.value.why == "broken"


def test_of_very_many_attached_files_the_first_are_named() -> None:
    names = b"".join(b"(%07d) 4 0 R " % number for number in range(1_000_000))
    file = b"<< /Type /Filespec /F (a.xml) /EF << /F 5 0 R >> >>"
    catalog = b"/Names << /EmbeddedFiles << /Names [%b] >> >>" % names
    view = PdfView(of_page(b"", file, EMBEDDED, catalog=catalog))
    assert 1 <= len(view.overview.attachments) <= pdf.MAX_ATTACHMENTS
    assert view.enter(0).name == "a.xml"


def test_names_of_attached_files_that_go_round_in_circles_end() -> None:
    catalog = b"/Names << /EmbeddedFiles 4 0 R >>"
    view = PdfView(of_page(b"", b"<< /Kids [4 0 R 4 0 R 5 0 R] >>", b"<< /Kids [4 0 R] >>", catalog=catalog))
    assert view.overview.attachments == ()
    assert len(view.overview.pages) == 1


def test_a_form_that_can_be_filled_in_is_flagged_and_a_place_for_a_signature_is_not() -> None:
    form = b"/AcroForm << /Fields [4 0 R] >>"
    text = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (sum) /Rect [0 0 9 9] >>"
    assert flags(of_page(b"/Annots [4 0 R]", text, catalog=form)) == [("fields", "")]
    place = text.replace(b"/Tx", b"/Sig")
    assert flags(of_page(b"/Annots [4 0 R]", place, catalog=form)) == []


def test_parts_from_elsewhere_are_flagged() -> None:
    elsewhere = b"<< /Length 0 /F << /FS /URL /F (http://evil.example/picture) >> /FFilter /FlateDecode >>\nstream\n\nendstream"
    assert flags(of_page(b"/Contents 4 0 R", elsewhere)) == [
        ("external-reference", "http://evil.example/picture")
    ]


# --- signatures -------------------------------------------------------------------------------------------------------


def sign(octets: bytes) -> bytes:
    return pades.sign(chains.person(), octets, at=pdfs.AT)


def test_signatures_are_told_of_and_further_ones_change_nothing() -> None:
    once = sign(pdfs.page())
    (signer,) = PdfView(once).overview.signers
    assert signer.owner.startswith(chains.person().certificate.common_name)
    assert signer.time == "2026-05-08T12:34:56+00:00"
    assert flags(once) == []
    assert len(PdfView(sign(once)).overview.signers) == 2
    assert flags(sign(once)) == []


def test_what_was_added_after_a_signature_is_flagged_also_under_another_signature() -> None:
    assert verifying.verify  # loaded, as a renderer for signed documents has it
    changed = pdfs.update(sign(pdfs.page()), {4: pdfs.text("Act 99")})
    assert flags(changed) == [("changed-after-signature", "")]
    assert flags(sign(changed)) == [("changed-after-signature", "")]


def test_without_the_libraries_that_compare_octets_at_the_end_are_flagged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf, "_can_compare", lambda: False)
    once = sign(pdfs.page())
    assert flags(once) == []
    assert flags(sign(once)) == []
    assert flags(pdfs.update(once, {4: pdfs.text("Act 99")})) == [("changed-after-signature", "")]


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_two_hundred_pages_are_all_there() -> None:
    view = PdfView(hostile_pdfs.many_pages(200))
    assert view.overview.pages == (preview.Size(595, 842),) * 200
    assert view.draw(199, 50).height == 71


def test_more_pages_than_are_shown_are_said_to_be_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MAX_PAGES", 10)
    overview = PdfView(hostile_pdfs.many_pages(11)).overview
    assert (len(overview.pages), overview.why) == (10, "too-large")


def test_measuring_takes_no_more_time_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MEASURING_S", -1.0)
    overview = PdfView(hostile_pdfs.many_pages(5)).overview
    assert (len(overview.pages), overview.why) == (1, "too-large")


@pytest.mark.parametrize("make", [hostile_pdfs.huge_page, hostile_pdfs.thin_page, hostile_pdfs.no_size])
def test_pages_of_no_sensible_size_are_drawn_within_bounds(make) -> None:
    view = PdfView(make())
    (size,) = view.overview.pages
    assert 0 < size.width <= 14_400
    assert 0 < size.height <= 14_400
    drawing = view.draw(0, preview.MAX_WIDTH)
    assert len(drawing.pixels) == 3 * drawing.width * drawing.height <= preview.MAX_DRAWING_BYTES
    assert drawing.height <= 16_000


@pytest.mark.parametrize(
    "make",
    [
        hostile_pdfs.pages_that_are_their_own_kids,
        hostile_pdfs.a_billion_pages,
        hostile_pdfs.deep_page_tree,
        hostile_pdfs.deep_arrays,
        hostile_pdfs.cross_references_in_a_circle,
        hostile_pdfs.object_streams_in_a_circle,
    ],
)
def test_circles_and_depths_come_to_an_end(make) -> None:
    why = "broken"
    try:
        PdfView(make()).draw(0, 50)
    except CannotShow as cannot:
        why = cannot.why
    assert why == "broken"
