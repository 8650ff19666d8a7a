"""Names that mean trouble, in every spelling and place."""

import os
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import pdf_scan
from agent.renderer.pdf_scan import scan
from tests.support import pdf_files, pdfs
from tests.support.hostile_pdfs import of_page, packed

CLEAN = scan(b"")


def test_an_ordinary_file_has_nothing() -> None:
    assert CLEAN == scan(pdfs.page()) == scan(pdf_files.linearized()) == scan(pdf_files.object_streams())
    assert CLEAN.is_whole
    assert not any((CLEAN.has_javascript, CLEAN.is_launching, CLEAN.is_elsewhere, CLEAN.has_attachments))


@pytest.mark.parametrize(
    ("octets", "is_it"),
    [
        (b"/JavaScript", True),
        (b"/JavaScript/", True),
        (b"/S/JavaScript(x)", True),
        (b"/#4AavaScript ", True),
        (b"/#4a#61#76#61#53#63#72#69#70#74", True),
        (b"/JavaScripts", False),
        (b"/NotJavaScript", False),
        (b"/javascript", False),
        (b"JavaScript", False),
        (b"/Java Script", False),
    ],
)
def test_a_name_is_found_in_every_spelling_and_no_other_name_is(octets: bytes, is_it: bool) -> None:
    assert scan(b"<<" + octets + b">>").has_javascript is is_it


def object_stream(content: bytes, dictionary: bytes = b"/Type /ObjStm /N 1 /First 4") -> bytes:
    return of_page(b"", packed(dictionary, b"9 0 " + content))


def test_compressed_objects_are_looked_into() -> None:
    found = scan(object_stream(b"<< /S /JavaScript >>"))
    assert found.has_javascript
    assert found.is_whole
    plain = b"<< /Type /ObjStm /N 1 /First 4 /Length 24 >>\nstream\n9 0 << /S /Launch >>    \nendstream"
    assert scan(of_page(b"", plain)).is_launching


@pytest.mark.parametrize(
    "octets",
    [
        object_stream(b"", b"/Type /ObjStm /N 1 /First 4 /DecodeParms << /Predictor 12 >>"),
        object_stream(b"").replace(b"/FlateDecode", b"/LZWDecode"),
        object_stream(b"").replace(b"/Filter /FlateDecode", b"/Filter [/ASCIIHexDecode /FlateDecode]"),
        b"<< /Type /ObjStm /Filter /FlateDecode >> stream\nnot compressed endstream",
        b"<< /Type /ObjStm /Filter /FlateDecode >> and nothing after it",
        pdfs.page() + b"trailer << /Encrypt 9 0 R >>",
    ],
    ids=["predictor", "lzw", "two filters", "damaged", "no stream", "encrypted"],
)
def test_it_says_where_it_could_not_look(octets: bytes) -> None:
    assert not scan(octets).is_whole


def test_what_inflates_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_scan, "MAX_INFLATED_BYTES", 1_000_000)
    found = scan(object_stream(bytes(3_000_000) + b"/JavaScript "))
    assert not found.has_javascript
    assert not found.is_whole


def test_too_many_streams_are_not_all_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_scan, "MAX_STREAMS", 2)
    stream = (
        b"<< /Type /ObjStm /First 0 /Filter /FlateDecode >> stream\n" + zlib.compress(b"") + b"endstream "
    )
    assert scan(stream * 2).is_whole
    assert not scan(stream * 3).is_whole


URI = b"<< /S /URI /URI (http://a.example/\\(1\\)) >>"


@pytest.mark.parametrize(
    ("octets", "is_launching"),
    [
        (of_page(b"", catalog=b"/OpenAction " + URI), True),
        (of_page(b"", URI, catalog=b"/OpenAction 4 0 R"), True),
        (of_page(b"", b"<< /S /GoTo /Next 5 0 R >>", URI, catalog=b"/OpenAction 4 0 R"), True),
        (of_page(b"", b"<< /S /GoTo /Next [5 0 R] >>", URI, catalog=b"/OpenAction 4 0 R"), True),
        (of_page(b"/AA << /C 4 0 R >>", URI), True),
        (of_page(b"/AA 4 0 R", b"<< /O 5 0 R >>", URI), True),
        (of_page(b"", b"<< /S /SubmitForm /F (http://a.example) >>", catalog=b"/OpenAction 4 0 R"), True),
        (object_stream(URI).replace(b"/Pages 2", b"/OpenAction 9 0 R /Pages 2"), True),
        (of_page(b"", URI, catalog=b"/OpenAction % to the first page\n4 0 R"), True),
        (of_page(b"", URI), False),
        (of_page(b"/Annots [4 0 R]", URI, catalog=b"/OpenAction [3 0 R /XYZ 0 0 0]"), False),
        (of_page(b"/Annots [4 0 R]", URI, catalog=b"/OpenAction 3 0 R"), False),
        (of_page(b"", URI, catalog=b"/OpenAction null /Outlines 4 0 R"), False),
    ],
)
def test_what_goes_out_by_itself_is_told_from_links(octets: bytes, is_launching: bool) -> None:
    found = scan(octets)
    assert found.is_launching is is_launching
    if is_launching and b"/URI (" in octets:
        assert found.launches == ("http://a.example/\\(1\\)",)


def test_each_version_of_an_object_counts() -> None:
    octets = of_page(b"", b"<< /S /GoTo >>", catalog=b"/OpenAction 4 0 R")
    assert not scan(octets).is_launching
    assert scan(pdfs.update(octets, {4: URI})).is_launching
    assert scan(pdfs.update(of_page(b"", URI, catalog=b"/OpenAction 4 0 R"), {4: b"null"})).is_launching


def test_more_that_starts_by_itself_than_anybody_needs_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_scan, "_MAX_LOOKED_AT", 10)
    octets = of_page(b"", b"<< /Next 4 0 R >>") + b"/AA 4 0 R " * 20
    assert scan(octets).is_launching


@pytest.mark.parametrize(
    "filler",
    [b"1 0 obj ", b"/AA 1 0 R ", b"/OpenAction <<", b"/Type/ObjStm ", b"/Launch ", b"(((((", b"1 " * 4],
)
def test_it_takes_time_in_proportion(filler: bytes) -> None:
    began = time.monotonic()
    scan(filler * (2_000_000 // len(filler)))
    assert time.monotonic() - began < 5


def test_random_octets_are_scanned_fast_and_raise_no_flag() -> None:
    octets = os.urandom(4_000_000)
    found = scan(octets)
    assert not any((found.has_javascript, found.is_launching, found.has_attachments))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"/OpenAction ", b"/AA", b"<<", b">>", b"1 0 R", b"1 0 obj", b"endobj", b"/Type/ObjStm", b"/First 99999", b"/Filter/FlateDecode",
             b"stream\n", b"endstream", zlib.compress(b"1 2 3 4"), b"/Launch", b"/URI(", b")", b"/#", b"[", b"]", b"\xff"]
        )
    )
)  # fmt: skip
def test_it_never_raises(pieces: list[bytes]) -> None:
    scan(b"".join(pieces))
