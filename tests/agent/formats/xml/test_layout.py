"""Layouts, octet for octet. Published signatures are rebuilt in tests/statements/test_xml.py."""

import base64

import pytest
from lxml import etree

from agent.formats.xml import layout
from agent.formats.xml.layout import LayoutName

INFO = layout.SignedInfo("c14n", "signature", "#id", ("first", "second"), "digest", b"d" * 64)


def test_the_compact_layout_has_no_white_space_at_all() -> None:
    compact = layout.LAYOUTS["compact"]
    text = layout.signature(
        compact,
        info=layout.signed_info(compact, INFO),
        value=b"v" * 128,
        key=layout.x509_data(compact, b"c" * 900),
    )
    root = etree.fromstring(text)
    assert all(not node.text or not set(node.text) & set(" \r\n") for node in root.iter())
    assert all(node.tail is None for node in root.iter())


def test_lines_are_signed_as_they_are_written() -> None:
    """A digest of 64 octets is the only thing in SignedInfo that is long enough for a line end."""
    first, second = base64.b64encode(b"d" * 64).decode()[:76], base64.b64encode(b"d" * 64).decode()[76:]
    assert f"<ds:DigestValue>{first}&#13;\n{second}</ds:DigestValue>" in layout.signed_info(
        layout.LAYOUTS["crlf"], INFO
    )
    assert f"<ds:DigestValue>{first}\n{second}</ds:DigestValue>" in layout.signed_info(
        layout.LAYOUTS["lines"], INFO
    )


@pytest.mark.parametrize("name", layout.LAYOUTS)
def test_values_survive_every_layout(name: LayoutName) -> None:
    chosen = layout.LAYOUTS[name]
    text = layout.signature(
        chosen,
        info=layout.signed_info(chosen, INFO),
        value=b"v" * 256,
        key=layout.x509_data(chosen, b"c" * 57),  # one line of 76 exactly: no line end after it
    )
    texts = ["".join(node.text.split()) for node in etree.fromstring(text).iter() if node.text]
    assert [base64.b64decode(value) for value in texts if value] == [b"d" * 64, b"v" * 256, b"c" * 57]


def test_a_signature_to_come_is_empty() -> None:
    text = layout.signature(layout.LAYOUTS["lines"], info="", value=b"", key="")
    assert "<ds:SignatureValue></ds:SignatureValue>" in text


def test_a_token_reference_is_on_one_line() -> None:
    text = layout.token_reference(b"c" * 900)
    assert base64.b64encode(b"c" * 900).decode() in text
    assert "\n" not in text
