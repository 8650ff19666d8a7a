"""What a page may send."""

from typing import Any

import pytest

from protocol.v1 import requests, shapes

DOCUMENT = {"content": {"text": "a"}}
SIGN = {"documents": [DOCUMENT], "format": "cms"}


def read(**changes: Any) -> requests.SignParams:
    return shapes.read(requests.SignParams, SIGN | changes)


def test_the_least_request_has_the_documented_defaults() -> None:
    params = read()
    assert (params.detached, params.timestamp, params.cosign, params.certificate) == (
        True,
        "none",
        False,
        False,
    )
    assert (params.key.purpose, params.key.authorities, params.language) == (None, None, None)


def test_no_authorities_and_any_authority_are_two_things() -> None:
    assert read(key={"authorities": None}).key.authorities is None
    assert read(key={"authorities": []}).key.authorities == ()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"documents": []}, "documents has 0 items, and may have 1 to 10000"),
        ({"documents": [DOCUMENT] * 10_001}, "documents has 10001 items, and may have 1 to 10000"),
        ({"documents": [DOCUMENT] * 3 + [{}]}, "documents[3].content is missing"),
        ({"documents": [{"content": {}}]}, "documents[0].content has to have exactly one of text, base64, upload, digest"),
        ({"documents": [{**DOCUMENT, "title": "a\u202e\n"}]}, "documents[0].title is not one line of text without control characters"),
        ({"documents": [{**DOCUMENT, "existing": {"digest": {"base64": "AAAA"}}}]}, "documents[0].existing has to have exactly one of text, base64, upload"),
        ({"documents": [{**DOCUMENT, "facts": [{"label": "", "value": ""}]}]}, "documents[0].facts[0].label has 0 characters, and may have 1 to 100"),
        ({"documents": [{**DOCUMENT, "facts": [{"label": "a", "value": ""}] * 33}]}, "documents[0].facts has 33 items, and may have 0 to 32"),
        ({"format": "zip"}, "format is not one of cms, xml, raw, pdf, jws, wsse, asic"),
        ({"stamp": {}}, "has stamp, which is for the format pdf only"),
        ({"xml": {}}, "has xml, which is for the format xml only"),
        ({"format": "xml", "xml": {"elementXPath": "//a"}}, "xml has only one of elementXPath and parentXPath"),
        ({"format": "xml", "cosign": True}, "has cosign true, which is for the format cms only"),
        ({"format": "xml", "timestamp": "wanted"}, "has timestamp wanted, which is for the format cms and pdf and asic only"),
        ({"format": "pdf", "stamp": {"page": 0}}, "stamp.page is 0"),
        ({"key": {"iin": ""}}, "key.iin is not 12 digits"),
        ({"key": {"usages": ["1.02.3"]}}, "key.usages[0] is not a dotted object identifier"),
        ({"key": {"password": "secret"}}, "key.password is not known"),
        ({"language": "de"}, "language is not one of kk, ru, en"),
    ],
)  # fmt: skip
def test_what_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(shapes.Misfit) as caught:
        read(**changes)
    assert str(caught.value) == complaint


@pytest.mark.parametrize("nonce", ["A" * 21, "A" * 87, "A" * 22 + "=", "A" * 21 + "B", "+" * 22, "A" * 25])
def test_a_nonce_that_is_none(nonce: str) -> None:
    with pytest.raises(shapes.Misfit, match=r"^nonce "):
        shapes.read(requests.LoginParams, {"nonce": nonce})


@pytest.mark.parametrize("size", [-1, 2 * 1024**3 + 1, 0.5, "1", True])
def test_a_size_that_is_none(size: Any) -> None:
    with pytest.raises(shapes.Misfit, match=r"^size "):
        shapes.read(requests.UploadParams, {"size": size})
