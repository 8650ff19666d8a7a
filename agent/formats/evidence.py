"""What one signature of a document proves, whatever its format: evidence, never a bare yes.

`signature` speaks of mathematics and digests alone. Whether the certificate is to be trusted, was valid, or allows signing is
asked elsewhere (agent/trust, agent/operations/verify.py).
"""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from agent.certificate import Certificate

Finding = Literal["valid", "invalid", "unsupported", "unchecked"]

# Reasons, each with what it makes of the signature. The first line of FINDINGS that applies decides.
INVALID = (
    "signature-mismatch",  # the key did not make these octets
    "digest-mismatch",  # what was signed is another document
    "document-differs",  # a document was given beside the one inside, and they are not the same
    "content-type-mismatch",  # RFC 5652 §11.1
    "certificate-hash-mismatch",  # RFC 5035 §3
    "key-mismatch",  # the certificate's key is not of the kind that the signature names
    "signature-wrapping",  # what is signed is not what a reader takes for the document
    "duplicate-id",  # two elements bear the identifier that the signature refers to
    "damaged",  # what should be a signature cannot be read; others beside it may be good
    "changed-after-signing",  # octets were added to or changed in a PDF after this signature
    "file-missing",  # a container lacks a file that was signed
    "file-not-signed",  # a container holds a file that this signature says nothing of
)
UNSUPPORTED = (
    "unsupported-algorithm",
    "algorithm-mismatch",
    "weak-digest",
    "no-signed-attributes",
    "unsupported-transform",  # of an XML reference; also XSLT, which is never run
    "unsupported-header",  # of a JWS: it must not be taken by who doesn't understand all of its header (RFC 7515 §4.1.11)
    "unsupported-reference",  # to another document, or by XPointer
)
UNCHECKED = ("no-content", "no-certificate")
FINDINGS: tuple[tuple[Finding, tuple[str, ...]], ...] = (
    ("invalid", INVALID),
    ("unsupported", UNSUPPORTED),
    ("unchecked", UNCHECKED),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one signature. `reasons` say why `signature` is not "valid", and are empty where it is.

    "invalid": cryptography says no. "unsupported": we can't do the mathematics, or won't. "unchecked": the document or
    the certificate is missing. `certificate` is None only where none fits the signature.

    `signing_time` is what the signer's clock said: a claim. `timestamps` are RFC 3161 tokens in DER that lie with the signature,
    unchecked; each should be over the digest of `stamped`. `certificates` are all that came with it, of unknown merit. `covers` says which part was signed where it is not the whole
    document: "#id" of an XML element, "octets 0-1234 of 5678" of a PDF, the name of a file in a container. `title` is what the
    format calls this signature (the name of a PDF field), if anything.
    """

    certificate: Certificate | None
    algorithm_name: str
    signing_time: datetime | None = None
    signature: Finding
    reasons: tuple[str, ...]
    timestamps: tuple[bytes, ...] = ()
    stamped: bytes = dataclasses.field(default=b"", repr=False)
    certificates: tuple[Certificate, ...] = ()
    covers: str = ""
    title: str = ""

    @property
    def has_timestamp(self) -> bool:
        return bool(self.timestamps)


def finding_of(reasons: Iterable[str]) -> Finding:
    """What these reasons make of a signature; "valid" without any."""
    found = frozenset(reasons)
    return next((finding for finding, known in FINDINGS if found.intersection(known)), "valid")
