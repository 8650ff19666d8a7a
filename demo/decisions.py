"""Signed acts and signed refusals: kept with everything that was learnt when the signature was checked."""

import dataclasses
import io
import sqlite3
import zipfile
from dataclasses import dataclass
from datetime import datetime

from demo import database
from demo.acts import Act

CMS, PDF = "cms", "pdf"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about an act.

    `document` is what was signed: the PDF, or the text of the refusal. `signature` is a CMS in DER, or, where `format` is "pdf", the PDF
    with the signature inside. `timestamp_at` is the time that a timestamp of `timestamp_by` proves, if there is one. `revocation` is
    what the authority said of the certificate (states and sources are words of agent.trust.revocation), `revocation_at` when it
    was asked.
    """

    act_id: int
    kind: str
    format: str
    document: bytes
    signature: bytes
    reason: str
    decided_at: datetime
    signer: str
    iin: str
    bin: str
    organisation: str
    algorithm: str
    issuer: str
    valid_until: datetime
    fingerprint: str
    timestamp_at: datetime | None
    timestamp_by: str
    revocation: str
    revocation_source: str
    revocation_at: datetime | None

    @property
    def is_inside(self) -> bool:
        """Whether the signature is inside the document."""
        return self.format == PDF


@dataclass(frozen=True, slots=True)
class File:
    """Something to download. The name is plain ASCII."""

    name: str
    content: bytes
    media_type: str


_COLUMNS = tuple(field.name for field in dataclasses.fields(Decision))
_MOMENTS = ("decided_at", "valid_until", "timestamp_at", "revocation_at")


def keep(db: sqlite3.Connection, decision: Decision) -> None:
    values = {name: getattr(decision, name) for name in _COLUMNS}
    for name in _MOMENTS:
        values[name] = database.moment(values[name]) if values[name] is not None else None
    places = ", ".join(f":{name}" for name in _COLUMNS)
    db.execute(f"INSERT INTO decisions ({', '.join(_COLUMNS)}) VALUES ({places})", values)  # noqa: S608  constants


def of_act(db: sqlite3.Connection, act_id: int) -> Decision | None:
    query = f"SELECT {', '.join(_COLUMNS)} FROM decisions WHERE act_id = ?"  # noqa: S608  constants
    row = db.execute(query, (act_id,)).fetchone()
    if row is None:
        return None
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _MOMENTS:
        values[name] = database.read_moment(values[name]) if values[name] is not None else None
    return Decision(**values)


def document_file(act: Act, decision: Decision) -> File:
    """What was signed, with the signature where that is inside."""
    if decision.kind == "refused":
        return File(f"{act.file_stem}-otkaz.txt", decision.document, "text/plain; charset=utf-8")
    if decision.is_inside:
        return File(f"{act.file_stem}-podpisan.pdf", decision.signature, "application/pdf")
    return File(f"{act.file_stem}.pdf", decision.document, "application/pdf")


def signature_file(act: Act, decision: Decision) -> File:
    """The file that holds the signature: a CMS, or the signed PDF."""
    document = document_file(act, decision)
    if decision.is_inside:
        return document
    return File(f"{document.name}.cms", decision.signature, "application/pkcs7-signature")


def bundle(act: Act, decision: Decision, act_pdf: bytes) -> File:
    """A zip of what was signed and its signature, and of the act itself where the refusal was signed.

    The same decision gives the same octets.
    """
    found = [document_file(act, decision), signature_file(act, decision)]
    files = {file.name: file.content for file in found}
    if decision.kind == "refused":
        files[f"{act.file_stem}.pdf"] = act_pdf
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, decision.decided_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return File(f"{act.file_stem}.zip", buffer.getvalue(), "application/zip")
