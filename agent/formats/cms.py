"""CMS signatures: make them, add to them, read them, verify them.

What is made has the shape that NCALayer emits: SignedData version 1 in DER over id-data, the signers' own certificates and no
others, signed attributes contentType, signingTime, messageDigest and signingCertificateV2 (CAdES-BES, ETSI EN 319 122-1 §5).
Timestamps are added by cades.py; one that is in a message survives co-signing. Files larger than memory: cms_stream.py.

cms_build.py puts octets together, cms_read.py takes them apart, cms_verify.py does the mathematics.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import asn1, cms_build, cms_read, cms_verify
from agent.formats.cms_read import SignedMessage
from agent.formats.cms_verify import SignerEvidence
from agent.signer import Signer

_PEM_BEGIN = re.compile(rb"-----BEGIN (CMS|PKCS7|PKCS #7 SIGNED DATA)-----")
_PEM_COLUMNS = 64
_VERSION_OF_OTHERS = 3  # of SignedData over anything but id-data (RFC 5652 §5.1)
_LOOK_AHEAD = 64  # octets of DER, enough for three lengths and the content type
_WHITE_SPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


# --- making -------------------------------------------------------------------------------------------------------


def sign(
    signer: Signer,
    content: bytes,
    *,
    at: datetime,
    detached: bool,
    content_type: str = cms_build.DATA,
) -> bytes:
    """SignedData in DER with one signature over `content`, which is inside unless `detached`."""
    digest = signer.algorithm.digest(content)
    return _message(signer, digest, at, None if detached else content, content_type)


def sign_digest(signer: Signer, digest: bytes, *, at: datetime, is_any_length: bool = False) -> bytes:
    """Detached SignedData in DER over the document that has this digest, by the digest algorithm of the signer's key.

    Raises: BadInput where the digest has another length, unless `is_any_length`: no document can then have that digest."""
    if not is_any_length:
        _check_length(signer, digest)
    return _message(signer, digest, at, None)


def cosign(
    signer: Signer,
    existing: bytes,
    *,
    at: datetime,
    content: bytes | None = None,
    digests: Mapping[str, bytes] | None = None,
) -> bytes:
    """The same message in DER with one more signature over the same content, parallel to those it has.

    Signatures that are there stay octet for octet, timestamps and all; digest algorithms and certificates become unions. They are not
    verified: adding one's name says nothing about others. `content` is the document of a detached message; who has only digests
    of it gives those, by the dotted OID of their algorithm, that of the signer's key among them.

    Raises: BadInput where `existing` is not SignedData, the document is missing, or it is not the one inside.
    """
    message = read(existing)
    if message.content_type != cms_build.DATA:
        raise BadInput(f"CMS: the content is {message.content_type}, not a document")
    digest = _digest_to_cosign(signer, message, content, digests or {})
    return cms_build.signed_data(
        version=max(message.version, 1),
        digest_algorithms=_with_digest_algorithm(message, signer),
        content=message.content,
        certificates=(*message.certificates_der, signer.certificate.der),
        crls=message.crls,
        signers=(*(known.encoded for known in message.signers), signer_info(signer, digest, at)),
    )


def detached(data: bytes) -> bytes:
    """The same message in DER without its document, as it would be had it been made detached. `data` is DER, BER, PEM or base64.

    Raises: BadInput."""
    message = read(data)
    return cms_build.signed_data(
        version=message.version,
        digest_algorithms=[identifier.der for identifier in message.digest_algorithms],
        content=None,
        certificates=message.certificates_der,
        crls=message.crls,
        signers=[signer.encoded for signer in message.signers],
        content_type=message.content_type,
    )


def _message(
    signer: Signer, digest: bytes, at: datetime, content: bytes | None, content_type: str = cms_build.DATA
) -> bytes:
    return cms_build.signed_data(
        digest_algorithms=[signer.algorithm.digest.identifier_der],
        content=content,
        certificates=[signer.certificate.der],
        signers=[signer_info(signer, digest, at, content_type)],
        version=1 if content_type == cms_build.DATA else _VERSION_OF_OTHERS,
        content_type=content_type,
    )


def signer_info(signer: Signer, digest: bytes, at: datetime, content_type: str = cms_build.DATA) -> bytes:
    """A SignerInfo in DER over the document that has this digest: one signature of a message, for who builds the rest himself."""
    certificate, algorithm = signer.certificate, signer.algorithm
    attributes = cms_build.signed_attributes(
        digest,
        at,
        certificate_sha256=algorithms.SHA256(certificate.der),
        content_type=content_type,
    )
    return cms_build.signer_info(
        issuer=certificate.issuer.der,
        serial_number=certificate.serial_number,
        digest_algorithm=algorithm.digest.identifier_der,
        attributes=attributes,
        signature_algorithm=algorithm.identifier_der,
        signature=signer.sign_digest(algorithm.digest(attributes)),
    )


def _check_length(signer: Signer, digest: bytes) -> None:
    expected = signer.algorithm.digest
    if len(digest) != expected.digest_size:
        raise BadInput(f"digest is {len(digest)} octets, {expected.digest_size} expected for {expected.name}")


def _digest_to_cosign(
    signer: Signer, message: SignedMessage, content: bytes | None, digests: Mapping[str, bytes]
) -> bytes:
    given = digests.get(signer.algorithm.digest.oid)
    if given is not None:
        _check_length(signer, given)
    document = message.content if content is None else content
    if document is not None:
        digest = signer.algorithm.digest(document)
        if message.content not in (None, document) or given not in (None, digest):
            raise BadInput("CMS: the document is not the one inside the signature")
        return digest
    if given is None:
        raise BadInput("CMS: the signature is detached, and its document is missing")
    return given


def _with_digest_algorithm(message: SignedMessage, signer: Signer) -> list[bytes]:
    """The message's digest algorithms and the signer's, unless that is there already, be it with other parameters."""
    digest = signer.algorithm.digest
    known = [identifier.der for identifier in message.digest_algorithms]
    is_known = any(identifier.oid == digest.oid for identifier in message.digest_algorithms)
    return known if is_known else [*known, digest.identifier_der]


# --- reading and verifying ------------------------------------------------------------------------------------------


def read(data: bytes) -> SignedMessage:
    """Takes apart SignedData in BER, DER, PEM or base64.

    Raises: BadInput."""
    return cms_read.read(unwrap(data))


def verify(
    message: SignedMessage,
    content: bytes | None = None,
    extra_certificates: Iterable[Certificate] = (),
    *,
    digests: Mapping[str, bytes] | None = None,
) -> tuple[SignerEvidence, ...]:
    """Evidence for each signer: mathematics, digests and certificate hashes, not trust.

    `content` is the document of a detached message; given with an attached one it must be the same. Who has only digests of the
    document gives those, by the dotted OID of their algorithm. `extra_certificates` help where the message carries none.
    """
    return cms_verify.verify(message, content, extra_certificates, digests or {})


# --- armour -------------------------------------------------------------------------------------------------------


def to_pem(der: bytes) -> str:
    """The text form that pages know: `-----BEGIN CMS-----`, lines of 64, a line end after the last (RFC 7468 §9)."""
    text = base64.b64encode(der).decode()
    lines = (text[start : start + _PEM_COLUMNS] for start in range(0, len(text), _PEM_COLUMNS))
    return "\n".join(("-----BEGIN CMS-----", *lines, "-----END CMS-----", ""))


def unwrap(data: bytes) -> bytes:
    """The message without armour: octets that begin as BER or DER as they stand, else what PEM or base64 text holds.

    Raises: BadInput where it is none of them."""
    if data[:1] == bytes((asn1.SEQUENCE,)):
        return data
    text = data.removeprefix(_BYTE_ORDER_MARK).strip()
    if text.startswith(b"-----"):
        begin = _PEM_BEGIN.search(text)
        end = -1 if begin is None else text.find(b"-----END " + begin[1] + b"-----", begin.end())
        if begin is None or end < 0:
            raise BadInput("CMS: PEM text without a CMS block")
        text = text[begin.end() : end]
    try:
        return base64.b64decode(text.translate(None, _WHITE_SPACE), validate=True)
    except binascii.Error as error:
        raise BadInput("CMS: neither DER, nor PEM, nor base64") from error


def is_signed_data(data: bytes) -> bool:
    """Whether this looks like SignedData in BER, DER, PEM or base64, judged by its first octets. Says nothing of the rest."""
    try:
        return cms_read.begins_signed_data(_beginning(data))
    except BadInput:
        return False


def _beginning(data: bytes) -> bytes:
    """The first octets without armour, decoding no more than needed of what may be a large document."""
    if data[:1] == bytes((asn1.SEQUENCE,)):
        return data[:_LOOK_AHEAD]
    text = data[: 16 * _LOOK_AHEAD].removeprefix(_BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"-----"):
        text = text.partition(b"\n")[2]
    text = text.translate(None, _WHITE_SPACE)[:_LOOK_AHEAD]
    return unwrap(text[: len(text) // 4 * 4])
