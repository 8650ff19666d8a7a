import pytest

from agent.renderer.tree import Clock, NotATree, Plain
from agent.renderer.xml_root import MAX_TOKEN, root_of
from agent.renderer.xml_walk import Mark, Walk


def test_a_root_is_found_without_the_rest() -> None:
    root = root_of(b'<?xml version="1.0"?><!-- c --><v2:invoice xmlns:v2="v2.esf"><broken')
    assert (root.name, root.qualified, root.namespace) == ("invoice", "v2:invoice", "v2.esf")
    assert root_of(b'<awp xmlns="v1.awp"/>').namespace == "v1.awp"


@pytest.mark.parametrize(
    ("octets", "encoding"),
    [
        (b"<a/>", "UTF-8"),
        (b"\xef\xbb\xbf<a/>", "UTF-8"),
        ("<a/>".encode("utf-16"), "UTF-8"),
        (b'<?xml version="1.0" encoding="windows-1251"?><a/>', "windows-1251"),
    ],
)
def test_encodings_are_known_beforehand(octets: bytes, encoding: str) -> None:
    assert root_of(octets).encoding == encoding


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<", b"<a>", b"<a></b>", b"<a/><b/>", b"text", b"<a>&b;</a>", b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', b"<a>\xff</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>', b'<?xml version="1.0" encoding="nothing"?><a/>', b"<a b=1/>",
        b'<?xml version="1.0" encoding="rot13"?><a/>', b"<a" + b" " * (2 * MAX_TOKEN), b"\xff\xfe<\x00a", b"<a>" * 300,
    ],
)  # fmt: skip
def test_what_is_no_tree(octets: bytes) -> None:
    with pytest.raises(NotATree):
        Walk(root_of(octets), Plain(), Mark(0, 0, None, ())).go_on(Clock(600))
