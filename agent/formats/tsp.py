"""Timestamps (RFC 3161): the question to an authority, its answer, and the token that proves when something was there.

A token is CMS SignedData over TSTInfo, so cms_read.py takes it apart and cms_verify.py does the mathematics. Whether somebody
trusted vouches for the authority's certificate is asked elsewhere (agent/trust).

The national authority signs with the algorithm that the policy names; which hash is stamped is the asker's choice.
"""

import dataclasses
import hmac
from collections.abc import Iterable
from datetime import datetime

from agent import algorithms
from agent.algorithms import DigestAlgorithm, Family, SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import BadInput, TimestampFailed, UnsupportedKey, UnsupportedOperation
from agent.formats import asn1, cms_build, cms_read, cms_verify
from agent.formats.asn1 import Element, Fields
from agent.formats.cms_verify import SignerEvidence

MAX_SIZE_BYTES = 1024 * 1024  # the national tokens have less than 2000 octets
MAX_EXTENSIONS = 20

# The national policies, each with the authority's own algorithm. The third of them was for the legacy GT key.
POLICY_GOST_2004 = "1.2.398.3.3.2.6.1"
POLICY_RSA = "1.2.398.3.3.2.6.2"
POLICY_GOST_2015 = "1.2.398.3.3.2.6.4"

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"  # RFC 3161 §2.3
_TSA, _EXTENSIONS = 0xA0, 0xA1
_FALSE = b"\x00"

# RFC 3161 §2.4.2: PKIStatus by number, PKIFailureInfo by bit.
STATUSES = (
    "granted", "grantedWithMods", "rejection", "waiting", "revocationWarning", "revocationNotification",
)  # fmt: skip
FAILURES = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}
_MAX_WORDS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """How a signature is stamped: under which policy (None: the authority's choice), and which digest of it."""

    policy: str | None
    digest: DigestAlgorithm


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A token, taken apart. It says that `imprint` was there at `moment`; `evidence` says whether the signature on that holds.

    `digest` is the algorithm of `imprint`. `nonce` is the asker's number, None where there was none. `certificates` are those
    that came with the token.
    """

    token: bytes = dataclasses.field(repr=False)
    moment: datetime
    policy: str
    digest: DigestAlgorithm
    imprint: bytes
    serial_number: int
    nonce: int | None
    evidence: SignerEvidence
    certificates: tuple[Certificate, ...]

    def is_over(self, octets: bytes) -> bool:
        """Whether it is these octets that were stamped (for a signature: those of SignerInfo.signature)."""
        return hmac.compare_digest(self.digest(octets), self.imprint)

    @property
    def has_weak_imprint(self) -> bool:
        """Whether other octets with the same SHA-1 may be made, so that the token proves little of those that were stamped."""
        return self.digest == algorithms.SHA1


def profile_for(algorithm: SignatureAlgorithm) -> Profile:
    """How to stamp a signature by this algorithm: policy and digest of the signer's own family."""
    match algorithm.family:
        case Family.GOST_2015_512:
            return Profile(POLICY_GOST_2015, algorithms.STREEBOG_512)
        case Family.GOST_2004:
            return Profile(POLICY_GOST_2004, algorithms.GOST_94)
        case Family.RSA | Family.ECDSA:
            return Profile(POLICY_RSA, algorithms.SHA256)


# --- asking -------------------------------------------------------------------------------------------------------


def request(imprint: bytes, digest: DigestAlgorithm, *, policy: str | None, nonce: int) -> bytes:
    """TimeStampReq in DER that asks for the authority's certificate too. `imprint` is a digest by `digest`; `nonce` is fresh.

    Raises: BadInput where the imprint has another length."""
    if len(imprint) != digest.digest_size:
        raise BadInput(f"imprint is {len(imprint)} octets, {digest.digest_size} expected for {digest.name}")
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(1),
        asn1.element(asn1.SEQUENCE, digest.identifier_der, asn1.element(asn1.OCTET_STRING, imprint)),
        b"" if policy is None else algorithms.oid_der(policy),
        asn1.integer(nonce),
        asn1.element(asn1.BOOLEAN, b"\xff"),
    )


def read_response(response: bytes) -> bytes:
    """The token of a TimeStampResp. It is not looked into.

    Raises: TimestampFailed where the authority refused, with its words; BadInput where the answer is damaged.
    """
    if len(response) > MAX_SIZE_BYTES:
        raise BadInput(f"TSP: an answer of {len(response)} octets, {MAX_SIZE_BYTES} at most")
    fields = Fields(asn1.read(response), "TimeStampResp")
    status, words = _status(fields.next(asn1.SEQUENCE))
    token = fields.optional(asn1.SEQUENCE)
    fields.end()
    if status not in STATUSES[:2]:
        raise TimestampFailed(f"the timestamp authority refused: {', '.join((status, *words))}")
    if token is None:
        raise BadInput("TSP: granted, but without a token")
    return token.der


def check_answer(
    timestamp: Timestamp, *, imprint: bytes, digest: DigestAlgorithm, policy: str | None, nonce: int
) -> None:
    """Checks that the token is the answer to this request. Whether its signature holds is in its evidence.

    Raises: TimestampFailed.
    """
    if timestamp.digest != digest or not hmac.compare_digest(timestamp.imprint, imprint):
        raise TimestampFailed("the timestamp is over something else than was asked")
    if timestamp.nonce != nonce:
        raise TimestampFailed("the timestamp does not repeat the nonce of the request")
    if policy not in (None, timestamp.policy):
        raise TimestampFailed(f"the timestamp was made under policy {timestamp.policy}, not {policy}")


# --- reading a token ------------------------------------------------------------------------------------------------


def read_token(token: bytes, extra_certificates: Iterable[Certificate] = ()) -> Timestamp:
    """Takes a TimeStampToken apart and verifies its signature; what was found is in its evidence.

    `extra_certificates` help where the token carries none.

    Raises: BadInput; UnsupportedOperation where the imprint is by an unknown algorithm, or a critical extension is there.
    """
    if len(token) > MAX_SIZE_BYTES:
        raise BadInput(f"TSP: a token of {len(token)} octets, {MAX_SIZE_BYTES} at most")
    message = cms_read.read(token)
    if message.content_type != cms_build.TIMESTAMP_INFO or message.content is None:
        raise BadInput("TSP: not a timestamp token")
    if len(message.signers) != 1:
        raise BadInput(f"TSP: a token with {len(message.signers)} signers")
    if not message.signers[0].certificate_hashes:
        raise BadInput("TSP: the token does not name the certificate of its signer")
    (evidence,) = cms_verify.verify(message, None, extra_certificates, {})
    fields = Fields(asn1.read(message.content), "TSTInfo")
    if fields.next(asn1.INTEGER).integer() != 1:
        raise BadInput("TSP: a token of an unknown version")
    policy = fields.next(asn1.OBJECT_IDENTIFIER).object_identifier()
    digest, imprint = read_imprint(fields.next(asn1.SEQUENCE))
    serial_number = fields.next(asn1.INTEGER).integer()
    moment = fields.next(asn1.GENERALIZED_TIME).precise_time()
    fields.optional(asn1.SEQUENCE)  # accuracy: how exact the clock is says nothing of whether it is believed
    fields.optional(asn1.BOOLEAN)  # ordering
    nonce = fields.optional(asn1.INTEGER)
    fields.optional(_TSA)  # a hint at the signer's name
    _check_extensions(fields.optional(_EXTENSIONS))
    fields.end()
    return Timestamp(
        token=bytes(token),
        moment=moment,
        policy=policy,
        digest=digest,
        imprint=imprint,
        serial_number=serial_number,
        nonce=None if nonce is None else nonce.integer(),
        evidence=evidence,
        certificates=message.certificates,
    )


def read_imprint(element: Element) -> tuple[DigestAlgorithm, bytes]:
    """Algorithm and octets of a MessageImprint, of a request or of a token.

    Raises: BadInput, UnsupportedOperation."""
    fields = Fields(element, "MessageImprint")
    identifier = cms_read.algorithm(fields.next(asn1.SEQUENCE))
    imprint = fields.next(asn1.OCTET_STRING).octets()
    fields.end()
    try:
        digest = algorithms.digest_by_oid(identifier.oid)
    except UnsupportedKey as error:
        raise UnsupportedOperation(error.detail) from error
    if identifier.has_parameters:
        raise UnsupportedOperation(f"parameters of {identifier.oid} are not supported")
    if len(imprint) != digest.digest_size:
        raise BadInput(f"TSP: an imprint of {len(imprint)} octets by {digest.name}")
    return digest, imprint


def _status(element: Element) -> tuple[str, tuple[str, ...]]:
    """PKIStatusInfo: the status by name, what failed by name, and what the authority says to that."""
    fields = Fields(element, "PKIStatusInfo")
    number = fields.next(asn1.INTEGER).integer()
    free_text = fields.optional(asn1.SEQUENCE)
    failures = fields.optional(asn1.BIT_STRING)
    fields.end()
    if not 0 <= number < len(STATUSES):
        raise BadInput(f"TSP: status {number} is unknown")
    words = [] if failures is None else [FAILURES.get(bit, f"failure {bit}") for bit in _bits(failures)]
    if free_text is not None:
        words += [_printable(text) for text in free_text.children(10)]
    return STATUSES[number], tuple(words)


def _bits(element: Element) -> list[int]:
    """The bits of a BIT STRING that are set (X.690 §8.6)."""
    octets = bytes(element.content[1:5])
    return [bit for bit in range(8 * len(octets)) if octets[bit // 8] & 0x80 >> bit % 8]


def _printable(text: Element) -> str:
    """What a stranger wrote, fit for a log."""
    decoded = bytes(text.content[:_MAX_WORDS]).decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else " " for character in decoded)


def _check_extensions(extensions: Element | None) -> None:
    """Extension by extension (RFC 5280 §4.1): nothing is known here, so none may be critical."""
    for extension in [] if extensions is None else extensions.children(MAX_EXTENSIONS):
        fields = Fields(extension, "Extension")
        oid = fields.next(asn1.OBJECT_IDENTIFIER).object_identifier()
        critical = fields.optional(asn1.BOOLEAN)
        fields.next(asn1.OCTET_STRING)
        fields.end()
        if critical is not None and bytes(critical.content) != _FALSE:
            raise UnsupportedOperation(f"a critical extension {oid} of the timestamp is not understood")
