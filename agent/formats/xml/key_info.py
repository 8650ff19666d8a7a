"""Whose key made a signature: the certificates that ds:KeyInfo holds or names (XML-DSig 1.1 §4.5, WSS X.509 Token Profile §3).

KeyInfo is not signed. A bare key (ds:KeyValue) says nothing about a person, and addresses of keys are never fetched.
"""

import dataclasses
import re
from collections.abc import Iterable

from lxml import etree

from agent import certificate as certificates
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats.xml import identifiers, signature
from agent.formats.xml.identifiers import ds

MAX_CERTIFICATES = 20
_KEY_IDENTIFIER = f"{{{identifiers.WSSE}}}KeyIdentifier"
MAX_NAME_CHARACTERS = 1024

_PAIR = re.compile(r"([^=,;+]+)=((?:\\.|\"[^\"]*\"|[^,;+\\\"])*)")
_SERIAL_NUMBER = re.compile(r"[0-9]{1,60}")
# Keywords of RFC 4514 §3 and of Java for the attributes that names of authorities have; others are left out of a comparison.
_OIDS = {
    "CN": certificates.COMMON_NAME,
    "O": certificates.ORGANISATION,
    "OU": certificates.ORGANISATIONAL_UNIT,
}


@dataclasses.dataclass(frozen=True, slots=True)
class KeyInfo:
    """What ds:KeyInfo says: certificates in its order, and certificates that it only names."""

    certificates: tuple[Certificate, ...] = ()
    issuers_and_serials: tuple[tuple[str, int], ...] = ()
    key_identifiers: tuple[bytes, ...] = ()

    @property
    def names_nobody(self) -> bool:
        return not (self.certificates or self.issuers_and_serials or self.key_identifiers)

    def candidates(self, extra: Iterable[Certificate]) -> list[Certificate]:
        """Certificates that may be the signer's: those inside, then those of `extra` that are named."""
        named = [certificate for certificate in extra if self._names(certificate)]
        return list(dict.fromkeys((*self.certificates, *named)))

    def _names(self, certificate: Certificate) -> bool:
        return certificate.subject_key_identifier in self.key_identifiers or any(
            certificate.serial_number == serial and _is_issuer(name, certificate)
            for name, serial in self.issuers_and_serials
        )


def read(element: etree._Element | None) -> KeyInfo:
    """Reads ds:KeyInfo; where there is none, it says nothing.

    Raises: BadInput.
    """
    if element is None:
        return KeyInfo()
    found = [*element.iter(ds("X509Certificate")), *_tokens(element)]
    if len(found) > MAX_CERTIFICATES:
        raise BadInput(f"XML: more than {MAX_CERTIFICATES} certificates in ds:KeyInfo")
    return KeyInfo(
        tuple(Certificate.from_der(signature.base64_of(holder)) for holder in found),
        tuple(_issuer_and_serial(named) for named in element.iter(ds("X509IssuerSerial"))),
        tuple(signature.base64_of(named) for named in element.iter(ds("X509SKI"))),
    )


def _tokens(element: etree._Element) -> Iterable[etree._Element]:
    """Elements wsse:KeyIdentifier that hold a whole certificate."""
    for token in element.iter(_KEY_IDENTIFIER):
        if token.get("ValueType") == identifiers.X509_V3:
            yield token


def _issuer_and_serial(element: etree._Element) -> tuple[str, int]:
    name, serial = element.findtext(ds("X509IssuerName")), element.findtext(ds("X509SerialNumber"))
    number = str(serial or "").strip()
    if not name or len(name) > MAX_NAME_CHARACTERS or not _SERIAL_NUMBER.fullmatch(number):
        raise BadInput("XML: ds:X509IssuerSerial without a name or a number")
    return str(name), int(number)


def _is_issuer(text: str, certificate: Certificate) -> bool:
    """Whether the text of a distinguished name (RFC 4514, in whatever order) agrees with the issuer's name.

    It only chooses among certificates with the serial number that is named beside it: the signature decides.
    """
    written = [(keyword.strip().upper(), _unescaped(value)) for keyword, value in _PAIR.findall(text)]
    return all(
        value in certificate.issuer.values(_OIDS[keyword]) for keyword, value in written if keyword in _OIDS
    )


def _unescaped(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else re.sub(r"\\(.)", r"\1", value)
