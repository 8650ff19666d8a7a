"""The one table of algorithms: a row holds every name that an algorithm goes by.

Object identifiers of the 1.2.398 arc are those of the national registry (root.gov.kz/oid), as they stand in certificates and key
files issued from 2018 to 2026. XML names are those of the national XML signature profile; the two for GOST 2004 and RSA
stand in the W3C namespace although W3C never defined the first.

Byte order is a part of an algorithm here: GOST digests are the octets as the hash puts them out and are read as a
little-endian number; GOST keys and signatures are pairs of little-endian numbers (X then Y, r then s).
"""

import dataclasses
import enum
import functools
import hashlib
from collections.abc import Callable
from typing import Protocol, Self

from agent.errors import UnsupportedKey
from agent.gost import digest as gost_digest

_W3C_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_NATIONAL_XML = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
_DER_NULL = b"\x05\x00"


class Hash(Protocol):
    """What hashlib and agent.gost.digest have in common."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> Self: ...


class Family(enum.StrEnum):
    """Keys that make the same kind of signature."""

    RSA = "rsa"
    ECDSA = "ecdsa"
    GOST_2015_512 = "gost-2015-512"
    GOST_2004 = "gost-2004"


@dataclasses.dataclass(frozen=True, slots=True)
class DigestAlgorithm:
    """A hash. `new(octets=b"")` gives a hashlib-like object, calling the row gives the digest at once."""

    oid: str
    name: str
    digest_size: int
    new: Callable[..., Hash] = dataclasses.field(repr=False, compare=False)
    xml_uri: str | None = None

    @property
    def identifier_der(self) -> bytes:
        """AlgorithmIdentifier with an explicit NULL, as the national authority's own programs write it."""
        return algorithm_identifier(self.oid, _DER_NULL)

    def __call__(self, octets: bytes) -> bytes:
        """The digest of `octets`."""
        return self.new(octets).digest()


@dataclasses.dataclass(frozen=True, slots=True)
class KeyType:
    """A kind of public key: algorithm and, on a curve, its parameters."""

    oid: str
    name: str
    family: Family
    java_name: str
    """Name of the key algorithm in Java, which pages see in getKeyInfo."""
    identifier_der: bytes = dataclasses.field(repr=False)
    """AlgorithmIdentifier of SubjectPublicKeyInfo and of PKCS#8, the same octets in both."""
    coordinate_octets: int = 0
    """Length of X, of Y and of the private key; 0 for RSA."""


@dataclasses.dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature over a digest."""

    oid: str
    name: str
    family: Family
    digest: DigestAlgorithm
    parameters_der: bytes = _DER_NULL
    xml_uri: str | None = None
    jws_name: str | None = None
    """Value of "alg" in a JSON Web Signature: RFC 7518 section 3.1; for GOST, what the national authority's own tokens say."""

    @property
    def identifier_der(self) -> bytes:
        """AlgorithmIdentifier: NULL for GOST and RSA, no parameters for ECDSA (RFC 5758 section 3.2)."""
        return algorithm_identifier(self.oid, self.parameters_der)


def oid_der(oid: str) -> bytes:
    """OBJECT IDENTIFIER in DER (X.690 section 8.19)."""
    first, second, *rest = (int(arc) for arc in oid.split("."))
    contents = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        contents += bytes(reversed(groups))
    return bytes((0x06, len(contents))) + contents


def dotted(contents: bytes) -> str:
    """The OID whose DER has these contents, for messages: no check that the encoding is the shortest."""
    arcs, arc = [], 0
    for octet in contents:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2) if arcs else 0
    return ".".join(str(number) for number in (first, arcs[0] - 40 * first, *arcs[1:])) if arcs else ""


def algorithm_identifier(oid: str, parameters_der: bytes) -> bytes:
    """AlgorithmIdentifier in DER; short enough for a length of one octet."""
    contents = oid_der(oid) + parameters_der
    assert len(contents) < 0x80, "long form of length is not written here"
    return bytes((0x30, len(contents))) + contents


def _parameter_sequence(*oids: str) -> bytes:
    contents = b"".join(oid_der(oid) for oid in oids)
    return bytes((0x30, len(contents))) + contents


def _gost(name: str) -> Callable[..., Hash]:
    return functools.partial(gost_digest.new, name)


# Digests. Streebog: RFC 6986. GOST R 34.11-94 with the S-box of the standard's own example, which the registry calls "test".
SHA1 = DigestAlgorithm("1.3.14.3.2.26", "SHA-1", 20, hashlib.sha1)
SHA256 = DigestAlgorithm(
    "2.16.840.1.101.3.4.2.1", "SHA-256", 32, hashlib.sha256, "http://www.w3.org/2001/04/xmlenc#sha256"
)
SHA384 = DigestAlgorithm("2.16.840.1.101.3.4.2.2", "SHA-384", 48, hashlib.sha384, f"{_W3C_MORE}sha384")
SHA512 = DigestAlgorithm(
    "2.16.840.1.101.3.4.2.3", "SHA-512", 64, hashlib.sha512, "http://www.w3.org/2001/04/xmlenc#sha512"
)
STREEBOG_512 = DigestAlgorithm(
    "1.2.398.3.10.1.3.3",
    "ГОСТ 34.11-2015 (512)",
    64,
    _gost("streebog512"),
    f"{_NATIONAL_XML}gostr34112015-512",
)
STREEBOG_256 = DigestAlgorithm(
    "1.2.398.3.10.1.3.2",
    "ГОСТ 34.11-2015 (256)",
    32,
    _gost("streebog256"),
    f"{_NATIONAL_XML}gostr34112015-256",
)
GOST_94 = DigestAlgorithm(
    "1.2.398.3.10.1.3.1", "ГОСТ 34.311-95", 32, _gost("gost94"), f"{_W3C_MORE}gost34311"
)
DIGESTS = (SHA1, SHA256, SHA384, SHA512, STREEBOG_512, STREEBOG_256, GOST_94)

# Keys. RSA: RFC 3279 section 2.3.1; elliptic curves of NIST: RFC 5480 section 2.1.1; the GOST rows: seen in every national key.
_EC = "1.2.840.10045.2.1"
_GOST_2015_512_KEY, _GOST_2004_KEY = "1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.1.1.1"
RSA_KEY = KeyType(
    "1.2.840.113549.1.1.1", "RSA", Family.RSA, "RSA", algorithm_identifier("1.2.840.113549.1.1.1", _DER_NULL)
)
P256_KEY = KeyType(
    _EC, "ECDSA P-256", Family.ECDSA, "EC", algorithm_identifier(_EC, oid_der("1.2.840.10045.3.1.7")), 32
)
P384_KEY = KeyType(
    _EC, "ECDSA P-384", Family.ECDSA, "EC", algorithm_identifier(_EC, oid_der("1.3.132.0.34")), 48
)
GOST_2015_512_KEY = KeyType(
    _GOST_2015_512_KEY,
    "ГОСТ 34.10-2015 (512)",
    Family.GOST_2015_512,
    "ECGOST3410-2015-512",
    algorithm_identifier(_GOST_2015_512_KEY, _parameter_sequence("1.2.398.3.10.1.1.2.2.1", STREEBOG_512.oid)),
    64,
)
GOST_2004_KEY = KeyType(
    _GOST_2004_KEY,
    "ГОСТ 34.310-2004",
    Family.GOST_2004,
    "ECGOST34310",
    algorithm_identifier(
        _GOST_2004_KEY,
        _parameter_sequence("1.2.398.3.10.1.1.1.1.1", "1.2.398.3.10.1.3.1.1.0"),
    ),
    32,
)
KEY_TYPES = (RSA_KEY, P256_KEY, P384_KEY, GOST_2015_512_KEY, GOST_2004_KEY)

# Named so that an error can say more than a number. No sample of the first was ever published; nobody uses the second.
_KNOWN_UNSUPPORTED = {
    "1.2.398.3.10.1.1.2.1": "ГОСТ 34.10-2015 (256) key",
    "1.2.398.3.10.1.1.2.3.1": "ГОСТ 34.10-2015 (256) signature",
    "1.3.6.1.4.1.6801.1.5.8": "legacy GT key",
    "1.2.840.113549.1.1.5": "RSA with SHA-1",
    "1.2.840.113549.1.1.10": "RSA-PSS",
    _EC: "elliptic curve other than P-256 and P-384",
}

# Signatures. RSA is PKCS#1 v1.5 (RFC 4055 section 5); ECDSA: RFC 5758 section 3.2; GOST: with the digest of the same standard's generation.
GOST_2015_512 = SignatureAlgorithm(
    "1.2.398.3.10.1.1.2.3.2",
    "ГОСТ 34.10-2015 (512)",
    Family.GOST_2015_512,
    STREEBOG_512,
    xml_uri=f"{_NATIONAL_XML}gostr34102015-gostr34112015-512",
    jws_name="GG2015",
)
GOST_2004 = SignatureAlgorithm(
    "1.2.398.3.10.1.1.1.2",
    "ГОСТ 34.310-2004",
    Family.GOST_2004,
    GOST_94,
    xml_uri=f"{_W3C_MORE}gost34310-gost34311",
    jws_name="GG2004",
)
RSA_SHA256 = SignatureAlgorithm(
    "1.2.840.113549.1.1.11",
    "RSA-SHA256",
    Family.RSA,
    SHA256,
    xml_uri=f"{_W3C_MORE}rsa-sha256",
    jws_name="RS256",
)
RSA_SHA384 = SignatureAlgorithm(
    "1.2.840.113549.1.1.12",
    "RSA-SHA384",
    Family.RSA,
    SHA384,
    xml_uri=f"{_W3C_MORE}rsa-sha384",
    jws_name="RS384",
)
RSA_SHA512 = SignatureAlgorithm(
    "1.2.840.113549.1.1.13",
    "RSA-SHA512",
    Family.RSA,
    SHA512,
    xml_uri=f"{_W3C_MORE}rsa-sha512",
    jws_name="RS512",
)
ECDSA_SHA256 = SignatureAlgorithm(
    "1.2.840.10045.4.3.2", "ECDSA-SHA256", Family.ECDSA, SHA256, b"", f"{_W3C_MORE}ecdsa-sha256", "ES256"
)
ECDSA_SHA384 = SignatureAlgorithm(
    "1.2.840.10045.4.3.3", "ECDSA-SHA384", Family.ECDSA, SHA384, b"", f"{_W3C_MORE}ecdsa-sha384", "ES384"
)
ECDSA_SHA512 = SignatureAlgorithm(
    "1.2.840.10045.4.3.4", "ECDSA-SHA512", Family.ECDSA, SHA512, b"", f"{_W3C_MORE}ecdsa-sha512", "ES512"
)
SIGNATURES = (
    GOST_2015_512, GOST_2004, RSA_SHA256, RSA_SHA384, RSA_SHA512, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512,
)  # fmt: skip

_DIGEST_BY_OID = {digest.oid: digest for digest in DIGESTS}
_SIGNATURE_BY_OID = {signature.oid: signature for signature in SIGNATURES}
_SIGNATURE_BY_PAIR = {(signature.family, signature.digest.oid): signature for signature in SIGNATURES}
_KEY_BY_IDENTIFIER = {key.identifier_der: key for key in KEY_TYPES}
# What a key signs with here. A larger RSA key still signs with SHA-256: that is what the country's verifiers know.
_SIGNATURE_BY_KEY = {
    RSA_KEY.identifier_der: RSA_SHA256,
    P256_KEY.identifier_der: ECDSA_SHA256,
    P384_KEY.identifier_der: ECDSA_SHA384,
    GOST_2015_512_KEY.identifier_der: GOST_2015_512,
    GOST_2004_KEY.identifier_der: GOST_2004,
}


def unsupported(oid: str, what: str) -> UnsupportedKey:
    """The error to raise for an algorithm outside the table; it names the OID, and its name where one is known."""
    name = _KNOWN_UNSUPPORTED.get(oid)
    return UnsupportedKey(f"{what} {oid} is not supported" + (f" ({name})" if name else ""))


def digest_by_oid(oid: str) -> DigestAlgorithm:
    """Raises: UnsupportedKey."""
    try:
        return _DIGEST_BY_OID[oid]
    except KeyError:
        raise unsupported(oid, "digest algorithm") from None


def signature_by_oid(oid: str) -> SignatureAlgorithm:
    """Raises: UnsupportedKey, also for the OID of a key where a signature is expected: see `signature_with_digest`."""
    try:
        return _SIGNATURE_BY_OID[oid]
    except KeyError:
        raise unsupported(oid, "signature algorithm") from None


def signature_with_digest(family: Family, digest: DigestAlgorithm) -> SignatureAlgorithm:
    """The signature of this kind of key over that digest, for CMS whose signatureAlgorithm names only the key.

    Raises: UnsupportedKey.
    """
    try:
        return _SIGNATURE_BY_PAIR[family, digest.oid]
    except KeyError:
        raise UnsupportedKey(f"{family} with digest {digest.oid} is not supported") from None


def signature_for_key(key_type: KeyType) -> SignatureAlgorithm:
    """What a key of this type signs with."""
    return _SIGNATURE_BY_KEY[key_type.identifier_der]


def key_type_by_identifier(identifier_der: bytes, oid: str) -> KeyType:
    """The type of a key by the whole AlgorithmIdentifier of its SubjectPublicKeyInfo or PKCS#8: parameters count.

    Raises: UnsupportedKey.
    """
    # RFC 3279 section 2.3.1 asks for NULL with RSA; some key files leave it out.
    if identifier_der == algorithm_identifier(RSA_KEY.oid, b""):
        return RSA_KEY
    try:
        return _KEY_BY_IDENTIFIER[identifier_der]
    except KeyError:
        raise unsupported(oid, "key algorithm") from None


def is_key_oid(oid: str) -> bool:
    """Whether the OID names a key rather than a signature."""
    return any(key.oid == oid for key in KEY_TYPES)
