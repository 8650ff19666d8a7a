"""Signed acts and signed refusals: kept with everything that was learnt when the signature was checked."""

import io
import sqlite3
import zipfile
from dataclasses import dataclass
from datetime import datetime

from demo import database
from demo.acts import Act


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about an act. `document` is what was signed: the PDF, or the text of the refusal."""

    act_id: int
    kind: str
    document: bytes
    cms: bytes
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
    revocation: str

    @property
    def suffix(self) -> str:
        return ".pdf" if self.kind == "signed" else "-otkaz.txt"


def keep(db: sqlite3.Connection, decision: Decision) -> None:
    db.execute(
        "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            decision.act_id,
            decision.kind,
            decision.document,
            decision.cms,
            decision.reason,
            database.moment(decision.decided_at),
            decision.signer,
            decision.iin,
            decision.bin,
            decision.organisation,
            decision.algorithm,
            decision.issuer,
            database.moment(decision.valid_until),
            decision.fingerprint,
            decision.revocation,
        ),
    )


def of_act(db: sqlite3.Connection, act_id: int) -> Decision | None:
    row = db.execute(
        "SELECT act_id, kind, document, cms, reason, decided_at, signer, iin, bin, organisation, algorithm, issuer,"
        " valid_until, fingerprint, revocation FROM decisions WHERE act_id = ?",
        (act_id,),
    ).fetchone()
    if row is None:
        return None
    values = list(row)
    values[5], values[12] = database.read_moment(values[5]), database.read_moment(values[12])
    return Decision(*values)


def bundle(act: Act, decision: Decision, act_pdf: bytes) -> bytes:
    """A zip of what was signed and its signature, and of the act itself where the refusal was signed.

    The same decision gives the same octets.
    """
    document = f"{act.file_stem}{decision.suffix}"
    files = {document: decision.document, f"{document}.cms": decision.cms}
    if decision.kind == "refused":
        files[f"{act.file_stem}.pdf"] = act_pdf
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, decision.decided_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
