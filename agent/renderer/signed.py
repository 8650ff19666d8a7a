"""Signatures that a document has already: whose they are, read and not verified, and what they are over.

Nothing here proves anything: a name in a certificate that nobody checked is a claim. Verifying is done elsewhere, by who may.
"""

import base64
import binascii
import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from agent.certificate import Certificate
from agent.errors import AgentError, BadInput
from agent.formats import cms, cms_build, jws
from agent.formats.cms_read import SignedMessage, SignerInfo
from agent.renderer import timestamp
from agent.renderer.base import CannotShow, Drawing, Entry, View
from protocol import preview
from protocol.preview import Overview, Row, Signer

MAX_TOKEN_BYTES = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """What was signed, None where it lies elsewhere, and by whom. `kind` is a word for Overview.wrappers."""

    octets: bytes | None
    signers: tuple[Signer, ...]
    kind: str
    is_timestamp: bool = False
    digest: str = ""  # SHA-256 of what lies elsewhere, where a signer says it


# --- CMS --------------------------------------------------------------------------------------------------------------


def read_cms(octets: bytes) -> Contents:
    """What a CMS (DER, BER, PEM, base64) holds. Raises BadInput."""
    message = cms.read(octets)
    digests = {
        signer.message_digest
        for signer in message.signers
        if len(signer.message_digest or b"") == hashlib.sha256().digest_size
    }
    only = digests.pop() if len(digests) == 1 and message.content is None else None
    return Contents(
        message.content,
        signers_of(message),
        "cms",
        message.content_type == cms_build.TIMESTAMP_INFO,
        "" if only is None else only.hex(),
    )


def signers_of(message: SignedMessage) -> tuple[Signer, ...]:
    """Those who signed, in the order of the message."""
    return tuple(_cms_signer(signer, message.certificates) for signer in message.signers[: preview.MAX_LIST])


def _cms_signer(signer: SignerInfo, certificates: Iterable[Certificate]) -> Signer:
    certificate = next((each for each in certificates if _is_of(each, signer)), None)
    stamped = next(filter(None, map(_stamped_at, signer.timestamp_tokens)), None)
    moment = stamped or signer.signing_time
    has_timestamp = bool(signer.timestamp_tokens)
    if certificate is None:
        number = signer.serial_number
        return Signer(
            "" if number is None else f"№ {number:X}"[: preview.MAX_FACT],
            time=timestamp.iso(moment),
            has_timestamp=has_timestamp,
        )
    return dataclasses.replace(owner_of(certificate), time=timestamp.iso(moment), has_timestamp=has_timestamp)


def _is_of(certificate: Certificate, signer: SignerInfo) -> bool:
    if signer.subject_key_identifier is not None:
        return certificate.subject_key_identifier == signer.subject_key_identifier
    return certificate.serial_number == signer.serial_number and certificate.issuer.der == signer.issuer


def owner_of(certificate: Certificate) -> Signer:
    """Whom a certificate names."""
    return Signer(
        " ".join(filter(None, (certificate.common_name, certificate.patronymic)))[: preview.MAX_FACT],
        certificate.iin or "",
        (certificate.organisation or "")[: preview.MAX_FACT],
        certificate.bin or "",
    )


def _stamped_at(token: bytes) -> datetime | None:
    """The moment in a timestamp token; None where it can't be read."""
    return None if len(token) > MAX_TOKEN_BYTES else timestamp.moment_of(token)


# --- JWS --------------------------------------------------------------------------------------------------------------


def read_jws(octets: bytes) -> Contents:
    """What a JWS (compact or JSON) holds. Raises BadInput."""
    token = jws.read(octets)
    if not token.signatures:
        raise BadInput("JWS: no signature")
    signers = tuple(
        owner_of(signature.certificates[0]) if signature.certificates else Signer("")
        for signature in token.signatures[: preview.MAX_LIST]
    )
    return Contents(token.payload, signers, "jws")


# --- XML --------------------------------------------------------------------------------------------------------------

_MAX_CERTIFICATE_LETTERS = 64 * 1024
_CERTIFICATES = frozenset({"X509Certificate", "BinarySecurityToken"})


class XmlSigners:
    """Gathers those who signed an XML document, from the texts of its elements as they come."""

    def __init__(self) -> None:
        self._signers: list[Signer] = []
        self._seen: set[str] = set()
        self.certificates = 0
        """How many certificates of people were met, one person's again and again too."""

    def leaf(self, name: str, value: str) -> None:
        """An element with text. Certificates of authorities are passed over."""
        bare = name.rpartition(":")[2]
        if bare in _CERTIFICATES:
            certificate = _certificate(value)
            if certificate is not None and not certificate.is_ca:
                self.certificates += 1
                self._add(certificate)
        elif bare == "SigningTime" and self._signers and not self._signers[-1].time:
            self._signers[-1] = dataclasses.replace(self._signers[-1], time=value[:40])
        elif bare == "EncapsulatedTimeStamp" and self._signers:
            moment = _stamped_at(_octets_of(value))
            known = self._signers[-1]
            self._signers[-1] = dataclasses.replace(
                known, time=timestamp.iso(moment) or known.time, has_timestamp=True
            )

    @property
    def signers(self) -> tuple[Signer, ...]:
        return tuple(self._signers)

    def _add(self, certificate: Certificate) -> None:
        if certificate.fingerprint not in self._seen and len(self._signers) < preview.MAX_LIST:
            self._seen.add(certificate.fingerprint)
            self._signers.append(owner_of(certificate))


def _certificate(text: str) -> Certificate | None:
    octets = _octets_of(text)
    if not octets:
        return None
    try:
        return Certificate.from_der(octets)
    except AgentError:
        return None


def _octets_of(text: str) -> bytes:
    """Base64, as far as it is that and of a sensible size."""
    if len(text) > _MAX_CERTIFICATE_LETTERS * 2:
        return b""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


# --- views ------------------------------------------------------------------------------------------------------------


class Unwrapped:
    """A document that lay in something, with what that says of it (agent.renderer.base.View)."""

    def __init__(self, view: View, wrapper: str, signers: tuple[Signer, ...] = ()) -> None:
        self._view = view
        self._wrapper = wrapper
        self._signers = signers

    @property
    def overview(self) -> Overview:
        inside = self._view.overview
        return dataclasses.replace(
            inside,
            wrappers=(self._wrapper, *inside.wrappers)[: preview.MAX_LIST],
            signers=(*self._signers, *inside.signers)[: preview.MAX_LIST],
        )

    def __getattr__(self, name: str) -> Any:
        # draw, read, enter and grow are those of what is shown.
        return getattr(self._view, name)


class Digest:
    """A signature over something that is not here (agent.renderer.base.View)."""

    def __init__(self, contents: Contents) -> None:
        self.overview = Overview(
            "digest",
            format=contents.kind.upper(),
            digest=contents.digest,
            wrappers=(contents.kind,),
            signers=contents.signers,
        )

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # nothing is here
        raise CannotShow("unavailable")

    def read(self, start: int, count: int) -> tuple[Row, ...]:  # noqa: ARG002  # likewise
        raise CannotShow("unavailable")

    def enter(self, row: int) -> Entry:  # noqa: ARG002  # likewise
        raise CannotShow("unavailable")
