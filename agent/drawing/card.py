"""What stands on a document card (карточка электронного документа): plain values, and whoever puts them into words.

The values are stable words, numbers, moments and names as they stand in certificates; sentences come from `Words`, which the texts of
agent.words are. So a card can be drawn of whatever was checked, in any language.
"""

import dataclasses
from datetime import datetime
from typing import Any, Literal, Protocol

from agent.algorithms import DigestAlgorithm

Verdict = Literal["valid", "invalid", "indeterminate"]
Domain = Literal["production", "test", "given", ""]


class Words(Protocol):
    """The words of one language; agent.words.texts.Texts says what each gives."""

    @property
    def language(self) -> str: ...
    def __call__(self, key: str, **values: Any) -> str: ...
    def chosen(self, table: str, word: str) -> str: ...
    def advice(self, reason: str) -> str: ...
    def section(self, reason: str, document_format: str = "") -> str: ...
    def verdict(self, verdict: str, signatures: int, *, is_partial: bool = False) -> str: ...
    def moment(self, moment: datetime) -> str: ...
    def period(self, start: datetime, end: datetime) -> str: ...
    def size(self, octets: int) -> str: ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardDigest:
    """A digest of the document. A code holds the first of a card's."""

    algorithm: DigestAlgorithm
    octets: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardAuthority:
    """Who answered for something: a time service or a responder, by its certificate. `serial_number` is in hexadecimal."""

    name: str
    issuer: str = ""
    serial_number: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardTimestamp:
    """A timestamp. Without `reasons` it proves `moment`; `moment` is None where it could not be read."""

    moment: datetime | None
    authority: CardAuthority | None = None
    policy: str = ""
    serial_number: str = ""
    reasons: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardCertificate:
    """A signer's certificate. `serial_number` and `sha256` are in hexadecimal, `algorithm` is the kind of the key for people.

    `anchor` is the title of the trusted authority it leads to, and `domain` whose that is; both are empty where it leads to none.
    `policies` and `extended_key_usage` are dotted OIDs, `key_usage` the names that agent.certificate gives.
    """

    serial_number: str
    issuer: str
    not_before: datetime
    not_after: datetime
    algorithm: str
    sha256: str
    anchor: str = ""
    domain: Domain = ""
    policies: tuple[str, ...] = ()
    key_usage: tuple[str, ...] = ()
    extended_key_usage: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardRevocation:
    """Whether the certificate was taken back: `state` and `source` are words of agent.trust.revocation, `reason` of RFC 5280
    §5.3.1. `stated_at` is when the source said so, `checked_at` when it was asked. A certificate that was "good" at the moment asked
    about may have been revoked since, at `revoked_at`.
    """

    state: str = "not-checked"
    source: str = ""
    stated_at: datetime | None = None
    checked_at: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""
    responder: CardAuthority | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardSigner:
    """One signature and who made it. `signing_time` is what the signer's clock said.

    `signature` is the finding of cryptography alone, `verdict` that of everything, with `reasons` where it is not "valid". `file` is
    the signature as a file of its own, to be drawn as codes; empty where that is not wanted.
    """

    verdict: Verdict
    signature: str
    reasons: tuple[str, ...] = ()
    name: str = ""
    iin: str = ""
    bin: str = ""
    organisation: str = ""
    roles: tuple[str, ...] = ()
    signing_time: datetime | None = None
    timestamps: tuple[CardTimestamp, ...] = ()
    certificate: CardCertificate | None = None
    revocation: CardRevocation = CardRevocation()
    algorithm: str = ""
    covers: str = ""
    title: str = ""
    file: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def proven_time(self) -> datetime | None:
        """The earliest moment that a timestamp proves."""
        proven = (each.moment for each in self.timestamps if not each.reasons and each.moment is not None)
        return min(proven, default=None)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A signed document and what checking it at `checked_at` gave. `title` says more than the name of the file, if anything.

    `is_partial`: a signature is over a part of the document only. `size` is in octets, None where the document was not at hand; `digests` are then those that the signatures name, or none.
    """

    file_name: str
    format: str
    verdict: Verdict
    checked_at: datetime
    signers: tuple[CardSigner, ...]
    title: str = ""
    is_partial: bool = False
    size: int | None = None
    digests: tuple[CardDigest, ...] = ()
    program: str = "Qalamsap"
