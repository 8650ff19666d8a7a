import dataclasses
import io
import zipfile
from pathlib import Path

import pytest

from demo import acts, database, decisions
from demo.acts import Act
from demo.decisions import Decision, File
from tests.support import portals
from tests.support.portals import NOW

SIGNED = Decision(
    act_id=1,
    kind="signed",
    format="cms",
    document=b"%PDF",
    signature=b"0\x80",
    reason="",
    decided_at=NOW,
    signer="ӘБДІРАХМАНОВА ГҮЛНҰР",
    iin="790305450182",
    bin="150640012341",
    organisation="ТОО",
    algorithm="ГОСТ",
    issuer="CA",
    valid_until=NOW,
    fingerprint="ab",
    timestamp_at=None,
    timestamp_by="",
    revocation="not-checked",
    revocation_source="",
    revocation_at=None,
)
REFUSED = dataclasses.replace(SIGNED, kind="refused", document="Бас тарту".encode(), reason="нет")
INSIDE = dataclasses.replace(
    SIGNED,
    format="pdf",
    signature=b"%PDF with a signature",
    timestamp_at=NOW,
    timestamp_by="TSA",
    revocation="good",
    revocation_source="ocsp",
    revocation_at=NOW,
)


@pytest.fixture
def act(tmp_path: Path) -> Act:
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        act = acts.get(db, 1, 1)
    assert act is not None
    return act


@pytest.mark.parametrize("decision", [SIGNED, REFUSED, INSIDE])
def test_a_decision_is_kept_as_it_was_made(tmp_path: Path, decision: Decision) -> None:
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        assert decisions.of_act(db, 1) is None
        decisions.keep(db, decision)
        assert decisions.of_act(db, 1) == decision


def test_a_signature_inside_the_document_makes_one_file(act: Act) -> None:
    document = decisions.document_file(act, INSIDE)
    assert document == decisions.signature_file(act, INSIDE)
    assert document == File(f"{act.file_stem}-podpisan.pdf", INSIDE.signature, "application/pdf")


def test_a_signature_in_a_file_of_its_own_leaves_the_document_as_it_was(act: Act) -> None:
    assert decisions.document_file(act, SIGNED).content == SIGNED.document
    assert decisions.signature_file(act, SIGNED).name == f"{act.file_stem}.pdf.cms"
    assert decisions.document_file(act, REFUSED).media_type.startswith("text/plain")


def test_the_bundle_holds_what_was_signed_and_its_signature(act: Act) -> None:
    def files(decision: Decision) -> dict[str, bytes]:
        packed = decisions.bundle(act, decision, b"%PDF")
        assert packed == decisions.bundle(act, decision, b"%PDF")
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    stem = act.file_stem
    assert files(SIGNED) == {f"{stem}.pdf": b"%PDF", f"{stem}.pdf.cms": b"0\x80"}
    assert files(REFUSED) == {
        f"{stem}-otkaz.txt": "Бас тарту".encode(),
        f"{stem}-otkaz.txt.cms": b"0\x80",
        f"{stem}.pdf": b"%PDF",
    }
