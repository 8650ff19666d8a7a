"""Reads the octets of an X.509 certificate (RFC 5280 section 4.1) completely, into plain values that mean nothing yet.

What is malformed is found here and nowhere later. Hints are the exception: national certificates hold broken addresses and
policies (a CRL address with a line feed, `http;//`, an ocsp-nocheck without a value), and those must not make a certificate
unreadable. What of addresses, policies and the kind of key store can't be understood is left out.
asn1crypto's own X.509 classes would decode all of them, and refuse a name whose string has an unexpected type; so the
structures are spelled here. Those that lists and answers of authorities share are public.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from asn1crypto import core, parser

from agent import algorithms
from agent.errors import BadInput

MAX_SIZE = 128 * 1024

# Extensions that are read (RFC 5280 section 4.2, RFC 6960 section 4.2.2.2.1, and the national one for the kind of key store).
_SUBJECT_KEY_IDENTIFIER, KEY_USAGE, _SUBJECT_ALT_NAME = "2.5.29.14", "2.5.29.15", "2.5.29.17"
_BASIC_CONSTRAINTS, _AUTHORITY_KEY_IDENTIFIER, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.35", "2.5.29.37"
_CRL_POINTS, _FRESHEST_CRL, _POLICIES = "2.5.29.31", "2.5.29.46", "2.5.29.32"
_AUTHORITY_ACCESS, _OCSP_NO_CHECK, _KEY_STORE = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1.5", "1.2.398.3.3.5"
_OCSP, _CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
# Policies ask nothing of a path of which no policy is required (RFC 5280 section 6.1).
_UNDERSTOOD = frozenset({
    _SUBJECT_KEY_IDENTIFIER, KEY_USAGE, _SUBJECT_ALT_NAME, _BASIC_CONSTRAINTS, _AUTHORITY_KEY_IDENTIFIER,
    EXTENDED_KEY_USAGE, _CRL_POINTS, _POLICIES, _OCSP_NO_CHECK, _KEY_STORE,
})  # fmt: skip
_URL = re.compile(
    r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9\-._~:/?#\[\]@!$&'()+,;=%]*)?", re.IGNORECASE
)
_MAX_ADDRESSES = 8  # of one kind; the most seen is two
_MAX_URL_LENGTH = 512
# Identifier octets inside those extensions; the last is uniformResourceIdentifier of GeneralName (RFC 5280 section 4.2.1.6).
_TAG_SEQUENCE, _TAG_OID, _TAG_0, _TAG_URI = 0x30, 0x06, 0xA0, 0x86
_USAGE_BITS = (
    "digital_signature", "non_repudiation", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
# Tags of the string types that names are written in (X.680 table 1).
_STRING_ENCODINGS = {
    12: "utf-8", 18: "ascii", 19: "ascii", 20: "latin-1", 22: "ascii", 26: "ascii", 28: "utf-32-be", 30: "utf-16-be",
}  # fmt: skip
# What asn1crypto raises on malformed octets; RecursionError: nested indefinite lengths.
PARSE_ERRORS = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RecursionError)

RelativeNames = tuple[tuple[tuple[str, str], ...], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class NameContents:
    der: bytes
    relative_names: RelativeNames
    """RelativeDistinguishedNames in the order of encoding, each of (dotted OID, text)."""


@dataclasses.dataclass(frozen=True, slots=True)
class KeyContents:
    algorithm_oid: str
    algorithm_der: bytes
    octets: bytes
    """Contents of the BIT STRING; for GOST, of the OCTET STRING inside it."""
    spki_der: bytes
    size_bits: int
    """Of an RSA modulus; 0 for others."""


@dataclasses.dataclass(frozen=True, slots=True)
class Addresses:
    """Where a certificate says that more is to be had. Hints: only well-formed http and https URLs are kept, each once, in
    the order of the certificate."""

    ocsp: tuple[str, ...] = ()
    ca_issuers: tuple[str, ...] = ()
    """The issuer's certificate."""
    crl: tuple[str, ...] = ()
    delta_crl: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """All that is read of a certificate."""

    tbs_der: bytes
    signature: bytes
    signature_algorithm_oid: str
    subject: NameContents
    issuer: NameContents
    serial_number: int
    not_before: datetime
    not_after: datetime
    public_key: KeyContents
    key_usage: frozenset[str] | None
    extended_key_usage: tuple[str, ...]
    subject_key_identifier: bytes | None
    authority_key_identifier: bytes | None
    is_ca: bool
    path_length: int | None
    email: str | None
    """rfc822Name of subjectAltName."""
    unhandled_critical: tuple[str, ...]
    critical: frozenset[str]
    """OIDs of all critical extensions."""
    addresses: Addresses
    policies: tuple[str, ...]
    key_store: str | None
    """OID of the kind of key store, from the national register."""
    has_ocsp_no_check: bool


def read(der: bytes) -> Contents:
    """Reads the DER of one certificate, with nothing after it.

    Raises: BadInput.
    """
    if len(der) > MAX_SIZE:
        raise BadInput(f"a certificate of {len(der)} octets is larger than {MAX_SIZE}")
    try:
        return _contents(der)
    except PARSE_ERRORS as error:
        raise BadInput("malformed certificate") from error


class AlgorithmIdentifier(core.Sequence):
    _fields: ClassVar = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class Time(core.Choice):
    _alternatives: ClassVar = [("utc_time", core.UTCTime), ("general_time", core.GeneralizedTime)]


class _Validity(core.Sequence):
    _fields: ClassVar = [("not_before", Time), ("not_after", Time)]


class _Attribute(core.Sequence):
    _fields: ClassVar = [("type", core.ObjectIdentifier), ("value", core.Any)]


class _RelativeName(core.SetOf):
    _child_spec = _Attribute


class RelativeNameSequence(core.SequenceOf):
    _child_spec = _RelativeName


class _KeyInfo(core.Sequence):
    _fields: ClassVar = [("algorithm", AlgorithmIdentifier), ("public_key", core.OctetBitString)]


class Extension(core.Sequence):
    _fields: ClassVar = [
        ("id", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("value", core.OctetString),
    ]


class Extensions(core.SequenceOf):
    _child_spec = Extension


class _Body(core.Sequence):
    """TBSCertificate (RFC 5280 section 4.1)."""

    _fields: ClassVar = [
        ("version", core.Integer, {"explicit": 0, "default": 0}),
        ("serial_number", core.Integer),
        ("signature", AlgorithmIdentifier),
        ("issuer", RelativeNameSequence),
        ("validity", _Validity),
        ("subject", RelativeNameSequence),
        ("public_key", _KeyInfo),
        ("issuer_id", core.OctetBitString, {"implicit": 1, "optional": True}),
        ("subject_id", core.OctetBitString, {"implicit": 2, "optional": True}),
        ("extensions", Extensions, {"explicit": 3, "optional": True}),
    ]


class _Outer(core.Sequence):
    _fields: ClassVar = [
        ("body", _Body),
        ("algorithm", AlgorithmIdentifier),
        ("signature", core.OctetBitString),
    ]


class _RsaKey(core.Sequence):
    _fields: ClassVar = [("modulus", core.Integer), ("exponent", core.Integer)]


class _BasicConstraints(core.Sequence):
    _fields: ClassVar = [
        ("ca", core.Boolean, {"default": False}),
        ("path_length", core.Integer, {"optional": True}),
    ]


class _Usages(core.SequenceOf):
    _child_spec = core.ObjectIdentifier


def _contents(der: bytes) -> Contents:
    outer = _Outer.load(der, strict=True)
    body = outer["body"]
    if body["signature"].dump() != outer["algorithm"].dump():
        raise ValueError("inner and outer signature algorithm differ")
    extensions, critical = extension_values(body["extensions"])
    basic = _BasicConstraints.load(extensions.get(_BASIC_CONSTRAINTS, b"\x30\x00"), strict=True)
    return Contents(
        # The very octets that were signed, not a re-encoding of them.
        tbs_der=first_element(parser.parse(der, strict=True)[4]),
        signature=bytes(outer["signature"].native),
        signature_algorithm_oid=outer["algorithm"]["algorithm"].dotted,
        subject=_name(body["subject"]),
        issuer=_name(body["issuer"]),
        serial_number=int(body["serial_number"].native),
        not_before=moment(body["validity"]["not_before"]),
        not_after=moment(body["validity"]["not_after"]),
        public_key=_public_key(body["public_key"]),
        key_usage=_usage(extensions.get(KEY_USAGE)),
        extended_key_usage=_extended_usage(extensions.get(EXTENDED_KEY_USAGE)),
        subject_key_identifier=_subject_key_identifier(extensions.get(_SUBJECT_KEY_IDENTIFIER)),
        authority_key_identifier=_authority_key_identifier(extensions.get(_AUTHORITY_KEY_IDENTIFIER)),
        is_ca=bool(basic["ca"].native),
        path_length=basic["path_length"].native,
        email=_email(extensions.get(_SUBJECT_ALT_NAME)),
        unhandled_critical=tuple(sorted(critical - _UNDERSTOOD)),
        critical=critical,
        addresses=_addresses(extensions),
        policies=_policies(extensions.get(_POLICIES, b"")),
        key_store=next(_object_identifiers(_inside(extensions.get(_KEY_STORE, b""))), None),
        has_ocsp_no_check=_OCSP_NO_CHECK in extensions,
    )


def read_public_key(spki_der: bytes) -> KeyContents:
    """Reads a SubjectPublicKeyInfo on its own (RFC 5280 section 4.1.2.7).

    Raises: BadInput.
    """
    try:
        return _public_key(_KeyInfo.load(spki_der, strict=True))
    except PARSE_ERRORS as error:
        raise BadInput("malformed public key") from error


def read_name(der: bytes) -> NameContents:
    """Reads a distinguished name on its own (RFC 5280 section 4.1.2.4).

    Raises: BadInput.
    """
    try:
        return _name(RelativeNameSequence.load(der, strict=True))
    except PARSE_ERRORS as error:
        raise BadInput("malformed name") from error


def first_element(contents: bytes) -> bytes:
    """The element that `contents` begin with, as it stands. Raises: ValueError."""
    _, _, _, header, inside, trailer = parser.parse(contents)
    return bytes(header + inside + trailer)


def extension_values(parsed: Any) -> tuple[dict[str, bytes], frozenset[str]]:
    """Values of `Extensions` by OID, and the OIDs of the critical ones; nothing where they are absent.

    Raises: one of PARSE_ERRORS.
    """
    values: dict[str, bytes] = {}
    critical = set()
    for extension in parsed if not isinstance(parsed, core.Void) else ():
        oid = extension["id"].dotted
        if oid in values:
            raise ValueError(f"extension {oid} stands twice")
        values[oid] = extension["value"].native
        if extension["critical"].native:
            critical.add(oid)
    return values, frozenset(critical)


def _name(parsed: Any) -> NameContents:
    groups = tuple(
        tuple((attribute["type"].dotted, _text(attribute["value"].dump())) for attribute in group)
        for group in parsed
    )
    return NameContents(bytes(parsed.dump()), groups)


def _text(value_der: bytes) -> str:
    """Text of a DirectoryString or a string of another type; "#" and hex of anything else (RFC 4514 section 2.4)."""
    class_, method, tag, _, contents, _ = parser.parse(value_der, strict=True)
    encoding = _STRING_ENCODINGS.get(tag)
    if class_ or method or encoding is None:
        return f"#{value_der.hex()}"
    return str(contents, encoding)


def moment(parsed: Any) -> datetime:
    """The value of a `Time` or GeneralizedTime, in UTC.

    Raises: one of PARSE_ERRORS.
    """
    value = parsed.native
    if not isinstance(value, datetime):  # asn1crypto has a type of its own for the year 0
        raise ValueError("a year outside the calendar")  # noqa: TRY004 - it is a value, and is translated to BadInput
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _public_key(parsed: Any) -> KeyContents:
    algorithm_der = bytes(parsed["algorithm"].dump())
    oid = parsed["algorithm"]["algorithm"].dotted
    octets = parsed["public_key"].native
    size_bits = 0
    if oid in {algorithms.GOST_2015_512_KEY.oid, algorithms.GOST_2004_KEY.oid}:
        octets = core.OctetString.load(octets, strict=True).native
    elif oid == algorithms.RSA_KEY.oid:
        size_bits = _RsaKey.load(octets, strict=True)["modulus"].native.bit_length()
    return KeyContents(oid, algorithm_der, octets, bytes(parsed.dump()), size_bits)


def _usage(value: bytes | None) -> frozenset[str] | None:
    if value is None:
        return None
    bits = core.BitString.load(value, strict=True).native
    return frozenset(name for name, bit in zip(_USAGE_BITS, bits, strict=False) if bit)


def _extended_usage(value: bytes | None) -> tuple[str, ...]:
    return () if value is None else tuple(oid.dotted for oid in _Usages.load(value, strict=True))


def _subject_key_identifier(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(core.OctetString.load(value, strict=True).native)


def _authority_key_identifier(value: bytes | None) -> bytes | None:
    """keyIdentifier [0] of AuthorityKeyIdentifier; CAs add the issuer's name and serial number, which are not needed."""
    if value is None:
        return None
    contents = parser.parse(value, strict=True)[4]
    if not contents:
        return None
    class_, _, tag, _, identifier, _ = parser.parse(contents)
    return bytes(identifier) if (class_, tag) == (2, 0) else None


def _email(alternative: bytes | None) -> str | None:
    """The first rfc822Name [1] of subjectAltName."""
    rest = parser.parse(alternative, strict=True)[4] if alternative else b""
    while rest:
        class_, _, tag, header, contents, trailer = parser.parse(rest)
        if (class_, tag) == (2, 1):
            return str(contents, "ascii", errors="replace").strip() or None
        rest = rest[len(header) + len(contents) + len(trailer) :]
    return None


# --- hints: what can't be understood is left out ----------------------------------------------------------------------


def _addresses(extensions: dict[str, bytes]) -> Addresses:
    access = list(_access(extensions.get(_AUTHORITY_ACCESS, b"")))
    return Addresses(
        ocsp=_urls(uri for method, uri in access if method == _OCSP),
        ca_issuers=_urls(uri for method, uri in access if method == _CA_ISSUERS),
        crl=_urls(_points(extensions.get(_CRL_POINTS, b""))),
        delta_crl=_urls(_points(extensions.get(_FRESHEST_CRL, b""))),
    )


def _urls(octets: Iterable[bytes]) -> tuple[str, ...]:
    texts = (uri.decode("ascii", errors="replace").strip() for uri in octets)
    fit = (text for text in texts if len(text) <= _MAX_URL_LENGTH and _URL.fullmatch(text))
    return tuple(dict.fromkeys(fit))[:_MAX_ADDRESSES]


def _access(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Method and URI of each AccessDescription (RFC 5280 section 4.2.2.1)."""
    for _, description in _elements(_inside(value)):
        match list(_elements(description)):
            case [(int(kind), method), (int(place), uri)] if (kind, place) == (_TAG_OID, _TAG_URI):
                yield algorithms.dotted(method), uri


def _points(value: bytes) -> Iterator[bytes]:
    """URIs in distributionPoint [0], fullName [0] of each DistributionPoint (RFC 5280 section 4.2.1.13)."""
    for _, point in _elements(_inside(value)):
        for tag, name in _elements(point):
            for inner, names in _elements(name) if tag == _TAG_0 else ():
                yield from (uri for kind, uri in _elements(names) if inner == _TAG_0 and kind == _TAG_URI)


def _policies(value: bytes) -> tuple[str, ...]:
    """The policyIdentifier of each PolicyInformation (RFC 5280 section 4.2.1.4)."""
    return tuple(oid for _, policy in _elements(_inside(value)) for oid in _object_identifiers(policy))


def _object_identifiers(contents: bytes) -> Iterator[str]:
    return (algorithms.dotted(octets) for tag, octets in _elements(contents) if tag == _TAG_OID)


def _inside(value: bytes) -> bytes:
    """Contents of the SEQUENCE that an extension's value is."""
    return next((contents for tag, contents in _elements(value) if tag == _TAG_SEQUENCE), b"")


def _elements(contents: bytes) -> Iterator[tuple[int, bytes]]:
    """Identifier octet and contents of each element, up to the first damaged one."""
    while contents:
        try:
            class_, method, tag, header, inside, trailer = parser.parse(contents)
        except ValueError:
            return
        yield class_ << 6 | method << 5 | tag & 0x1F, inside
        contents = contents[len(header) + len(inside) + len(trailer) :]
