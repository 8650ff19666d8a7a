"""How the national programs lay out a signature: white space inside SignedInfo is signed, so every octet counts.

    crlf       Santuario on a recent Java: NCANode 2 and 3, tests of Kalkan. Base64 lines end in CR LF, written "&#13;" and LF.
    lines      the Java that NCALayer comes with: its commonUtils, NCANode 1.
    c-library  the national C library.
    compact    basics of NCALayer 1.4: no white space at all, for verifiers that drop it when they parse (egov.kz).

The first three are proven: published signatures are rebuilt from them octet for octet. For the last there is one witness.
"""

import base64
import dataclasses
from collections.abc import Sequence
from typing import Literal

from agent.formats.xml import identifiers

LayoutName = Literal["crlf", "lines", "c-library", "compact"]


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    between: str
    """White space between elements."""
    columns: int
    """Of base64; 0 for one line."""
    line_end: str
    """Within base64, as it is written."""
    edge: str
    """Around base64 that has an element to itself, except a digest."""
    attributes: str = ""
    """Of ds:Signature, beside the namespace."""


LAYOUTS: dict[LayoutName, Layout] = {
    "crlf": Layout("\n", 76, "&#13;\n", "\n"),
    "lines": Layout("\n", 76, "\n", "\n"),
    "c-library": Layout("\n", 64, "\n", "", ' Id="1"'),
    "compact": Layout("", 0, "", ""),
}


@dataclasses.dataclass(frozen=True, slots=True)
class SignedInfo:
    """What is signed: the URIs of algorithms, one reference, its digest."""

    canonicalization: str
    signature: str
    reference: str
    transforms: Sequence[str]
    digest: str
    digest_value: bytes


def signed_info(layout: Layout, info: SignedInfo) -> str:
    """The text of ds:SignedInfo. URIs are written as they are: none of ours needs escaping."""
    transforms = [f'<ds:Transform Algorithm="{uri}"/>' for uri in info.transforms]
    return _lines(
        layout,
        "<ds:SignedInfo>",
        f'<ds:CanonicalizationMethod Algorithm="{info.canonicalization}"/>',
        f'<ds:SignatureMethod Algorithm="{info.signature}"/>',
        f'<ds:Reference URI="{info.reference}">',
        "<ds:Transforms>",
        *transforms,
        "</ds:Transforms>",
        f'<ds:DigestMethod Algorithm="{info.digest}"/>',
        f"<ds:DigestValue>{_base64(layout, info.digest_value)}</ds:DigestValue>",
        "</ds:Reference>",
        "</ds:SignedInfo>",
    )


def x509_data(layout: Layout, certificate_der: bytes) -> str:
    """The text of ds:X509Data with one certificate."""
    text = f"{layout.edge}{_base64(layout, certificate_der)}{layout.edge}"
    return _lines(
        layout, "<ds:X509Data>", f"<ds:X509Certificate>{text}</ds:X509Certificate>", "</ds:X509Data>"
    )


def token_reference(certificate_der: bytes) -> str:
    """The text of wsse:SecurityTokenReference with the certificate itself (WSS X.509 Token Profile 1.0 §3.3.1), on one line."""
    return (
        f'<wsse:SecurityTokenReference xmlns:wsse="{identifiers.WSSE}">'
        f'<wsse:KeyIdentifier EncodingType="{identifiers.BASE64_BINARY}" ValueType="{identifiers.X509_V3}">'
        f"{base64.b64encode(certificate_der).decode()}"
        "</wsse:KeyIdentifier></wsse:SecurityTokenReference>"
    )


def signature(layout: Layout, *, info: str, value: bytes, key: str) -> str:
    """The text of ds:Signature from that of ds:SignedInfo, the signature's octets, and what ds:KeyInfo holds."""
    text = f"{layout.edge}{_base64(layout, value)}{layout.edge}" if value else ""
    return _lines(
        layout,
        f'<ds:Signature xmlns:ds="{identifiers.DS}"{layout.attributes}>',
        info,
        f"<ds:SignatureValue>{text}</ds:SignatureValue>",
        "<ds:KeyInfo>",
        key,
        "</ds:KeyInfo>",
        "</ds:Signature>",
    )


def _lines(layout: Layout, *parts: str) -> str:
    return layout.between.join(parts)


def _base64(layout: Layout, octets: bytes) -> str:
    text = base64.b64encode(octets).decode()
    if not layout.columns:
        return text
    starts = range(0, len(text), layout.columns)
    return layout.line_end.join(text[start : start + layout.columns] for start in starts)
