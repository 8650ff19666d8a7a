import base64
import time
import tracemalloc
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import forms, tree
from agent.renderer.base import CannotShow
from agent.renderer.tree import NotATree
from protocol import preview
from protocol.preview import Flag, Row

PDF = b"%PDF-1.4\n" + bytes(range(256))


def xml(octets: bytes | str) -> tree.XmlView:
    octets = octets.encode() if isinstance(octets, str) else octets
    return tree.XmlView(octets, tree.root_of(octets), tree.Plain(), forms.Fields())


def json_view(text: str) -> tree.JsonView:
    return tree.JsonView(text.encode(), text, forms.Fields())


def all_rows(shown: tree.XmlView | tree.JsonView) -> tuple[Row, ...]:
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


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<", b"<a>", b"<a></b>", b"<a/><b/>", b"text", b"<a>&b;</a>", b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', b"<a>\xff</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>', b'<?xml version="1.0" encoding="nothing"?><a/>', b"<a b=1/>",
        b'<?xml version="1.0" encoding="rot13"?><a/>', b"<a" + b" " * (2 * tree.MAX_TOKEN), b"\xff\xfe<\x00a", b"<a>" * 300,
    ],
)  # fmt: skip
def test_what_is_no_tree(octets: bytes) -> None:
    with pytest.raises(NotATree):
        xml(octets)


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
    assert tree.root_of(shown.enter(entries["c"]).octets).name == "x"
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


@pytest.mark.parametrize("shown", [xml("<a/>"), json_view("{}")], ids=["xml", "json"])
def test_it_has_no_pages(shown: tree.XmlView | tree.JsonView) -> None:
    for ask in (
        lambda: shown.draw(0, 1),
        lambda: shown.read(-1, 1),
        lambda: shown.read(0, 0),
        lambda: shown.enter(-1),
    ):
        with pytest.raises(CannotShow):
            ask()


def test_a_root_is_found_without_the_rest() -> None:
    root = tree.root_of(b'<?xml version="1.0"?><!-- c --><v2:invoice xmlns:v2="v2.esf"><broken')
    assert (root.name, root.qualified, root.namespace) == ("invoice", "v2:invoice", "v2.esf")
    assert tree.root_of(b'<awp xmlns="v1.awp"/>').namespace == "v1.awp"


def test_json_is_a_tree() -> None:
    shown = json_view('{"number": 17.50, "number": "again", "list": [true, null, {"a": ""}], "empty": {}}')
    assert all_rows(shown) == (
        Row("number", "17.50", 0, "element"),
        Row("number", "again", 0, "element"),
        Row("list", "", 0, "element"),
        Row("1", "true", 1, "element"),
        Row("2", "null", 1, "element"),
        Row("3", "", 1, "element"),
        Row("a", "", 2, "element"),
        Row("empty", "", 0, "element"),
    )
    assert (shown.overview.kind, shown.overview.format) == ("tree", "JSON")


def test_a_document_in_json_can_be_entered() -> None:
    shown = json_view(f'{{"file": "{base64.b64encode(PDF).decode()}", "long": "{"x" * 9000}"}}')
    assert shown.enter(0).octets == PDF
    assert "".join(row.value for row in all_rows(shown)[1:]) == "x" * 9000


@pytest.mark.parametrize(
    "text", ["", "[", "17", '"a"', "[" * 300 + "]" * 300, "[" * 200_000, "[NaN]", "{a: 1}"]
)
def test_what_is_no_json_tree(text: str) -> None:
    with pytest.raises(NotATree):
        json_view(text)


def test_much_json_is_no_tree() -> None:
    with pytest.raises(NotATree):
        json_view("[" + "1," * tree.MAX_JSON_ROWS + "1]")
    with pytest.raises(NotATree):
        json_view('"' + "a" * tree.MAX_JSON_BYTES + '"')


@pytest.mark.parametrize(
    "octets",
    [
        b"<r>" + b"<a/>" * 3_000_000 + b"</r>",
        b'<r a="' + b"x" * 20_000_000 + b'"/>',
        b"<r><!--" + b"x" * 20_000_000 + b"--></r>",
        b"<r " + b" ".join(b'a%d="1"' % number for number in range(400_000)) + b"/>",
        b"<r>" + b"".join(b"<n%d/>" % number for number in range(700_000)) + b"</r>",
    ],
    ids=["elements", "value", "comment", "attributes", "names"],
)
def test_documents_made_to_be_slow_are_given_up(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_ROWS", 100_000)
    monkeypatch.setattr(tree, "MAX_NAMES", 50_000)
    began = time.process_time()
    with pytest.raises(NotATree):
        xml(octets)
    assert time.process_time() - began < 5


def test_a_large_document_is_read_in_little_memory() -> None:
    """5 MB here; 50 MB take ten times as long, and no more memory than their index."""
    item = (
        "<product><name>Тауар бір</name><ndsRate>16</ndsRate><priceWithTax>1160.00</priceWithTax></product>\n"
    )
    octets = f"<r>{item * (5_000_000 // len(item.encode()))}</r>".encode()
    began = time.process_time()
    shown = xml(octets)
    assert time.process_time() - began < 5
    tracemalloc.start()
    try:
        shown = xml(octets)
        shown.read(shown.overview.rows // 2, preview.MAX_ROWS)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    began = time.process_time()
    assert len(shown.read(shown.overview.rows - 500, 500)) == 500
    assert time.process_time() - began < 0.5


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


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=10),
        lambda inside: (
            st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4)
        ),
    )
)
def test_any_json_has_all_its_rows(value: object) -> None:
    import json

    if isinstance(value, dict | list):
        shown = json_view(json.dumps(value))
        assert len(all_rows(shown)) == shown.overview.rows
