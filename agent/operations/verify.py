"""Verifies the signatures of a document of any format, and says what is known of each: see agent.operations.report.

A signer's own clock proves nothing, so a signature is judged at the moment that its earliest good timestamp proves, else at the
moment of verifying. Timestamps are judged by their own anchors and dates: a signature under test authorities may carry one of the
production authority, and the report names both.
"""

import dataclasses
import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import cms, recognise, tsp, zip_files
from agent.formats.evidence import Evidence, finding_of
from agent.formats.recognise import Format
from agent.operations import report
from agent.operations.judging import Judge, Trust
from agent.operations.report import Purpose, Report

_HOUSEKEEPING = re.compile(r"mimetype|META-INF/.*", re.IGNORECASE)  # of a container: what nobody signs


def verify(
    data: bytes,
    document: bytes | None = None,
    *,
    at: datetime,
    trust: Trust,
    purpose: Purpose = "sign",
    extra_certificates: Sequence[Certificate] = (),
    digests: Mapping[str, bytes] | None = None,
    data_format: Format | None = None,
) -> Report:
    """The report on the signatures of `data` at the moment `at`.

    `document` is what was signed, where it is not inside; of a CMS its `digests` by OID will do. `extra_certificates` are those
    of signers or of authorities below the anchors, where `data` has none. `data_format` is recognised where it is not given.

    A `document` that is given beside a format that holds what was signed must be that: of a container one of its files, else the
    very file. Who gives a document asks whether that one was signed, and must not be told "valid" of another one.

    Raises: BadInput where `data` is damaged, or holds no signature that we know; UnsupportedOperation for variants of a format
    that are not read.
    """
    found = data_format or recognise.recognise(data)
    return judged(
        found,
        evidence(found, data, document, extra_certificates, digests=digests),
        at=at,
        trust=trust,
        purpose=purpose,
        extra_certificates=extra_certificates,
    )


def judged(
    data_format: report.Format,
    signatures: Iterable[Evidence],
    *,
    at: datetime,
    trust: Trust,
    purpose: Purpose = "sign",
    extra_certificates: Iterable[Certificate] = (),
) -> Report:
    """The report on signatures that were read already. A timestamp by itself is judged as one, whatever the purpose."""
    is_timestamp = data_format == "timestamp"
    judge = Judge(trust, at, "timestamp" if is_timestamp else purpose, tuple(extra_certificates))
    signers = tuple(judge.report(each) for each in signatures)
    return Report(report.verdict_on(signers), data_format, at, signers)


def evidence(
    data_format: Format,
    data: bytes,
    document: bytes | None = None,
    extra: Sequence[Certificate] = (),
    *,
    digests: Mapping[str, bytes] | None = None,
) -> Iterable[Evidence]:
    """What was read of each signature of `data`, for `judged`. The arguments are those of `verify`.

    Raises: BadInput, UnsupportedOperation."""
    if digests and data_format != "cms":
        raise BadInput(f"a signature of the format {data_format} needs the document, not its digests")
    match data_format:
        case "cms":
            return cms.verify(cms.read(data), document, extra, digests=digests)
        case "timestamp":
            return (_evidence_of(tsp.read_token(cms.unwrap(data), extra), document),)
        case "jws":
            return _by("jws", data, document, extra)
        case "xml":
            found = _by("xml.verify", data, extra)
        case "pdf":
            found = _by("pdf.pades", data, extra)
        case "wsse":
            found = _by("wsse", data, extra)
        case "asic":
            found = _by("asic", data)
        case "signed-zip":
            found = _by("signed_zip", data)
        case "unknown":
            raise BadInput("no signature of a format that is known here")
    if document is None or _is_inside(data_format, data, document):
        return found
    return tuple(map(_of_another_document, found))


def _is_inside(data_format: Format, data: bytes, document: bytes) -> bool:
    """Whether a document is what a signed file is about. Raises BadInput, UnsupportedOperation."""
    if data_format not in ("asic", "signed-zip"):
        return data == document
    files = {
        name: entry for name, entry in zip_files.read(data).files.items() if not _HOUSEKEEPING.fullmatch(name)
    }
    return any(entry.size == len(document) and entry.octets() == document for entry in files.values())


def _of_another_document(found: Evidence) -> Evidence:
    reasons = (*found.reasons, "document-differs")
    return dataclasses.replace(found, signature=finding_of(reasons), reasons=reasons)


def _evidence_of(timestamp: tsp.Timestamp, document: bytes | None) -> Evidence:
    """A bare timestamp as what it is: the authority's signature over the digest of a document."""
    reasons = list(timestamp.evidence.reasons)
    if document is None:
        reasons.append("no-content")
    elif not timestamp.is_over(document):
        reasons.append("digest-mismatch")
    if timestamp.has_weak_imprint:
        reasons.append("weak-digest")
    return dataclasses.replace(
        timestamp.evidence,
        signing_time=timestamp.moment,
        signature=finding_of(reasons),
        reasons=tuple(reasons),
    )


def _by(module: str, *arguments: object) -> Iterable[Evidence]:
    """Evidence by a format's module, loaded when it is needed: lxml and pyHanko take longer than a whole CMS."""
    found: Iterable[Evidence] = importlib.import_module(f"agent.formats.{module}").verify(*arguments)
    return found
