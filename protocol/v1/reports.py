"""The report of `verify`, as the agent's command line prints it too: its names are those of that form, not of this interface.

What is null was not there, or is not known. The words for reasons are stable; new ones may come.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from protocol.v1.constraints import Nullable

Verdict: TypeAlias = Literal["valid", "invalid", "indeterminate"]
_Moment: TypeAlias = Annotated[str, "RFC 3339, UTC."]
_NULL = Nullable()


@dataclass(frozen=True, slots=True)
class ReportedSubject:
    """Whom the signer's certificate names."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    common_name: Annotated[str, "Surname and name of a person; the name of a system."]
    surname: Annotated[str | None, "Of a person."]
    given_name: Annotated[str | None, "Of a person."]
    patronymic: Annotated[str | None, "Of a person."]
    iin: Annotated[str | None, "Individual identification number, 12 digits."]
    bin: Annotated[str | None, "Business identification number of the organisation, 12 digits."]
    organisation: Annotated[str | None, "Its name."]
    email: Annotated[str | None, "An address."]
    roles: Annotated[tuple[str, ...], "What the owner is: `individual`, `legal`, `head`, `sign-right`, …"]
    name: Annotated[str, "The whole distinguished name as one line of text."]


@dataclass(frozen=True, slots=True)
class ReportedTrust:
    """The authority at which the certificate's path ends."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    anchor: Annotated[str, "Its name."]
    domain: Annotated[
        Literal["production", "test", "given"],
        "Whose it is: of Kazakhstan's infrastructure, of its test site, or one that this computer was told to trust.",
    ]
    sha256: Annotated[str, "Fingerprint of its certificate, hexadecimal."]


@dataclass(frozen=True, slots=True)
class ReportedTimestamp:
    """One timestamp of a signature. Of one that can't be read, only the first two members are there."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    proves: Annotated[bool, "Whether it proves its moment."]
    reasons: Annotated[tuple[str, ...], "Why it does not."]
    time: Annotated[str, "The moment. RFC 3339, UTC."] = ""
    policy: Annotated[str, "Object identifier of the policy that it was issued under."] = ""
    digest: Annotated[str, "Name of the hash of what was stamped."] = ""
    serial_number: Annotated[str, "In hexadecimal."] = ""
    authority: Annotated[str | None, _NULL, "Distinguished name of who made it."] = None
    trust: Annotated[ReportedTrust | None, _NULL, "The authority that vouches for them."] = None


@dataclass(frozen=True, slots=True)
class ReportedMoment:
    """The moment at which a signature was judged."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    time: Annotated[_Moment, "The moment."]
    basis: Annotated[
        Literal["timestamp", "now"],
        "Where it comes from: a timestamp that proves it, or the clock while verifying.",
    ]


@dataclass(frozen=True, slots=True)
class ReportedCertificate:
    """The signer's certificate."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    serial_number: Annotated[str, "In hexadecimal."]
    issuer: Annotated[str, "Distinguished name."]
    not_before: Annotated[_Moment, "Valid from."]
    not_after: Annotated[_Moment, "Valid until."]
    sha256: Annotated[str, "Its fingerprint, hexadecimal."]


@dataclass(frozen=True, slots=True)
class ReportedRevocation:
    """What the authority says of the certificate."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    state: Annotated[
        Literal["good", "revoked", "unknown", "unreachable", "not-checked"],
        "At the moment of judging. `unknown`: the authority does not know it. `unreachable`: nobody answered. `not-checked`: nobody was asked.",
    ]
    source: Annotated[str, "Who said so: `ocsp`, `crl`, or nobody (empty)."]
    checked_at: Annotated[str | None, "When that was asked. RFC 3339, UTC."]
    revoked_at: Annotated[str | None, "When it was taken back, if it was. RFC 3339, UTC."]
    reason: Annotated[str, "Why it was, as a word of RFC 5280; empty where that is not said."]
    detail: Annotated[str, "How the answer came about."]


@dataclass(frozen=True, slots=True)
class ReportedSigner:
    """What is known of one signature."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    verdict: Annotated[Verdict, "All in all."]
    subject: Annotated[ReportedSubject | None, "Who signed; null without a certificate."]
    algorithm: Annotated[str, "Of the signature."]
    covers: Annotated[str, "Which part was signed; empty for the whole document."]
    signature: Annotated[
        Literal["valid", "invalid", "unsupported", "unchecked"], "What cryptography alone says."
    ]
    reasons: Annotated[tuple[str, ...], "All that stands between this signature and `valid`."]
    sections: Annotated[dict[str, str], "Where a standard speaks of a reason: `RFC 5652 §5.4`."]
    signing_time: Annotated[str | None, "What the signer's own clock said. It proves nothing. RFC 3339, UTC."]
    timestamps: Annotated[tuple[ReportedTimestamp, ...], "The timestamps of the signature."]
    judged_at: Annotated[ReportedMoment, "The moment at which it was judged."]
    certificate: Annotated[ReportedCertificate | None, "The signer's certificate."]
    trust: Annotated[ReportedTrust | None, "Who vouches for it; null where nobody known does."]
    revocation: Annotated[ReportedRevocation, "Whether it was revoked."]


@dataclass(frozen=True, slots=True)
class Report:
    """What the signatures of a document or message prove."""

    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    verdict: Annotated[
        Verdict,
        "`valid`: everything was checked and nothing found. `invalid`: something is proven wrong. Else `indeterminate`: the reasons say why.",
    ]
    format: Annotated[
        Literal["cms", "xml", "wsse", "pdf", "jws", "asic", "signed-zip", "timestamp", "unknown", "raw"],
        "What was recognised.",
    ]
    is_partial: Annotated[bool, "Whether a signature is over a part of an XML document only."]
    verified_at: Annotated[_Moment, "When it was verified."]
    signers: Annotated[tuple[ReportedSigner, ...], "Each signature that was found."]
