"""Telling a key file from a document by its octets, whatever it is called: so that no key is put into a signature for a page.

Of these forms: PKCS#12, JKS and JCEKS, private keys as text (PEM and OpenSSH, in UTF-16 too; PuTTY), and bare private keys in DER: PKCS#8
plain and encrypted (RFC 5958), RSA (RFC 8017 appendix A.1.2), DSA, and elliptic curves (RFC 5915). DER is told by its structure, because
each of these forms begins as many other things do; of what is no key none has that structure.
"""

import codecs
from collections.abc import Sequence
from typing import TypeAlias

from asn1crypto import parser

from agent.algorithms import oid_der
from agent.keystores import der, jks

MAX_TEXT_BYTES = 64 * 1024
"""Of a file of text, how much is looked at for a private key: OpenSSL writes certificates and remarks before it."""
MAX_BARE_BYTES = 64 * 1024
"""More than any private key by itself has."""

_MARKS = tuple("PRIVATE KEY-----".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_PUTTY = "PuTTY-User-Key-File-"
_PKCS12_VERSION = b"\x02\x01\x03\x30"  # version 3, then the contents (RFC 7292 §4)
_CONTEXT_1 = 0xA1
_MIN_MODULUS_BYTES = 63  # of RSA and DSA, 512 bits less what a leading zero saves
_MIN_RSA_NUMBERS, _DSA_NUMBERS = 9, 6
_MIN_SCALAR_BYTES, _MAX_SCALAR_BYTES = 14, 72  # of curves from 112 to 571 bits
# Encryption with a password: PKCS#5 (RFC 8018 appendix A) and PKCS#12 (RFC 7292 appendix C); each is followed by one octet more.
_PASSWORD_SCHEMES = tuple(oid_der(arc)[2:-1] for arc in ("1.2.840.113549.1.5.1", "1.2.840.113549.1.12.1.1"))

_Elements: TypeAlias = Sequence[tuple[int, bytes]]


def is_key_store(octets: bytes) -> bool:
    """Whether octets begin as a key store or are a private key, in one of the forms above."""
    is_pkcs12 = octets[:1] == b"\x30" and _PKCS12_VERSION in octets[:12]
    return is_pkcs12 or jks.is_java_store(octets) or _is_text(octets) or _is_bare(octets)


def _is_text(octets: bytes) -> bool:
    beginning = octets[:MAX_TEXT_BYTES]
    return any(mark in beginning for mark in _MARKS) or _begins_as_putty(beginning)


def _begins_as_putty(beginning: bytes) -> bool:
    marks = {
        codecs.BOM_UTF8: "utf-8",
        codecs.BOM_UTF16_LE: "utf-16-le",
        codecs.BOM_UTF16_BE: "utf-16-be",
        b"": "ascii",
    }
    return any(beginning.startswith(mark + _PUTTY.encode(encoding)) for mark, encoding in marks.items())


def _is_bare(octets: bytes) -> bool:
    if octets[:1] != bytes([der.SEQUENCE]) or len(octets) > MAX_BARE_BYTES:
        return False
    try:
        _, _, _, _, content, _ = parser.parse(octets)  # what follows it, such as a line end, does not matter
        elements = _elements(content)
        return (
            _is_pkcs8(elements)
            or _is_encrypted_pkcs8(elements)
            or _is_numbers(elements)
            or _is_sec1(elements)
        )
    except ValueError:
        return False


def _elements(content: bytes) -> _Elements:
    """The elements in a content: the identifier octet of each, and what is in it. ValueError where it is no DER or BER."""
    found: list[tuple[int, bytes]] = []
    while content:
        _, _, _, header, inside, trailer = parser.parse(content)
        found.append((header[0], inside))
        content = content[len(header) + len(inside) + len(trailer) :]
    return found


def _tags(elements: _Elements) -> list[int]:
    return [tag for tag, _ in elements]


def _is_algorithm(content: bytes) -> bool:
    """Whether this is in an AlgorithmIdentifier."""
    return _tags(_elements(content))[:1] == [0x06]


def _is_pkcs8(elements: _Elements) -> bool:
    return (
        _tags(elements)[:3] == [der.INTEGER, der.SEQUENCE, der.OCTET_STRING]
        and elements[0][1] in (b"\x00", b"\x01")
        and _is_algorithm(elements[1][1])
    )


def _is_encrypted_pkcs8(elements: _Elements) -> bool:
    """A DigestInfo looks the same but for the algorithm."""
    if _tags(elements) != [der.SEQUENCE, der.OCTET_STRING] or not _is_algorithm(elements[0][1]):
        return False
    _, oid = _elements(elements[0][1])[0]
    return any(oid[:-1] == scheme for scheme in _PASSWORD_SCHEMES)


def _is_numbers(elements: _Elements) -> bool:
    """Version and numbers, the modulus first: an RSA or DSA key."""
    tags = _tags(elements)
    return (
        len(tags) in (_DSA_NUMBERS, _MIN_RSA_NUMBERS, _MIN_RSA_NUMBERS + 1)
        and set(tags[:_MIN_RSA_NUMBERS]) == {der.INTEGER}
        and elements[0][1] in (b"\x00", b"\x01")
        and len(elements[1][1]) >= _MIN_MODULUS_BYTES
    )


def _is_sec1(elements: _Elements) -> bool:
    """Version 1 and the secret number, then the curve or the public key."""
    if _tags(elements)[:2] != [der.INTEGER, der.OCTET_STRING] or elements[0][1] != b"\x01":
        return False
    further = {tag: inside[:1] for tag, inside in elements[2:]}
    is_curve = further.get(der.CONTEXT_0) in (b"\x06", b"\x30")
    is_public_key = further.get(_CONTEXT_1) == bytes([der.BIT_STRING])
    is_scalar = _MIN_SCALAR_BYTES <= len(elements[1][1]) <= _MAX_SCALAR_BYTES
    return is_scalar and (is_curve or is_public_key)
