"""Reading XML that may be hostile: nothing is loaded, nothing is expanded, and there are limits on everything.

No DTD, hence no entities, no default attributes, no attributes that are identifiers by declaration. Comments, processing
instructions and CDATA sections stay where they are. Only XML 1.0, because Canonical XML is not defined for 1.1.

Canonical XML costs, for each element, the square of the namespaces declared on the way to it: a document of 100 kB with
5000 of them keeps libxml2 busy for minutes. So the work is estimated and limited before anybody canonicalises.
"""

import re
from collections.abc import Iterable

from lxml import etree

from agent.errors import BadInput

MAX_SIZE_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 256
MAX_ATTRIBUTES = 256
MAX_MARKS = 2_000_000
"""Of "<" and "=": there are at least as many as elements and attributes, of which each takes 100 octets of memory."""
MAX_WORK = 10**9
"""Steps of one canonicalisation, as `work` estimates them: some two seconds."""

_ELEMENT_STEPS = 100  # measured: an element without namespaces takes as long as a hundred steps over them

# Single-octet encodings that keep ASCII, and Unicode. Others could make a reader of these octets see another document.
_ENCODINGS = frozenset({
    "utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii",
    "iso-8859-1", "iso-8859-5", "latin1", "windows-1251", "cp1251", "windows-1252", "koi8-r",
})  # fmt: skip
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[ \t\r\n]*<")
_ENCODING = re.compile(rb"<\?xml[^>]*?[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"'>]*)[\"']")
_HEAD_OCTETS = 1024
_CHUNK_OCTETS = 64 * 1024

# What pages know from the parser that NCALayer uses. Others of its sentences quote the document, which ours never do.
_NOT_WELL_FORMED = "The document is not well-formed."
_SENTENCES = {
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "Content is not allowed in prolog.",
    etree.ErrorTypes.ERR_DOCUMENT_END: "The markup in the document following the root element must be well-formed.",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "XML document structures must start and end within the same entity.",
}


def read(document: bytes | str) -> etree._ElementTree:
    """The parsed document. Text is a document already decoded, as pages send it: the encoding that it declares means nothing.

    Raises: BadInput; where the document is not well-formed, with the wording of a SAX parser and the place.
    """
    octets, encoding = _octets(document)
    if not octets.strip():
        raise _damaged(1, 1, "Premature end of file.")
    if len(octets) > MAX_SIZE_BYTES:
        raise BadInput(f"XML: {len(octets)} octets, {MAX_SIZE_BYTES} at most")
    if octets.count(b"<") + octets.count(b"=") > MAX_MARKS:
        raise BadInput("XML: too many elements and attributes")
    _refuse_doctype(octets, encoding)
    try:
        root = etree.fromstring(octets, _parser(encoding))
    except etree.XMLSyntaxError as error:
        line, column = error.position
        code = error.code  # type: ignore[attr-defined]  # the stubs do not know it
        raise _damaged(line, column, _SENTENCES.get(code, _NOT_WELL_FORMED)) from error
    tree = root.getroottree()
    _limit(tree)
    return tree


def work(tree: etree._ElementTree) -> int:
    """Steps that one canonicalisation of the document takes, roughly."""
    root = tree.getroot()
    elements = int(_number(root, "count(//*)"))
    namespaces = _namespaces_in_scope(root)
    return elements * (_ELEMENT_STEPS + (1 + namespaces) * (namespaces + _depth(root)))


def elements_of(nodes: Iterable[etree._Element]) -> list[etree._Element]:
    """Elements alone: comments and processing instructions have a function for a tag."""
    return [node for node in nodes if isinstance(node.tag, str)]


def alone(element: etree._Element) -> etree._Element:
    """A copy of an element as the root of a document of its own, with all namespaces that are in scope, and no text after it.

    lxml canonicalises a part of a document under a makeshift root, and then libxml2 takes a default namespace that was declared
    further up for one that has ended: it writes xmlns="" at the grandchildren. In a document of its own nothing is makeshift.
    """
    # Not in ASCII: names of elements can't hold character references.
    octets = etree.tostring(element, encoding="utf-8", with_tail=False)
    return etree.fromstring(octets, _parser("utf-8"))


def _octets(document: bytes | str) -> tuple[bytes, str | None]:
    """The octets to parse, and the encoding that overrides what they declare."""
    if isinstance(document, str):
        try:
            return document.encode(), "utf-8"
        except UnicodeEncodeError as error:
            raise BadInput("XML: the text holds half a character") from error
    if b"\x00\x00" in document[:4]:
        raise BadInput("XML: UTF-32 is not supported")
    head = document[:_HEAD_OCTETS].replace(b"\x00", b"")
    if head.strip() and not _BEGINNING.match(head):
        raise _damaged(1, 1, "Content is not allowed in prolog.")
    declared = _ENCODING.search(head)
    if declared and declared[1].decode("latin-1").lower() not in _ENCODINGS:
        raise BadInput("XML: the declared encoding is not supported")
    return document, None


def _parser(encoding: str | None, target: "_Prolog | None" = None) -> etree.XMLParser:
    # huge_tree lifts the limit of 10 MB on a text; ours are above. Identifiers are looked for by us: see references.py.
    return etree.XMLParser(
        encoding=encoding,
        target=target,  # type: ignore[arg-type]  # the stubs ask for methods that lxml does without
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=True,
        remove_blank_text=False,
        remove_comments=False,
        remove_pis=False,
        strip_cdata=False,
        collect_ids=False,
        recover=False,
    )


class _FoundDoctype(Exception):
    """How the target below stops the parser."""


class _FoundRoot(Exception):
    """Likewise."""


class _Prolog:
    """Target of a parser that goes no further than the first tag: a document type can't come after it."""

    def doctype(self, *_names: str | None) -> None:
        raise _FoundDoctype

    def start(self, *_element: object) -> None:
        raise _FoundRoot

    def data(self, _text: str) -> None:
        """White space between comments."""

    def close(self) -> None:
        """Called in any case."""


def _refuse_doctype(octets: bytes, encoding: str | None) -> None:
    """Raises: BadInput, before a declaration inside the DOCTYPE is looked at. What is not well-formed is left for later."""
    parser = _parser(encoding, _Prolog())
    try:
        for start in range(0, len(octets), _CHUNK_OCTETS):
            parser.feed(octets[start : start + _CHUNK_OCTETS])
        parser.close()
    except _FoundRoot:
        return
    except _FoundDoctype:
        raise _damaged(1, 1, "DOCTYPE is disallowed.") from None
    except etree.XMLSyntaxError:
        return


def _limit(tree: etree._ElementTree) -> None:
    """Raises: BadInput."""
    root = tree.getroot()
    if tree.docinfo.xml_version != "1.0":
        raise BadInput("XML: only version 1.0 is supported")
    if tree.docinfo.internalDTD is not None:
        raise BadInput("XML: a document type is not allowed")
    if _is_deeper(root, MAX_DEPTH):
        raise BadInput(f"XML: elements nested deeper than {MAX_DEPTH}")
    if root.xpath(f"boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])"):
        raise BadInput(f"XML: more than {MAX_ATTRIBUTES} attributes at one element")
    if work(tree) > MAX_WORK:
        raise BadInput("XML: too many namespaces for so many elements")


def _number(root: etree._Element, expression: str) -> float:
    found = root.xpath(expression)
    assert isinstance(found, float)
    return found


def _is_deeper(root: etree._Element, depth: int) -> bool:
    return bool(root.xpath(f"boolean({'/'.join(['*'] * depth)})"))


def _depth(root: etree._Element) -> int:
    """A power of two that the depth does not exceed."""
    depth = 2
    while _is_deeper(root, depth):
        depth *= 2
    return depth


def _namespaces_in_scope(root: etree._Element) -> int:
    """The most declarations that lie on the way from the root to any element, hidden ones too."""
    most = now = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        now += 1 if event == "start-ns" else -1
        most = max(most, now)
    return most


def _damaged(line: int, column: int, sentence: str) -> BadInput:
    return BadInput(
        f"org.xml.sax.SAXParseException; lineNumber: {line}; columnNumber: {column}; {sentence}",
        place=f"line {line}, column {column}: {sentence}",
    )
