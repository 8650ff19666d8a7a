import dataclasses
import io
import zipfile
from pathlib import Path

from demo import acts, database, decisions
from demo.decisions import Decision
from tests.support import portals
from tests.support.portals import NOW

SIGNED = Decision(
    act_id=1,
    kind="signed",
    document=b"%PDF",
    cms=b"0\x80",
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
    revocation="not-checked",
)
REFUSED = dataclasses.replace(SIGNED, kind="refused", document="Бас тарту".encode(), reason="нет")


def test_a_decision_is_kept_as_it_was_made(tmp_path: Path) -> None:
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        assert decisions.of_act(db, 1) is None
        decisions.keep(db, SIGNED)
        assert decisions.of_act(db, 1) == SIGNED


def test_the_bundle_holds_what_was_signed_and_its_signature(tmp_path: Path) -> None:
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        act = acts.get(db, 1, 1)
    assert act is not None

    def files(decision: Decision) -> dict[str, bytes]:
        packed = decisions.bundle(act, decision, b"%PDF")
        assert packed == decisions.bundle(act, decision, b"%PDF")
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    stem = act.file_stem
    assert files(SIGNED) == {f"{stem}.pdf": b"%PDF", f"{stem}.pdf.cms": b"0\x80"}
    assert files(REFUSED) == {
        f"{stem}-otkaz.txt": "Бас тарту".encode(),
        f"{stem}-otkaz.txt.cms": b"0\x80",
        f"{stem}.pdf": b"%PDF",
    }
