"""X.509 certificates as the rest of the agent sees them: plain values, read once and completely.

Whatever is wrong with the octets is found in `Certificate.from_der`, never later. A key of an unknown kind makes no certificate
unreadable: asking for its type is what fails. Addresses are hints and never make one unreadable either.

Not checked here: validity at a moment, revocation, whether an issuer may issue. That is the business of agent.trust.
"""

import base64
import binascii
import dataclasses
import hashlib
import re
from datetime import datetime
from typing import Self

from asn1crypto import parser

from agent import algorithms, x509
from agent.algorithms import Family, KeyType, SignatureAlgorithm
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.gost import curves as gost_curves
from agent.gost import signature as gost_signature
from agent.x509 import Addresses, KeyContents
from protocol.readings import NameKeywords

# Attributes of names (RFC 5280 appendix A.1, RFC 4519) with the keywords that pages see in getKeyInfo.
COMMON_NAME, SURNAME, SERIAL_NUMBER = "2.5.4.3", "2.5.4.4", "2.5.4.5"
ORGANISATION, ORGANISATIONAL_UNIT, GIVEN_NAME = "2.5.4.10", "2.5.4.11", "2.5.4.42"
EMAIL, USER_ID = "1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.1"
_KEYWORDS = {
    COMMON_NAME: "CN",
    SURNAME: "SURNAME",
    SERIAL_NUMBER: "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    ORGANISATION: "O",
    ORGANISATIONAL_UNIT: "OU",
    "2.5.4.12": "T",
    "2.5.4.15": "BusinessCategory",
    GIVEN_NAME: "G",
    EMAIL: "E",
    USER_ID: "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
# What others write for two of them.
_LONG_KEYWORDS = {**_KEYWORDS, "2.5.4.8": "ST", GIVEN_NAME: "GIVENNAME"}

# Extended key usage: RFC 5280 section 4.2.1.12, and the roles of the national registry.
ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
CLIENT_AUTH, EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
_LEGAL_ENTITY, _INFORMATION_SYSTEM = "1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.6"
_ROLES = {
    "1.2.398.3.3.4.1.1": "individual",
    _LEGAL_ENTITY: "legal",
    f"{_LEGAL_ENTITY}.1": "head",
    f"{_LEGAL_ENTITY}.2": "sign-right",
    f"{_LEGAL_ENTITY}.3": "finance-right",
    f"{_LEGAL_ENTITY}.4": "hr",
    f"{_LEGAL_ENTITY}.5": "employee",
    _INFORMATION_SYSTEM: "information-system",
    "1.2.398.5.19.1.2.2.1": "treasury",
}
_IIN, _BIN = re.compile(r"IIN([0-9]{12})"), re.compile(r"BIN([0-9]{12})")

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")
_MAX_TEXT = 2 * x509.MAX_SIZE


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name. Names are the same when `der` is: order and string types count (RFC 5280 section 7.1 is laxer)."""

    der: bytes
    relative_names: tuple[tuple[tuple[str, str], ...], ...]
    """RelativeDistinguishedNames as encoded, each a tuple of (dotted OID, text)."""

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Reads a name on its own.

        Raises: BadInput.
        """
        contents = x509.read_name(der)
        return cls(contents.der, contents.relative_names)

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        """All attributes in the order of encoding."""
        return tuple(attribute for group in self.relative_names for attribute in group)

    def values(self, oid: str) -> tuple[str, ...]:
        """Texts of one kind of attribute, without white space around them."""
        return tuple(text.strip() for kind, text in self.attributes if kind == oid)

    def value(self, oid: str) -> str | None:
        """The first text of that kind."""
        return next(iter(self.values(oid)), None)

    @property
    def common_name(self) -> str:
        return self.value(COMMON_NAME) or ""

    def text(self, keywords: NameKeywords = "S-G") -> str:
        """The name as NCALayer writes it for pages: order of encoding, comma without space, CN, SURNAME, SERIALNUMBER, G, S, E."""
        names = _KEYWORDS if keywords == "S-G" else _LONG_KEYWORDS
        return ",".join(
            "+".join(f"{names.get(oid, oid)}={_escaped(value)}" for oid, value in group)
            for group in self.relative_names
        )


@dataclasses.dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as it stands in a certificate, of any kind."""

    algorithm_oid: str
    algorithm_der: bytes = dataclasses.field(repr=False)
    octets: bytes = dataclasses.field(repr=False)
    """GOST: X then Y, little-endian. ECDSA: the point of SEC 1 section 2.3.3. Others: contents of the BIT STRING."""
    spki_der: bytes = dataclasses.field(repr=False)
    size_bits: int = 0
    """Of an RSA modulus; 0 for others."""

    @classmethod
    def from_spki(cls, spki_der: bytes) -> Self:
        """Reads a SubjectPublicKeyInfo on its own.

        Raises: BadInput.
        """
        return cls._of(x509.read_public_key(spki_der))

    @classmethod
    def _of(cls, key: KeyContents) -> Self:
        return cls(key.algorithm_oid, key.algorithm_der, key.octets, key.spki_der, key.size_bits)

    @property
    def key_type(self) -> KeyType:
        """Raises: UnsupportedKey."""
        return algorithms.key_type_by_identifier(self.algorithm_der, self.algorithm_oid)

    @property
    def is_supported(self) -> bool:
        try:
            return bool(self.key_type)
        except UnsupportedKey:
            return False

    @property
    def bits(self) -> bytes:
        """Contents of the BIT STRING, with the header of the OCTET STRING that a GOST point is in: what OCSP hashes."""
        inside = parser.parse(self.spki_der)[4]
        bit_string = parser.parse(inside[len(self.algorithm_der) :])[4]
        return bytes(bit_string[1:])  # the first octet counts unused bits

    def verify(self, algorithm: SignatureAlgorithm, digest: bytes, signature: bytes) -> None:
        """Checks a signature over a digest.

        Raises: InvalidSignature, UnsupportedKey.
        """
        key_type = self.key_type
        if key_type.family is not algorithm.family:
            raise InvalidSignature(f"a {key_type.name} key can't have made a signature {algorithm.name}")
        if len(digest) != algorithm.digest.digest_size:
            raise InvalidSignature(
                f"digest is {len(digest)} octets, {algorithm.digest.digest_size} expected for {algorithm.name}"
            )
        match key_type.family:
            case Family.GOST_2015_512 | Family.GOST_2004:
                _verify_gost(key_type, self.octets, digest, signature)
            case Family.RSA | Family.ECDSA:
                _verify_rsa_or_ecdsa(self.spki_der, algorithm, digest, signature)


@dataclasses.dataclass(frozen=True, slots=True, eq=False, repr=False)
class Certificate:
    """A certificate. Two are equal when their octets are."""

    der: bytes
    tbs_der: bytes
    signature: bytes
    signature_algorithm_oid: str
    subject: Name
    issuer: Name
    serial_number: int
    not_before: datetime
    not_after: datetime
    public_key: PublicKey
    key_usage: frozenset[str] | None
    """None where the extension is absent: any use."""
    extended_key_usage: tuple[str, ...]
    subject_key_identifier: bytes | None
    authority_key_identifier: bytes | None
    is_ca: bool
    path_length: int | None
    email: str | None
    unhandled_critical: tuple[str, ...]
    """OIDs of critical extensions that nobody here understands: a verifier has to refuse the certificate (RFC 5280 section 4.2)."""
    is_key_usage_critical: bool
    is_extended_key_usage_critical: bool
    addresses: Addresses
    policies: tuple[str, ...]
    """OIDs of the policies that it was issued under, without their qualifiers."""
    key_store: str | None
    """Where the key is kept, as an OID of the national register (1.2.398.3.3.5.1.1 is PKCS#12)."""
    has_ocsp_no_check: bool
    """Whether nobody need ask if it was revoked: of an OCSP responder (RFC 6960 section 4.2.2.2.1)."""

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Reads a certificate.

        Raises: BadInput.
        """
        contents = x509.read(der := bytes(der))
        subject = Name(contents.subject.der, contents.subject.relative_names)
        return cls(
            der=der,
            tbs_der=contents.tbs_der,
            signature=contents.signature,
            signature_algorithm_oid=contents.signature_algorithm_oid,
            subject=subject,
            issuer=Name(contents.issuer.der, contents.issuer.relative_names),
            serial_number=contents.serial_number,
            not_before=contents.not_before,
            not_after=contents.not_after,
            public_key=PublicKey._of(contents.public_key),
            key_usage=contents.key_usage,
            extended_key_usage=contents.extended_key_usage,
            subject_key_identifier=contents.subject_key_identifier,
            authority_key_identifier=contents.authority_key_identifier,
            is_ca=contents.is_ca,
            path_length=contents.path_length,
            email=subject.value(EMAIL) or contents.email,
            unhandled_critical=contents.unhandled_critical,
            is_key_usage_critical=x509.KEY_USAGE in contents.critical,
            is_extended_key_usage_critical=x509.EXTENDED_KEY_USAGE in contents.critical,
            addresses=contents.addresses,
            policies=contents.policies,
            key_store=contents.key_store,
            has_ocsp_no_check=contents.has_ocsp_no_check,
        )

    @classmethod
    def from_pem_or_der(cls, data: bytes) -> Self:
        """Reads a certificate in DER, in PEM (the first one, whatever stands around it) or in bare base64.

        Raises: BadInput.
        """
        if found := _PEM.search(data[:_MAX_TEXT]):
            return cls.from_der(_from_base64(found[1]))
        if data[:1] == b"\x30":
            return cls.from_der(data)
        return cls.from_der(_from_base64(data[:_MAX_TEXT]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        # Names and numbers of persons have no place in logs and tracebacks.
        return f"<Certificate {self.fingerprint[:16]}>"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return hashlib.sha256(self.der).hexdigest()

    def pem(self, line_end: str = "\n") -> str:
        """PEM with lines of 64 characters; pages of getKeyInfo expect CR LF."""
        text = base64.b64encode(self.der).decode("ascii")
        lines = [text[start : start + 64] for start in range(0, len(text), 64)]
        return line_end.join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))

    # --- the person -----------------------------------------------------------------------------------------------

    @property
    def common_name(self) -> str:
        """ "SURNAME NAME" of a person; the name of a system or an authority."""
        return self.subject.common_name

    @property
    def surname(self) -> str | None:
        return self.subject.value(SURNAME)

    @property
    def given_name(self) -> str | None:
        """The first name, which stands in the common name only, after the surname."""
        surname = self.surname
        if surname and self.common_name.startswith(f"{surname} "):
            return self.common_name[len(surname) :].strip() or None
        return None

    @property
    def patronymic(self) -> str | None:
        """National certificates keep it in the attribute GIVENNAME."""
        return self.subject.value(GIVEN_NAME)

    @property
    def iin(self) -> str | None:
        """Individual identification number, 12 digits."""
        return _number(_IIN, self.subject.values(SERIAL_NUMBER))

    @property
    def bin(self) -> str | None:
        """Business identification number of the organisation, 12 digits."""
        return _number(_BIN, self.subject.values(ORGANISATIONAL_UNIT))

    @property
    def organisation(self) -> str | None:
        return self.subject.value(ORGANISATION)

    @property
    def roles(self) -> tuple[str, ...]:
        """What the owner is, in the order of the certificate: individual, legal, head, sign-right, finance-right, hr, employee,
        information-system, treasury."""
        found = [_ROLES[oid] for oid in self.extended_key_usage if oid in _ROLES]
        if self._is_information_system and "information-system" not in found:
            found.append("information-system")
        return tuple(found)

    @property
    def _is_information_system(self) -> bool:
        """A system's certificate names no person; those before 2026 have no role of their own, only the legal entity's."""
        usages = self.extended_key_usage
        if any(f"{oid}.".startswith(f"{_INFORMATION_SYSTEM}.") for oid in usages):
            return True
        return _LEGAL_ENTITY in usages and self.iin is None and self.subject.value(USER_ID) is not None

    @property
    def uses(self) -> tuple[str, ...]:
        """What the key is meant for: "sign" documents, "identify" its owner, both or neither.

        Signing and authentication are told apart by emailProtection and clientAuth. The GOST 2015 generation has one key for
        both, marked as a signing key; a system's key has no mark and serves for both. Without extended key usage: both.
        """
        if self.is_ca or not self._usage_allows_signatures:
            return ()
        usages = set(self.extended_key_usage)
        if not usages or ANY_EXTENDED_KEY_USAGE in usages or self._is_information_system:
            return ("sign", "identify")
        signs = EMAIL_PROTECTION in usages
        single_key = self.public_key.algorithm_oid == algorithms.GOST_2015_512_KEY.oid
        identifies = CLIENT_AUTH in usages or (signs and single_key)
        return ("sign",) * signs + ("identify",) * identifies

    @property
    def _usage_allows_signatures(self) -> bool:
        return self.key_usage is None or bool(self.key_usage & {"digital_signature", "non_repudiation"})

    @property
    def key_algorithm_name(self) -> str:
        """Java's name of the key algorithm; the OID of a key that is not supported."""
        return (
            self.public_key.key_type.java_name
            if self.public_key.is_supported
            else self.public_key.algorithm_oid
        )

    @property
    def display_name(self) -> str:
        """The kind of key for people: "ГОСТ 34.10-2015 (512)", "RSA-2048", "ECDSA P-256"."""
        if not self.public_key.is_supported:
            return self.public_key.algorithm_oid
        name = self.public_key.key_type.name
        return f"{name}-{self.public_key.size_bits}" if self.public_key.size_bits else name

    # --- signatures -----------------------------------------------------------------------------------------------

    def verify(self, algorithm: SignatureAlgorithm, digest: bytes, signature: bytes) -> None:
        """Checks a signature over a digest with this certificate's key.

        Raises: InvalidSignature, UnsupportedKey.
        """
        self.public_key.verify(algorithm, digest, signature)

    def verify_issued_by(self, issuer: "Certificate") -> None:
        """Checks that `issuer` bears the name of this certificate's issuer, octet for octet, and that its key made the signature.

        Not checked here: whether it may issue (`is_ca`), and when.

        Raises: InvalidSignature, UnsupportedKey.
        """
        if self.issuer.der != issuer.subject.der:
            raise InvalidSignature("the issuer has another name")
        algorithm = algorithms.signature_by_oid(self.signature_algorithm_oid)
        issuer.verify(algorithm, algorithm.digest(self.tbs_der), self.signature)


def _verify_gost(key_type: KeyType, public_key: bytes, digest: bytes, signature: bytes) -> None:
    curve = {
        Family.GOST_2015_512: gost_curves.PARAM_SET_A_512,
        Family.GOST_2004: gost_curves.CRYPTO_PRO_A,
    }[key_type.family]
    try:
        gost_signature.verify(curve, public_key, digest, signature)
    except gost_signature.BadSignature as error:
        raise InvalidSignature(f"signature {key_type.name} does not match") from error
    except ValueError as error:
        raise InvalidSignature(f"the {key_type.name} key is not a point of its curve") from error


def _verify_rsa_or_ecdsa(
    spki_der: bytes, algorithm: SignatureAlgorithm, digest: bytes, signature: bytes
) -> None:
    from cryptography import exceptions  # noqa: PLC0415  # takes longer than all of the agent's own code, and GOST needs none of it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  # the same
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils  # noqa: PLC0415  # the same

    prehashed = utils.Prehashed(
        {
            algorithms.SHA256.oid: hashes.SHA256(),
            algorithms.SHA384.oid: hashes.SHA384(),
            algorithms.SHA512.oid: hashes.SHA512(),
        }[algorithm.digest.oid]
    )
    try:
        key = serialization.load_der_public_key(spki_der)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), prehashed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            raise InvalidSignature("the key is not what its identifier says")
    except exceptions.InvalidSignature as error:
        raise InvalidSignature(f"signature {algorithm.name} does not match") from error
    except (ValueError, exceptions.UnsupportedAlgorithm) as error:
        raise InvalidSignature(f"the key is not a usable {algorithm.family} key") from error


def _number(pattern: re.Pattern[str], texts: tuple[str, ...]) -> str | None:
    return next((found[1] for text in texts if (found := pattern.fullmatch(text))), None)


def _escaped(text: str) -> str:
    """RFC 4514 section 2.4, and "=" as Java libraries do."""
    escaped = re.sub(r'([,"\\+=<>;])', r"\\\1", text)
    if escaped.startswith("#"):
        escaped = f"\\{escaped}"
    inner = escaped.strip(" ")
    before = len(escaped) - len(escaped.lstrip(" "))
    return "\\ " * before + inner + "\\ " * (len(escaped) - before - len(inner))


def _from_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("neither DER, nor PEM, nor base64 of a certificate") from error
