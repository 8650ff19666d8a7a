"""libgcrypt as a second opinion on GOST: the message is read by asn1crypto, hashed and verified by libgcrypt, without our code.

It counts a digest as a big-endian number, and so do r and s; national octets are little-endian, hence the reversals.
"""

import ctypes
import ctypes.util
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from asn1crypto import cms as library
from asn1crypto import core

from agent.formats import cms
from tests.support import chains, messages

LIBRARY = ctypes.util.find_library("gcrypt")
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="needs tool: libgcrypt")

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
DOCUMENT = b"a document for two libraries"
_INITIALIZATION_FINISHED = 38
# Key identifier in the certificate: its curve, the number of its hash (gcrypt.h), and the octets of a coordinate. 308 is
# GOST R 34.11-94 with the S-box of the standard's example.
_FAMILIES = {
    "1.2.398.3.10.1.1.2.2": ("GOST2012-512-tc26-A", 310, 64),
    "1.2.398.3.10.1.1.1.1": ("GOST2001-CryptoPro-A", 308, 32),
}


class Algorithm(core.Sequence):
    _fields: ClassVar = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class KeyInfo(core.Sequence):
    """SubjectPublicKeyInfo; the library's own class knows no key types but its own."""

    _fields: ClassVar = [("algorithm", Algorithm), ("public_key", core.OctetBitString)]


class Gcrypt:
    def __init__(self) -> None:
        self.library = ctypes.CDLL(LIBRARY)
        self.library.gcry_check_version.restype = ctypes.c_char_p
        self.version = self.library.gcry_check_version(None).decode()
        self.library.gcry_control(_INITIALIZATION_FINISHED, 0)
        self.library.gcry_md_hash_buffer.argtypes = [
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ]
        self.library.gcry_sexp_sscan.argtypes = [
            ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t), ctypes.c_char_p, ctypes.c_size_t,
        ]  # fmt: skip
        self.library.gcry_sexp_release.argtypes = [ctypes.c_void_p]
        self.library.gcry_pk_verify.argtypes = [ctypes.c_void_p] * 3

    def hash(self, algorithm: int, octets: bytes, size: int) -> bytes:
        out = ctypes.create_string_buffer(size)
        self.library.gcry_md_hash_buffer(algorithm, out, octets, len(octets))
        return out.raw

    def verifies(self, curve: str, point: bytes, digest: bytes, signature: bytes) -> bool:
        half = len(signature) // 2
        r, s = signature[:half][::-1].hex(), signature[half:][::-1].hex()
        x, y = point[:half][::-1].hex(), point[half:][::-1].hex()
        expressions = [
            self._expression(f"(sig-val (gost (r #{r}#)(s #{s}#)))"),
            self._expression(f"(data (flags gost)(value #{digest[::-1].hex()}#))"),
            self._expression(f"(public-key (ecc (curve {curve})(q #04{x}{y}#)))"),
        ]
        try:
            return self.library.gcry_pk_verify(*expressions) == 0
        finally:
            for expression in expressions:
                self.library.gcry_sexp_release(expression)

    def _expression(self, text: str) -> ctypes.c_void_p:
        expression = ctypes.c_void_p()
        error = self.library.gcry_sexp_sscan(ctypes.byref(expression), None, text.encode(), len(text))
        assert error == 0, text
        return expression


@pytest.fixture(scope="module")
def gcrypt() -> Gcrypt:
    return Gcrypt()


def opinion(gcrypt: Gcrypt, message: bytes, document: bytes | None) -> list[bool]:
    """What libgcrypt says of each GOST signer: digest of the document and signature over the signed attributes."""
    signed = library.ContentInfo.load(message, strict=True)["content"]
    content = signed["encap_content_info"]["content"].native if document is None else document
    certificates = {c.chosen.serial_number: c.chosen for c in signed["certificates"]}
    opinions = []
    for signer in signed["signer_infos"]:
        serial_number = signer["sid"].chosen["serial_number"].native
        body = certificates[serial_number]["tbs_certificate"]
        key = KeyInfo.load(body["subject_public_key_info"].dump(), strict=True)
        oid = key["algorithm"]["algorithm"].dotted
        if oid not in _FAMILIES:
            continue
        curve, algorithm, size = _FAMILIES[oid]
        attributes = signer["signed_attrs"]
        claimed = next(a["values"][0].native for a in attributes if a["type"].native == "message_digest")
        digest = gcrypt.hash(algorithm, b"\x31" + attributes.dump()[1:], size)
        right_document = gcrypt.hash(algorithm, content, size) == claimed
        point = core.OctetString.load(key["public_key"].native).native
        opinions.append(right_document and gcrypt.verifies(curve, point, digest, signer["signature"].native))
    return opinions


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("family", ["gost2015", "gost2004"])
def test_it_accepts_what_we_sign(gcrypt: Gcrypt, family: str, detached: bool) -> None:
    message = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=detached)
    assert opinion(gcrypt, message, DOCUMENT if detached else None) == [True]


def test_it_accepts_both_gost_families_in_one_message(gcrypt: Gcrypt) -> None:
    message = cms.cosign(
        chains.person("gost2004"), cms.sign(chains.person("gost2015"), DOCUMENT, at=AT, detached=False), at=AT
    )
    assert opinion(gcrypt, message, None) == [True, True]


@pytest.mark.parametrize("family", ["gost2015", "gost2004"])
def test_it_notices_a_flipped_bit(gcrypt: Gcrypt, family: str) -> None:
    message = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True)
    (signer,) = cms.read(message).signers
    changed = message.replace(signer.signature, bytes([signer.signature[0] ^ 1]) + signer.signature[1:])
    assert opinion(gcrypt, changed, DOCUMENT) == [False]
    assert opinion(gcrypt, message, DOCUMENT + b".") == [False]


def test_it_agrees_with_us_on_every_published_gost_signature(gcrypt: Gcrypt, vectors: Path) -> None:
    signers = 0
    for published in messages.published(vectors):
        opinions = opinion(gcrypt, published.data, published.document)
        assert all(opinions), published.name
        signers += len(opinions)
    assert signers >= 12
