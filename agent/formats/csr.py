"""Requests for a certificate in PKCS#10 (RFC 2986), in the profile of the national authority's certificates.

Name: every attribute alone in its RelativeDistinguishedName, in the order and with the string types of national certificates;
the country is Kazakhstan where nothing else is said. Key usage and extended key usage, as those certificates have them, go into an
extensionRequest (RFC 2985 section 5.4.2). Who the owner is besides (head, employee), policies, addresses are for the authority to say.

Of numbers (IIN, BIN) the form is checked and not the control digit: test authorities issue to numbers that nobody can have.
"""

import base64
import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Self

from agent import algorithms, certificate, x509
from agent.algorithms import Family, SignatureAlgorithm, oid_der
from agent.certificate import Name, PublicKey
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.formats import asn1
from protocol import letters
from protocol.prompts import Purpose

MAX_VALUE = 256
"""Characters of one attribute: more than the upper bounds of RFC 5280 appendix A.1, which names of organisations exceed."""
MAX_SIZE = 64 * 1024
_MAX_EXTENSIONS = 64

_PRINTABLE_STRING, _IA5_STRING = 0x13, 0x16
_COUNTRY, _HOME = "2.5.4.6", "KZ"
_EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
# Older programs write NEW before the words (RFC 7468 section 7).
_PEM = re.compile(
    rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END (?:NEW )?CERTIFICATE REQUEST-----"
)
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")  # X.680 section 41.4
_NUMBERS = {
    certificate.SERIAL_NUMBER: re.compile(r"IIN[0-9]{12}"),
    certificate.ORGANISATIONAL_UNIT: re.compile(r"BIN[0-9]{12}"),
}
_PREFIXES = {certificate.SERIAL_NUMBER: "IIN", certificate.ORGANISATIONAL_UNIT: "BIN"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Attribute:
    oid: str
    keywords: tuple[str, ...]
    tag: int = asn1.UTF8_STRING


# In the order of national certificates (RFC 4519, and the keywords that NCALayer writes).
_ATTRIBUTES = (
    _Attribute(certificate.USER_ID, ("UID",)),
    _Attribute("0.9.2342.19200300.100.1.25", ("DC",), _IA5_STRING),
    _Attribute(certificate.COMMON_NAME, ("CN",)),
    _Attribute(certificate.SURNAME, ("SURNAME",)),
    _Attribute(certificate.SERIAL_NUMBER, ("SERIALNUMBER",), _PRINTABLE_STRING),
    _Attribute(_COUNTRY, ("C",), _PRINTABLE_STRING),
    _Attribute("2.5.4.7", ("L",)),
    _Attribute("2.5.4.8", ("S", "ST")),
    _Attribute("2.5.4.9", ("STREET",)),
    _Attribute(certificate.ORGANISATION, ("O",)),
    _Attribute(certificate.ORGANISATIONAL_UNIT, ("OU",)),
    _Attribute("2.5.4.15", ("BUSINESSCATEGORY",)),
    _Attribute("2.5.4.12", ("T",)),
    _Attribute(certificate.GIVEN_NAME, ("G", "GIVENNAME")),
    _Attribute(certificate.EMAIL, ("E",), _IA5_STRING),
)
_BY_NAME = {name: each for each in _ATTRIBUTES for name in (*each.keywords, each.oid)}

# BIT STRING contents of keyUsage, as in national certificates; keyEncipherment is for RSA alone (RFC 5480 section 3).
_USAGE_GOST_2015, _USAGE_SIGN = b"\x03\xc8", b"\x06\xc0"
_USAGE_IDENTIFY, _USAGE_ANY, _USAGE_IDENTIFY_ECDSA = b"\x05\xa0", b"\x05\xe0", b"\x07\x80"
_EXTENDED_USAGES: dict[Purpose, tuple[str, ...]] = {
    "sign": (certificate.EMAIL_PROTECTION,),
    "identify": (certificate.CLIENT_AUTH,),
    "any": (certificate.EMAIL_PROTECTION, certificate.CLIENT_AUTH),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A request as it was read; `verify` says whether the key in it made it."""

    der: bytes = dataclasses.field(repr=False)
    body_der: bytes = dataclasses.field(repr=False)
    subject: Name = dataclasses.field(repr=False)
    public_key: PublicKey
    extended_key_usage: tuple[str, ...]
    signature_algorithm_oid: str
    signature: bytes = dataclasses.field(repr=False)

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Raises: BadInput."""
        if len(der) > MAX_SIZE:
            raise BadInput(f"a request of {len(der)} octets is larger than {MAX_SIZE}")
        outer = asn1.Fields(asn1.read(der), "CertificationRequest")
        body = outer.next(asn1.SEQUENCE)
        algorithm = asn1.Fields(outer.next(asn1.SEQUENCE), "AlgorithmIdentifier")
        signature = bytes(outer.next(asn1.BIT_STRING).content)
        outer.end()
        if signature[:1] != b"\0":
            raise BadInput("a signature that is no whole number of octets")
        inside = asn1.Fields(body, "CertificationRequestInfo")
        if inside.next(asn1.INTEGER).integer() != 0:
            raise BadInput("a request of an unknown version")
        subject = Name.from_der(inside.next(asn1.SEQUENCE).der)
        public_key = PublicKey.from_spki(inside.next(asn1.SEQUENCE).der)
        attributes = inside.optional(0xA0)
        return cls(
            der=bytes(der),
            body_der=body.der,
            subject=subject,
            public_key=public_key,
            extended_key_usage=_requested_usages(attributes) if attributes else (),
            signature_algorithm_oid=algorithm.next(asn1.OBJECT_IDENTIFIER).object_identifier(),
            signature=signature[1:],
        )

    def verify(self) -> None:
        """Returns where the key in the request signed it: who asks has its private half.

        Raises: InvalidSignature, UnsupportedKey.
        """
        algorithm = algorithms.signature_by_oid(self.signature_algorithm_oid)
        self.public_key.verify(algorithm, algorithm.digest(self.body_der), self.signature)


def unwrap(data: bytes) -> bytes:
    """The DER of a request that came in DER, in PEM or in base64.

    Raises: BadInput.
    """
    if data[:1] == b"\x30":
        return data
    found = _PEM.search(data[: 2 * MAX_SIZE])
    try:
        return base64.b64decode(b"".join((found[2] if found else data).split()), validate=True)
    except ValueError as error:
        raise BadInput("neither DER, nor PEM, nor base64 of a request") from error


def to_pem(der: bytes) -> str:
    """PEM (RFC 7468 section 7)."""
    text = base64.b64encode(der).decode("ascii")
    lines = (text[start : start + 64] for start in range(0, len(text), 64))
    return "\n".join(("-----BEGIN CERTIFICATE REQUEST-----", *lines, "-----END CERTIFICATE REQUEST-----", ""))


def subject(attributes: Sequence[tuple[str, str]]) -> Name:
    """The name that these attributes make; each is a keyword (CN, SERIALNUMBER) or a dotted OID, and a value.

    Raises: BadInput, which names the attribute and not its value.
    """
    values: dict[str, str] = {}
    for name, value in attributes:
        known = _BY_NAME.get(name.upper())
        if known is None:
            raise BadInput(f"subject: no attribute {name[:40]!r} in national certificates")
        if known.oid in values:
            raise BadInput(f"subject: {known.keywords[0]} is given twice")
        _check(known, value)
        values[known.oid] = value
    if certificate.COMMON_NAME not in values:
        raise BadInput("subject: CN is missing")
    values.setdefault(_COUNTRY, _HOME)
    der = asn1.element(
        asn1.SEQUENCE, *(_relative_name(each, values[each.oid]) for each in _ATTRIBUTES if each.oid in values)
    )
    return Name.from_der(der)


def keyword(oid: str) -> str:
    """How pages call an attribute of a subject."""
    return _BY_NAME[oid].keywords[0]


def make(
    name: Name, public_key: PublicKey, purpose: Purpose, sign: Callable[[SignatureAlgorithm, bytes], bytes]
) -> bytes:
    """The request in DER. `sign` makes the signature over a digest by the private half of `public_key`; it is read back, and verified.

    Raises: InvalidSignature.
    """
    key_type = public_key.key_type
    algorithm = algorithms.signature_for_key(key_type)
    extensions = asn1.element(
        asn1.SEQUENCE,
        _extension(
            x509.KEY_USAGE, asn1.element(asn1.BIT_STRING, _usage(key_type.family, purpose)), is_critical=True
        ),
        _extension(
            x509.EXTENDED_KEY_USAGE,
            asn1.element(asn1.SEQUENCE, *map(oid_der, _EXTENDED_USAGES[purpose])),
            is_critical=False,
        ),
    )
    attribute = asn1.element(asn1.SEQUENCE, oid_der(_EXTENSION_REQUEST), asn1.element(asn1.SET, extensions))
    body = asn1.element(
        asn1.SEQUENCE,
        asn1.integer(0),
        name.der,
        public_key.spki_der,
        asn1.element(0xA0, attribute),
    )
    signature = sign(algorithm, algorithm.digest(body))
    made = asn1.element(
        asn1.SEQUENCE, body, algorithm.identifier_der, asn1.element(asn1.BIT_STRING, b"\0", signature)
    )
    try:
        request = Request.from_der(made)
        request.verify()
    except (BadInput, UnsupportedKey) as error:
        raise InvalidSignature("the request that was made can't be read back") from error
    if (request.subject, request.public_key) != (name, public_key):
        raise InvalidSignature("the request that was made says something else")
    return made


def _check(attribute: _Attribute, value: str) -> None:
    what = f"subject: {attribute.keywords[0]}"
    if not value or value != value.strip() or len(value) > MAX_VALUE:
        raise BadInput(f"{what} is empty, longer than {MAX_VALUE} characters, or has blanks around it")
    if letters.visible(value) != value:
        raise BadInput(f"{what} has characters that can't be seen")
    if attribute.tag == _PRINTABLE_STRING and not _PRINTABLE.fullmatch(value):
        raise BadInput(f"{what} has characters that it can't have")
    if attribute.tag == _IA5_STRING and not value.isascii():
        raise BadInput(f"{what} has characters that it can't have")
    if attribute.oid == _COUNTRY and not re.fullmatch("[A-Z]{2}", value):
        raise BadInput(f"{what} is two capital letters")
    pattern = _NUMBERS.get(attribute.oid)
    if pattern and value.startswith(_PREFIXES[attribute.oid]) and not pattern.fullmatch(value):
        raise BadInput(f"{what} is {_PREFIXES[attribute.oid]} and 12 digits")


def _relative_name(attribute: _Attribute, value: str) -> bytes:
    text = asn1.element(attribute.tag, value.encode())
    return asn1.element(asn1.SET, asn1.element(asn1.SEQUENCE, oid_der(attribute.oid), text))


def _usage(family: Family, purpose: Purpose) -> bytes:
    """GOST 2015 has one key for all purposes."""
    if family is Family.GOST_2015_512:
        return _USAGE_GOST_2015
    if purpose == "sign" or (purpose == "any" and family is not Family.RSA):
        return _USAGE_SIGN
    if purpose == "any":
        return _USAGE_ANY
    return _USAGE_IDENTIFY if family is Family.RSA else _USAGE_IDENTIFY_ECDSA


def _extension(oid: str, value: bytes, *, is_critical: bool) -> bytes:
    mark = asn1.element(asn1.BOOLEAN, b"\xff") if is_critical else b""
    return asn1.element(asn1.SEQUENCE, oid_der(oid), mark, asn1.element(asn1.OCTET_STRING, value))


def _requested_usages(attributes: asn1.Element) -> tuple[str, ...]:
    """The extended key usages that are asked for."""
    for attribute in attributes.children(asn1.MAX_FIELDS):
        fields = asn1.Fields(attribute, "Attribute")
        if fields.next(asn1.OBJECT_IDENTIFIER).object_identifier() != _EXTENSION_REQUEST:
            continue
        for extensions in fields.next(asn1.SET).children(1):
            for extension in extensions.expect(asn1.SEQUENCE).children(_MAX_EXTENSIONS):
                inside = asn1.Fields(extension, "Extension")
                oid = inside.next(asn1.OBJECT_IDENTIFIER).object_identifier()
                inside.optional(asn1.BOOLEAN)
                value = inside.next(asn1.OCTET_STRING).octets()
                if oid == x509.EXTENDED_KEY_USAGE:
                    usages = asn1.read(value).expect(asn1.SEQUENCE).children(_MAX_EXTENSIONS)
                    return tuple(usage.object_identifier() for usage in usages)
    return ()
