"""What the signatures of a PDF prove: the ByteRange, the CMS over it, and what came after, each looked at by itself."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pyhanko.pdf_utils import generic

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput, UnsupportedKey
from agent.formats import cms_build, cms_read, cms_verify
from agent.formats.cms_read import SignedMessage
from agent.formats.evidence import finding_of
from agent.formats.pdf import byte_range, document, hybrid
from agent.formats.pdf.byte_range import ByteRange
from agent.formats.pdf.changes import Changes
from agent.formats.pdf.document import Reader, SignatureField
from agent.formats.pdf.evidence import PdfEvidence

_SUPPORTED = ("ETSI.CAdES.detached", "adbe.pkcs7.detached")
_OVER_SHA1 = ("adbe.x509.rsa_sha1", "adbe.pkcs7.sha1")  # ISO 32000-2 §12.8.3.2 and §12.8.3.3.1
_DOCUMENT_TIMESTAMP = "ETSI.RFC3161"  # by an authority: no person's signature


def verify(octets: bytes, extra_certificates: Iterable[Certificate]) -> tuple[PdfEvidence, ...]:
    """See pades.verify."""
    reader = document.open_file(octets)
    examination = _Examination(octets, reader, Changes(reader), tuple(extra_certificates))
    found = (
        examination.of(field)
        for field in document.signature_fields(reader)
        if field.value is not None and _name(field, "/SubFilter") != _DOCUMENT_TIMESTAMP
    )
    return tuple(sorted(found, key=lambda evidence: evidence.revision))


@dataclasses.dataclass(frozen=True, slots=True)
class _Examination:
    """One file, and what all its signatures are examined with."""

    octets: bytes
    reader: Reader
    changes: Changes
    extra_certificates: tuple[Certificate, ...]

    def of(self, field: SignatureField) -> PdfEvidence:
        nothing = PdfEvidence(
            certificate=None,
            algorithm_name="",
            signature="invalid",
            reasons=("damaged",),
            title=field.name,
            signer_info=None,
            revision=self.reader.total_revisions,
            revisions=self.reader.total_revisions,
            subfilter=_name(field, "/SubFilter"),
        )
        try:
            known = dataclasses.replace(
                nothing,
                revision=self._revision(field) + 1,
                permission=document.permission(field.value, field.dictionary),
                signing_time=_claimed_time(field),
            )
            if known.subfilter not in _SUPPORTED:
                reason = "weak-digest" if known.subfilter in _OVER_SHA1 else "unsupported-algorithm"
                return dataclasses.replace(known, signature=finding_of((reason,)), reasons=(reason,))
            contents = _contents(field)
            message = _message(contents)
        except BadInput:
            return nothing
        return self._proven(field, known, contents, message)

    def _proven(
        self, field: SignatureField, known: PdfEvidence, contents: bytes, message: SignedMessage
    ) -> PdfEvidence:
        try:
            signed = self._byte_range(field, contents, known.revision - 1)
        except BadInput:
            return dataclasses.replace(known, reasons=("signature-wrapping",))
        digests = dict(self._digests(message, signed))
        (proof,) = cms_verify.verify(message, None, self.extra_certificates, digests)
        reasons = (*proof.reasons, *self._changes(field, signed, known.revision - 1))
        return dataclasses.replace(
            known,
            certificate=proof.certificate,
            algorithm_name=proof.algorithm_name,
            signing_time=proof.signing_time or known.signing_time,
            signature=finding_of(reasons),
            reasons=reasons,
            timestamps=proof.timestamps,
            stamped=proof.stamped,
            certificates=proof.certificates,
            covers=self._covers(known, signed),
            signer_info=proof.signer_info,
        )

    def _revision(self, field: SignatureField) -> int:
        """The revision (from 0) that wrote the signature dictionary."""
        with document.reading("a signature"):
            return int(self.reader.xrefs.get_last_change(field.value_reference))

    def _byte_range(self, field: SignatureField, contents: bytes, revision: int) -> ByteRange:
        """The ByteRange, if it is over the whole revision that wrote the signature, and over all before it.

        Raises: BadInput.
        """
        with document.reading("the ByteRange"):
            signed = byte_range.read(list(field.value["/ByteRange"]), self.octets, contents)
            start = self.reader.xrefs[field.value_reference]
            if not isinstance(start, int) or not start < signed.hole_start:
                raise BadInput("PDF: the hole in the ByteRange is not in the signature's object")
            if self.octets.find(b"endobj", start, signed.hole_end) >= 0:
                raise BadInput("PDF: the hole in the ByteRange is in another object")
            declared = self.reader.xrefs.get_startxref_for_revision(revision)
            if byte_range.cross_references_at(self.octets, signed.end) != declared:
                raise BadInput("PDF: the ByteRange ends with another revision than the signature's")
            for each in range(revision + 1):
                if hybrid.end_of(self.reader.xrefs, each) > signed.end:
                    raise BadInput("PDF: the ByteRange leaves out a part of its revision")
        return signed

    def _digests(self, message: SignedMessage, signed: ByteRange) -> Iterator[tuple[str, bytes]]:
        """The digest that the signer names, by its OID; none where we don't know the algorithm."""
        for signer in message.signers:
            try:
                algorithm = algorithms.digest_by_oid(signer.digest_algorithm.oid)
            except UnsupportedKey:
                continue
            yield algorithm.oid, signed.digest(self.octets, algorithm)

    def _changes(self, field: SignatureField, signed: ByteRange, revision: int) -> Iterator[str]:
        is_last = revision == self.reader.total_revisions - 1
        # Octets after the last revision belong to nobody; readers that mend broken files may find objects in them.
        has_tail = is_last and self.octets[signed.end :].strip(b"\r\n") != b""
        if has_tail or not self.changes.are_allowed(field, revision):
            yield "changed-after-signing"

    def _covers(self, known: PdfEvidence, signed: ByteRange) -> str:
        if signed.end == len(self.octets):
            return ""
        whole = len(self.octets)
        return f"octets 0-{signed.end - 1} of {whole}, revision {known.revision} of {known.revisions}"


def _message(contents: bytes) -> SignedMessage:
    """The CMS of a signature: one signer, detached, over a document (ISO 32000-2 §12.8.3.3).

    Raises: BadInput. A message that brings a content of its own would be verified against that, and not against the file.
    """
    message = cms_read.read(byte_range.message_in(contents))
    if message.content is not None or message.content_type != cms_build.DATA or len(message.signers) != 1:
        raise BadInput("PDF: the CMS is not a detached signature of one signer")
    return message


def _contents(field: SignatureField) -> bytes:
    with document.reading("a signature"):
        string = field.value.raw_get("/Contents")
        if not isinstance(string, generic.ByteStringObject | generic.TextStringObject):
            raise BadInput("PDF: the signature is not a string")
        return bytes(string.original_bytes)


def _claimed_time(field: SignatureField) -> datetime | None:
    """/M, which is only a claim, so one that is malformed counts as none."""
    try:
        with document.reading("the time of signing"):
            text = document.entry(field.value, "/M")
            moment = None if text is None else generic.parse_pdf_date(text)
    except BadInput:
        return None
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _name(field: SignatureField, key: str) -> str:
    if not isinstance(field.value, generic.DictionaryObject):
        return ""
    with document.reading("a signature"):
        return str(document.entry(field.value, key) or "").removeprefix("/")
