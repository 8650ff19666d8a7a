import base64
import tracemalloc
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import forms, tree
from agent.renderer.base import CannotShow
from agent.renderer.tree import NotATree, Plain
from agent.renderer.xml_root import root_of
from agent.renderer.xml_tree import XmlView
from protocol import preview
from protocol.preview import Flag, Row

PDF = b"%PDF-1.4\n" + bytes(range(256))


def xml(octets: bytes | str, seconds: float = 60) -> XmlView:
    octets = octets.encode() if isinstance(octets, str) else octets
    return XmlView(octets, root_of(octets), Plain(), forms.Fields(), seconds)


def all_rows(shown: XmlView) -> tuple[Row, ...]:
    rows: tuple[Row, ...] = ()
    while len(rows) < shown.overview.rows:
        rows += shown.read(len(rows), preview.MAX_ROWS)
    assert shown.read(len(rows), 1) == ()
    return rows


def test_elements_attributes_texts_and_comments_are_rows() -> None:
    shown = xml('<r xmlns="urn:x"><a q="1">t<b>5</b> tail </a><!-- c --><?p d?><e/><![CDATA[<x>]]></r>')
    assert all_rows(shown) == (
        Row("r", "", 0, "element"),
        Row("xmlns", "urn:x", 1, "attribute"),
        Row("a", "t", 1, "element"),
        Row("q", "1", 2, "attribute"),
        Row("b", "5", 2, "element"),
        Row("", "tail", 2),
        Row("", " c ", 1, "comment"),
        Row("?p", "d", 1, "comment"),
        Row("e", "", 1, "element"),
        Row("", "<x>", 1),
    )
    assert (shown.overview.kind, shown.overview.format) == ("tree", "XML")


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "windows-1251",
        "koi8-r",
        "cp866",
        "iso-8859-5",
    ],
)
def test_encodings(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>\n<акт>'
        + "<жол>қ</жол>".replace("қ", "бір екі".replace("і", "и")) * 400
        + "</акт>"
    )
    shown = xml(text.encode(encoding))
    assert shown.overview.rows == 401
    assert shown.read(400, 1) == (Row("жол", "бир еки", 1, "element"),)  # from a mark in the middle


def test_depth_is_bounded() -> None:
    deep = b"<a>" * tree.MAX_DEPTH + b"</a>" * tree.MAX_DEPTH
    assert xml(deep).read(tree.MAX_DEPTH - 1, 1)[0].depth == tree.MAX_DEPTH - 1
    with pytest.raises(NotATree):
        xml(b"<a>" + deep + b"</a>")


def test_any_piece_of_a_long_document_can_be_read() -> None:
    shown = xml("<r>" + "".join(f"<p n='{n}'>{n}<q/></p>" for n in range(1000)) + "</r>")
    rows = all_rows(shown)
    assert len(rows) == shown.overview.rows == 3001
    for start in (0, 1, 255, 256, 257, 1500, 2999, 3000):
        assert shown.read(start, 7) == rows[start : start + 7]


def test_long_texts_go_on_and_very_long_ones_are_cut() -> None:
    letters = "".join(chr(0x430 + at % 32) for at in range(preview.MAX_TEXT + 5))
    shown = xml(f"<a><b c='{letters}'>{letters}</b><d>{'x' * (tree.MAX_TEXT_SHOWN + 1)}</d><e/></a>")
    rows = all_rows(shown)
    assert "".join(row.value for row in rows[1:3]) == letters
    assert [row.label for row in rows[1:5]] == ["b", "", "c", ""]
    assert rows[-2] == Row("", "", 1, "cut")
    assert rows[-1] == Row("e", "", 1, "element")
    assert all(len(row.value) <= preview.MAX_TEXT for row in rows)


def test_a_document_in_a_text_can_be_entered() -> None:
    packed = base64.encodebytes(PDF * 40).decode()
    inner = '<?xml version="1.0" encoding="windows-1251"?><акт>' + "қ" * 40_000 + "</акт>"
    shown = xml(f"<r><p>1</p><d>{packed}</d><b>{escape(inner)}</b><c><![CDATA[<x>{'y' * 90}</x>]]></c></r>")
    rows = all_rows(shown)
    entries = {row.label: number for number, row in enumerate(rows) if row.is_entry}
    assert set(entries) == {"d", "b", "c"}
    assert (shown.enter(entries["d"]).name, shown.enter(entries["d"]).octets) == ("d", PDF * 40)
    assert shown.enter(entries["b"]).octets.decode() == inner.partition("?>")[2]
    assert root_of(shown.enter(entries["c"]).octets).name == "x"
    for row in (0, 1, len(rows), 10_000):
        with pytest.raises(CannotShow):
            shown.enter(row)


def test_damaged_base64_is_no_document() -> None:
    shown = xml(f"<d>JVBERi0x{'?' * 100}</d>")
    with pytest.raises(CannotShow) as caught:
        shown.enter(0)
    assert caught.value.why == "broken"


def test_hidden_letters_and_things_from_elsewhere_are_told_of() -> None:
    shown = xml(
        '<?xml-stylesheet href="http://x/y.xsl"?>\n<r xmlns:xi="http://www.w3.org/2001/XInclude">\n'
        '<xi:include href="http://x/z" xmlns:xi="http://www.w3.org/2001/XInclude"/>\n<a>\u202e</a>\n<b>&#x200B;</b><c>&#8238;</c></r>'
    )
    assert shown.overview.flags == (
        Flag("external-reference", "xml-stylesheet"),
        Flag("external-reference", "XInclude"),
        Flag("hidden-text", "line 4"),
        Flag("hidden-text", "line 5"),
    )


def test_it_has_no_pages() -> None:
    shown = xml("<a/>")
    for ask in (
        lambda: shown.draw(0, 1),
        lambda: shown.read(-1, 1),
        lambda: shown.read(0, 0),
        lambda: shown.enter(-1),
    ):
        with pytest.raises(CannotShow):
            ask()


LONG = "<r>" + "".join(f"<p n='{n}'>{n}<iin>900101300123</iin></p>" for n in range(40_000)) + "</r>"


def test_the_first_of_a_large_document_is_shown_while_the_rest_waits() -> None:
    shown = xml(LONG, seconds=0)
    assert shown.overview.is_growing
    first = shown.overview.rows
    assert 0 < first < 120_001
    rows = shown.read(first - 5, 10)
    assert len(rows) == 5  # and nothing of what is not counted yet
    grown = [first]
    while shown.overview.is_growing:
        # Of the whole nothing is said before the whole is read.
        assert (shown.overview.facts, shown.overview.parties) == ((), ())
        shown.grow(0)
        grown.append(shown.overview.rows)
    assert grown == sorted(grown)
    whole = xml(LONG)
    assert shown.overview == whole.overview
    assert whole.overview.rows == 120_001
    assert shown.read(first - 5, 5) == rows == whole.read(first - 5, 5)
    assert shown.read(119_990, 50) == whole.read(119_990, 50)
    shown.grow(0)  # there is nothing more
    assert shown.overview == whole.overview


def test_damage_far_behind_shows_while_it_is_read_on() -> None:
    shown = xml(LONG[:-4] + "<p></q></r>", seconds=0)
    assert len(shown.read(0, 500)) == 500
    with pytest.raises(NotATree):
        shown.grow(60)


def test_a_large_document_is_read_in_little_memory() -> None:
    """5 MB here; 50 MB take ten times as long, and no more memory than their index."""
    item = (
        "<product><name>Тауар бір</name><ndsRate>16</ndsRate><priceWithTax>1160.00</priceWithTax></product>\n"
    )
    octets = f"<r>{item * (5_000_000 // len(item.encode()))}</r>".encode()
    tracemalloc.start()
    try:
        shown = xml(octets)
        shown.read(shown.overview.rows // 2, preview.MAX_ROWS)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    assert len(shown.read(shown.overview.rows - 500, 500)) == 500


_NAMES = st.sampled_from(["a", "b", "product", "tin", "iin", "name", "акт"])
_XML = st.recursive(
    st.text(st.characters(min_codepoint=32, max_codepoint=1200, exclude_characters="<>&"), max_size=20),
    lambda inside: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", _NAMES, st.lists(inside, max_size=5)
    ),
    max_leaves=60,
)


@settings(max_examples=60, deadline=None)
@given(_XML)
def test_rows_are_the_same_whichever_way_they_are_read(inside: str) -> None:
    shown = xml(f"<r>{inside}</r>")
    rows = all_rows(shown)
    assert all(shown.read(number, 1) == (row,) for number, row in enumerate(rows))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(
    [b"<", b">", b"a", b"/", b"<a>", b"</a>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&#x41;", b"\xd0\xb0", b"\xff", b"'", b"=", b" ", b"<?a", b"?>"]
), max_size=30))  # fmt: skip
def test_damage_is_no_tree_and_nothing_worse(pieces: list[bytes]) -> None:
    octets = b"<a>" + b"".join(pieces) + b"</a>"
    try:
        shown = xml(octets)
    except NotATree:
        return
    assert len(all_rows(shown)) == shown.overview.rows
