import base64

import pytest

from agent.renderer.base import CannotShow
from agent.renderer.packed import looks_packed, unpacked


@pytest.mark.parametrize(
    ("text", "is_packed"),
    [
        (base64.b64encode(b"%PDF-1.7 ").decode(), True),
        (base64.b64encode(b"PK\x03\x04 ").decode(), True),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(), True),
        ("<a>1</a>", True),
        ("<a>1</a", False),
        ("a simple sentence", False),
        ("", False),
    ],
)
def test_documents_are_known_by_their_beginnings(text: str, is_packed: bool) -> None:
    assert looks_packed(text) is is_packed


def test_of_a_text_that_is_cut_the_end_is_not_looked_at() -> None:
    assert looks_packed("<a>1", is_cut=True)


def test_xml_loses_the_encoding_that_it_no_longer_has() -> None:
    assert unpacked(' <?xml version="1.0" encoding="windows-1251"?><a>қ</a> ') == "<a>қ</a>".encode()
    assert unpacked(base64.encodebytes(b"%PDF-" + bytes(200)).decode()) == b"%PDF-" + bytes(200)


@pytest.mark.parametrize("text", ["JVBERi0?", "AAA", "\u0410" * 8])
def test_damage_is_told(text: str) -> None:
    with pytest.raises(CannotShow):
        unpacked(text)
