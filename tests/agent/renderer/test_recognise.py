import base64
import hashlib
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agent import algorithms
from agent.formats import cms, jws, tsp, zip_files
from agent.renderer import picture, recognise, tree
from agent.renderer.base import CannotShow
from agent.renderer.signed import Unwrapped
from protocol import preview
from protocol.preview import Flag, Overview
from tests.support import authority, pdfs, timestamps

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
ACT = "Акт № 5 от 01.02.2026\nЗаказчик: БИН 150640012341\n".encode()


def overview(octets: bytes) -> Overview:
    return recognise.open_view("name", octets).overview


def picture_of(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, kind)
    return buffer.getvalue()


def signed(octets: bytes, *, detached: bool = False) -> bytes:
    return cms.sign(authority.signer("p256-individual"), octets, at=AT, detached=detached)


@pytest.mark.parametrize(
    ("octets", "kind", "format_name"),
    [
        (pdfs.page(), "pages", "PDF 1.7"),
        (b"\n%comment\n" + pdfs.page(), "pages", "PDF 1.7"),
        *((picture_of(kind), "pages", kind) for kind in picture.FORMATS if kind != "MPO"),
        (zip_files.write([("a", b"a")], at=AT), "entries", "ZIP"),
        (b"<a>1</a>", "tree", "XML"),
        (b"\xef\xbb\xbf\n<a>1</a>", "tree", "XML"),
        ("<a>1</a>".encode("utf-16"), "tree", "XML"),
        (b'<awp xmlns="v1.awp"/>', "form", "XML"),
        (b'{"a": 1}', "tree", "JSON"),
        (b"[1, 2]", "tree", "JSON"),
        (b"<html><p>not closed</html>", "text", "UTF-8"),
        (b"<a>%PDF-1.7</a>", "tree", "XML"),
        (b"{not json}", "text", "UTF-8"),
        (b"BM is how this begins", "text", "UTF-8"),
        (b"MZ is how this begins", "text", "UTF-8"),
        (ACT, "text", "UTF-8"),
        (ACT.decode().encode("windows-1251"), "text", "windows-1251"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unknown", "DOC/XLS"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(60), "unknown", "RAR"),
        (bytes(range(256)), "unknown", ""),
        (b"", "unknown", ""),
    ],
)
def test_what_it_is(octets: bytes, kind: str, format_name: str) -> None:
    found = overview(octets)
    assert (found.kind, found.format) == (kind, format_name)
    assert (found.size, found.digest) == (len(octets), hashlib.sha256(octets).hexdigest())


def test_the_name_decides_nothing() -> None:
    assert recognise.open_view("act.pdf", b"<a/>").overview.kind == "tree"


@pytest.mark.parametrize(
    "wrap",
    [
        base64.b64encode,
        base64.encodebytes,
        signed,
        lambda octets: cms.to_pem(signed(octets)).encode(),
        lambda octets: base64.b64encode(signed(octets)),
        lambda octets: jws.sign(authority.signer("p256-individual"), octets).encode(),
        lambda octets: base64.b64encode(base64.b64encode(signed(octets))),
    ],
    ids=["base64", "lines", "cms", "pem", "cms-base64", "jws", "base64-base64-cms"],
)
@pytest.mark.parametrize("octets", [pdfs.page(), ACT, b"<a><b>1</b><c>2</c></a>"], ids=["pdf", "text", "xml"])
def test_what_it_lies_in_is_taken_off(wrap: object, octets: bytes) -> None:
    found = overview(wrap(octets))  # type: ignore[operator]  # each of them takes octets
    inside = overview(octets)
    assert (found.kind, found.digest, found.parties) == (inside.kind, inside.digest, inside.parties)
    assert found.wrappers
    if "cms" in found.wrappers or "jws" in found.wrappers:
        assert [signer.iin for signer in found.signers] == [authority.certificate("p256-individual").iin]


def test_wrappers_stand_from_outside_in() -> None:
    # Base64 of a CMS is one of the forms in which a CMS comes.
    assert overview(base64.b64encode(signed(base64.b64encode(ACT)))).wrappers == ("cms", "base64")
    assert overview(base64.b64encode(base64.b64encode(signed(ACT)))).wrappers == ("base64", "cms")


def test_a_detached_signature_is_all_that_is_there() -> None:
    found = overview(signed(ACT, detached=True))
    assert (found.kind, found.digest, len(found.signers)) == ("digest", hashlib.sha256(ACT).hexdigest(), 1)


def test_a_timestamp_token_is_told_from_a_document() -> None:
    token = timestamps.token(b"octets", tsp.Profile(tsp.POLICY_RSA, algorithms.SHA256))
    found = overview(token)
    assert (found.kind, found.form, found.wrappers) == ("form", "timestamp", ())
    assert [(fact.name, fact.value) for fact in found.facts] == [("moment", timestamps.AT.isoformat())]
    assert len(found.signers) == 1
    damaged = token.replace(b"\x18\x0f20260601", b"\x18\x0f20269901")
    assert damaged != token
    assert (overview(damaged).kind, overview(damaged).why) == ("unknown", "broken")


def test_a_tree_that_turns_out_to_be_none_becomes_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far behind what was read first."""
    monkeypatch.setattr(tree, "FIRST_S", 0)
    for begin, end in ((b"<r>" + b"<a>1</a>\n" * 100_000, b"</x>"), (b"[\n" + b"1,\n" * 10_000, b"]")):
        shown = recognise.open_view("a", signed(begin + end))
        assert isinstance(shown, Unwrapped)
        assert (shown.overview.kind, shown.overview.is_growing) == ("tree", True)
        assert shown.read(0, 1)
        shown.grow(60)
        assert (shown.overview.kind, shown.overview.is_growing) == ("text", False)
        assert shown.overview.wrappers == ("cms",)
        assert len(shown.overview.signers) == 1
        assert shown.read(0, 1)[0].value in ("<r><a>1</a>", "[")


@pytest.mark.parametrize(
    "text",
    [
        b"MTEK",
        b"abcd1234",
        base64.b64encode(hashlib.sha256(b"act").digest()),
        base64.b64encode(hashlib.sha512(b"").digest()),
        b"A" * 64,
        b"word " * 20,
    ],
)
def test_words_and_digests_that_are_base64_too_stay_text(text: bytes) -> None:
    assert (overview(text).kind, overview(text).wrappers) == ("text", ())


def test_things_in_things_come_to_an_end() -> None:
    octets = ACT
    for _ in range(recognise.MAX_LAYERS + 2):
        octets = base64.b64encode(octets)
    found = overview(octets)
    assert (found.kind, found.why) == ("unknown", "too-large")
    assert found.wrappers == ("base64",) * (recognise.MAX_LAYERS + 1)
    for _ in range(12):
        octets = zip_files.write([("a.zip", octets)], at=AT)
    assert overview(octets).kind == "entries"


@pytest.mark.parametrize(
    "octets",
    [b"%PDF-1.7\nnothing", picture_of("PNG")[:20], b"PK\x03\x04nothing", b"\x89PNG\r\n\x1a\n" + bytes(50)],
    ids=["pdf", "png", "zip", "zeros"],
)
def test_what_is_damaged_is_said_to_be(octets: bytes) -> None:
    found = overview(octets)
    assert (found.kind, found.why) == ("unknown", "broken")
    assert found.format


def test_a_damaged_cms_is_no_message() -> None:
    assert overview(signed(ACT)[:-20]).kind == "unknown"
    assert overview(cms.to_pem(signed(ACT))[:300].encode()).kind == "text"


@pytest.mark.parametrize(
    "octets",
    [
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "http://evil/">]><a>&b;</a>',
    ],
)
def test_a_document_type_makes_xml_text_and_is_told_of(octets: bytes) -> None:
    found = overview(octets)
    assert (found.kind, found.flags) == ("text", (Flag("external-reference", "DOCTYPE"),))
    assert overview(b"<!DOCTYPE html><p>").flags == ()


def test_billions_of_laughs_are_not_heard() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))
    assert overview(f'<!DOCTYPE r [<!ENTITY a0 "ha">{entities}]><r>&a19;</r>'.encode()).kind == "text"


def test_unknown_octets_can_not_be_asked() -> None:
    shown = recognise.open_view("", bytes(10))
    for ask in (lambda: shown.draw(0, 100), lambda: shown.read(0, 1), lambda: shown.enter(0)):
        with pytest.raises(CannotShow):
            ask()


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([b"", b"<", b"{", b"PK\x03\x04", b"PK\x05\x06", b"0\x82", b"eyJ", b"MII", b"\xff\xfe", b"<?xml ", b"-----BEGIN CMS-----\n", b"0\x80\x06\t*\x86H\x86\xf7\r\x01\x07\x02"]),
    st.binary(max_size=200),
)  # fmt: skip
def test_any_octets_have_an_overview(beginning: bytes, rest: bytes) -> None:
    shown = recognise.open_view("x", beginning + rest)
    found = shown.overview
    assert found.size <= len(beginning + rest)
    if found.kind in {"form", "tree", "text", "entries"}:
        assert len(shown.read(0, preview.MAX_ROWS)) == min(found.rows, preview.MAX_ROWS)


_MESSAGE = signed(ACT)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_MESSAGE) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_a_message_with_damage_is_shown_or_not(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(_MESSAGE)
    for at, value in changes:
        octets[at] = value
    assert overview(bytes(octets)).kind in {"text", "unknown", "digest", "tree", "entries", "pages"}
