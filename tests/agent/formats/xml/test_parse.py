"""The parser reads what is XML, says where it is not, and lets nothing hostile through."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agent.errors import BadInput
from agent.formats.xml import parse

SAX = "org.xml.sax.SAXParseException; lineNumber: "


def refused(document: bytes | str) -> str:
    with pytest.raises(BadInput) as caught:
        parse.read(document)
    return caught.value.detail


def text_of(document: bytes | str) -> str | None:
    return parse.read(document).getroot().text


# --- what is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [b"<a/>", b"<xml></xml>", " <a/>\n", "\ufeff<a/>", b"\xef\xbb\xbf<a/>"])
def test_the_smallest_documents_are_read(document: bytes | str) -> None:
    assert parse.read(document).getroot().tag in {"a", "xml"}


def test_octets_are_decoded_as_they_declare() -> None:
    for encoding in ("utf-8", "windows-1251", "UTF-16", "koi8-r"):
        document = f'<?xml version="1.0" encoding="{encoding}"?><a>құжат</a>'.replace("құ", "ку")
        assert text_of(document.encode(encoding)) == "кужат"
    assert text_of("<a>құжат</a>".encode("utf-16")) == "құжат"


@pytest.mark.parametrize("encoding", ["windows-1251", "UTF-16", "UTF-7", "ebcdic-cp-us"])
def test_text_is_decoded_already_whatever_it_declares(encoding: str) -> None:
    assert text_of(f'<?xml version="1.0" encoding="{encoding}"?><a>құжат</a>') == "құжат"


def test_nothing_is_thrown_away() -> None:
    document = b"<!--1--><?p 2?><a> <!--3--><b> </b><?q 4?><![CDATA[<5>]]>\r\n</a><!--6-->"
    assert etree.tostring(parse.read(document)) == document.replace(b"\r\n", b"\n")


def test_a_long_text_is_no_reason_to_refuse() -> None:
    assert len(text_of(b"<a>" + b"x" * 11_000_000 + b"</a>") or "") == 11_000_000


def test_elements_are_told_from_comments_and_instructions() -> None:
    root = parse.read("<a><!--c--><b/><?p?></a>").getroot()
    assert [element.tag for element in parse.elements_of(root)] == ["b"]


def test_an_element_alone_takes_its_namespaces_along_and_no_text_after_it() -> None:
    tree = parse.read(
        '<r xmlns="urn:d" xmlns:қ="urn:n"><m xmlns:o="urn:o"><қ:е><f>&#13;<!--c--></f></қ:е>tail</m></r>'
    )
    element = parse.alone(tree.getroot()[0][0])
    assert element.nsmap == {None: "urn:d", "қ": "urn:n", "o": "urn:o"}
    assert (element.tag, element.tail, element.getparent()) == ("{urn:n}е", None, None)
    assert element[0].text == "\r"
    assert len(tree.getroot()[0]) == 1


# --- what is not well-formed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "place", "sentence"),
    [
        (b"<this>is not a valid XML", "1; columnNumber: 25", "XML document structures must start and end"),
        (b"", "1; columnNumber: 1", "Premature end of file."),
        (b" \n ", "1; columnNumber: 1", "Premature end of file."),
        (b"MTEK", "1; columnNumber: 1", "Content is not allowed in prolog."),
        (b"<a/>\n<b/>", "2; columnNumber: 1", "The markup in the document following the root element"),
        (b"<a>\n</b>", "2; columnNumber: 5", "The document is not well-formed."),
        (b"<a:b/>", "1; columnNumber: 5", "The document is not well-formed."),
        (b"<a>&nbsp;</a>", "1; columnNumber: 10", "The document is not well-formed."),
        (b"<a>\xff</a>", "1; columnNumber: 4", "The document is not well-formed."),
    ],
)
def test_a_broken_document_is_told_in_the_words_of_a_sax_parser(
    document: bytes, place: str, sentence: str
) -> None:
    assert refused(document).startswith(f"{SAX}{place}; {sentence}")


def test_where_a_document_stops_being_xml_is_told_to_people_in_other_words_than_to_pages() -> None:
    with pytest.raises(BadInput) as caught:
        parse.read(b"<a>\n<b></a>")
    assert caught.value.detail == f"{SAX}2; columnNumber: 8; The document is not well-formed."
    assert caught.value.place == "line 2, column 8: The document is not well-formed."


def test_what_is_told_holds_nothing_of_the_document() -> None:
    assert "secret" not in refused(b"<secret></secrets>")
    assert "secret" not in refused(b"<a>&secret;</a>")


def test_half_a_character_is_refused() -> None:
    assert "half a character" in refused("<a>\ud800</a>")


# --- what is hostile ------------------------------------------------------------------------------------------------

_LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10 if level else "ha"}">' for level in range(12))
_DOCTYPES = {
    "empty": "<!DOCTYPE a><a/>",
    "laughs": f'<!DOCTYPE a [{_LAUGHS}]><a b="&l11;">&l11;</a>',
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><a/>',
    "external subset": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
    "identifier by declaration": '<!DOCTYPE a [<!ATTLIST a who ID #IMPLIED>]><a who="x"/>',
    "after comments": "<?xml version='1.0'?><!-- <a> --><?p?>\n<!DOCTYPE a []><a/>",
}


@pytest.mark.parametrize("document", _DOCTYPES.values(), ids=_DOCTYPES.keys())
def test_a_document_type_is_refused(document: str) -> None:
    for form in (document, document.encode(), document.encode("utf-16"), b"\xef\xbb\xbf" + document.encode()):
        assert refused(form) == f"{SAX}1; columnNumber: 1; DOCTYPE is disallowed."


def test_the_word_alone_is_no_document_type() -> None:
    document = '<!-- <!DOCTYPE a> --><a b="&lt;!DOCTYPE a>"><![CDATA[<!DOCTYPE a>]]></a>'
    assert text_of(document) == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0" encoding="UTF-7"?><a/>',
        b'<?xml version="1.0" encoding="utf-32"?><a/>',
        '<?xml version="1.0"?><a/>'.encode("cp037"),
        "<a/>".encode("utf-32"),
        "<a/>".encode("utf-32-be"),
        b'<?xml version="1.1"?><a/>',
        b'<?xml version="1.0" encoding="windows-1251?><a/>',
    ],
    ids=repr,
)
def test_encodings_and_versions_that_others_may_read_otherwise_are_refused(document: bytes) -> None:
    assert refused(document)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<a>" * 257 + b"</a>" * 257, "nested deeper than 256"),
        (b"<a>" * 100_000, "not well-formed"),
        (b"<a>" + b"<b/>" * 2_000_001 + b"</a>", "too many elements"),
        (b"<a " + b" ".join(b'a%d=""' % n for n in range(257)) + b"/>", "more than 256 attributes"),
        (b"<a>" + b"x" * parse.MAX_SIZE_BYTES + b"</a>", "67108864 at most"),
        (
            b"<a " + b" ".join(b'xmlns:a%d="u:%d"' % (n, n) for n in range(1100)) + b">" + b"<b/>" * 1000 + b"</a>",
            "too many namespaces",
        ),
    ],
    ids=["deep", "deeper", "many elements", "many attributes", "large", "namespaces"],
)  # fmt: skip
def test_documents_beyond_a_limit_are_refused(document: bytes, why: str) -> None:
    assert why in refused(document)


def test_documents_at_the_limits_are_read() -> None:
    parse.read(b"<a>" * 256 + b"</a>" * 256)
    parse.read(b"<a " + b" ".join(b'a%d=""' % n for n in range(256)) + b"/>")


def test_work_grows_with_elements_and_with_namespaces_in_scope() -> None:
    def work(document: str) -> int:
        return parse.work(parse.read(document))

    assert work("<a/>") < work("<a><b/></a>") < work('<a xmlns:x="u:x"><b/></a>')
    beside = "".join(f'<b xmlns:x="u:{n}"/>' for n in range(20))
    within = '<b xmlns:x="u:x">' * 20 + "</b>" * 20
    assert work(f"<a>{beside}</a>") < work(f"<a>{within}</a>")


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(document: bytes) -> None:
    try:
        parse.read(document)
    except BadInput:
        return


@given(st.text(alphabet=string.printable + "ұ\ud800\x00", max_size=60))
def test_any_text_in_an_element_is_read_or_refused(text: str) -> None:
    try:
        parse.read(f"<a>{text}</a>")
    except BadInput:
        return
