"""Verifies the signatures of a document of any format, and says what is known of each: see agent.operations.report.

A signer's own clock proves nothing, so a signature is judged at the moment that its earliest good timestamp proves, else at the
moment of verifying. Timestamps are judged by their own anchors and dates: a signature under test authorities may carry one of the
production authority, and the report names both.
"""

import dataclasses
import importlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import cms, recognise, tsp
from agent.formats.evidence import Evidence, finding_of
from agent.formats.recognise import Format
from agent.operations.judging import Judge, Trust
from agent.operations.report import Purpose, Report, verdict_on


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

    Raises: BadInput where `data` is damaged, or holds no signature that we know.
    """
    found = data_format or recognise.recognise(data)
    evidence, beside = _evidence(found, data, document, extra_certificates, digests or {})
    judge = Judge(trust, at, purpose, (*beside, *extra_certificates))
    signers = tuple(judge.report(each) for each in evidence)
    return Report(verdict_on(signers), found, at, signers)


def _evidence(
    found: Format,
    data: bytes,
    document: bytes | None,
    extra: Sequence[Certificate],
    digests: Mapping[str, bytes],
) -> tuple[Iterable[Evidence], tuple[Certificate, ...]]:
    """Evidence, and the certificates that lay beside the signatures."""
    match found:
        case "cms":
            message = cms.read(data)
            return cms.verify(message, document, extra, digests=digests), message.certificates
        case "timestamp":
            timestamp = tsp.read_token(cms.unwrap(data))
            return (_evidence_of(timestamp, document),), timestamp.certificates
        case "jws":
            return _module("jws").verify(data, document, extra), ()
        case "xml":
            return _module("xml.verify").verify(data, extra), ()
        case "pdf":
            return _module("pdf.pades").verify(data, extra), ()
        case "wsse" | "asic":
            return _module(found).verify(data, extra), ()
        case "signed-zip":
            return _module("signed_zip").verify(data), ()
        case "unknown":
            raise BadInput("no signature of a format that is known here")


def _evidence_of(timestamp: tsp.Timestamp, document: bytes | None) -> Evidence:
    """A bare timestamp as what it is: the authority's signature over the digest of a document."""
    reasons = list(timestamp.evidence.reasons)
    if document is None:
        reasons.append("no-content")
    elif not timestamp.is_over(document):
        reasons.append("digest-mismatch")
    return dataclasses.replace(
        timestamp.evidence,
        signing_time=timestamp.moment,
        signature=finding_of(reasons),
        reasons=tuple(reasons),
    )


def _module(name: str) -> Any:
    """A format's module. Loaded when it is needed: lxml and pyHanko take longer than a whole CMS."""
    return importlib.import_module(f"agent.formats.{name}")
