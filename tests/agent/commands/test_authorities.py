"""`qalamsap authorities`: what is trusted, what is downloaded, and what is refused."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.trust import anchor_table, anchors
from tests.support import authority, chains
from tests.support.command_line import CommandLine
from tests.support.http_server import Asked, HttpServer, ok, response

ROOTS = {each.fingerprint: each for each in authority.roots()}
OLD, NEW = (chains.issue(name, "p256", ca=True).certificate for name in ("Old", "New"))
OWN = chains.issue("Bank CA", "p256", ca=True).certificate


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[anchor_table.Row, ...]]:
    """In the place of the national table one whose certificates we have: two roots, two at one address, and one at none."""
    first, second, *_ = ROOTS
    made = [
        (first, "http://root.gov.kz/cert/first.cer"),
        (second, "http://root.gov.kz/cert/second.cer"),
        (OLD.fingerprint, "http://pki.gov.kz/cert/nca.cer"),
        (NEW.fingerprint, "http://pki.gov.kz/cert/nca.cer"),
        ("00" * 32, ""),
    ]
    any_row = anchor_table.ROWS[0]
    rows = tuple(
        dataclasses.replace(any_row, title=f"Authority {number}", sha256=sha256, url=url)
        for number, (sha256, url) in enumerate(made, start=1)
    )
    monkeypatch.setattr(anchor_table, "ROWS", rows)
    anchors.national.cache_clear()
    yield rows
    anchors.national.cache_clear()


def genuine(asked: Asked) -> bytes:
    """What the authorities' servers serve; the test is the proxy to them. One serves PEM."""
    first, second, *_ = ROOTS.values()
    served = {
        "http://root.gov.kz/cert/first.cer": first.der,
        "http://root.gov.kz/cert/second.cer": second.pem().encode(),
        "http://pki.gov.kz/cert/nca.cer": NEW.der,
    }
    return ok(served[asked.target], Content_Type="text/plain") if asked.target in served else response(404)


def update(run: CommandLine, proxy: HttpServer, *more: str) -> int:
    return run(
        "authorities", "update", "--proxy", f"http://{proxy.place}", "--state-dir", run.state_dir, *more
    )


def listed(run: CommandLine) -> list[dict[str, object]]:
    assert run("authorities", "list", "--json", "--state-dir", run.state_dir) == 0
    rows: list[dict[str, object]] = json.loads(run.out)
    return rows


def test_the_table_is_listed_with_what_is_trusted_and_what_is_here(run: CommandLine) -> None:
    rows = listed(run)
    assert [(row["title"], row["sha256"]) for row in rows] == [
        (row.title, row.sha256) for row in anchor_table.ROWS
    ]
    assert {row["is_stored"] for row in rows} == {False}
    assert rows[0]["not_after"] == "2025-07-27T05:20:49+00:00"
    assert run("authorities", "list", "--state-dir", run.state_dir) == 0
    assert "production root    Root CA of Kazakhstan, GOST 2015, 2022" in run.out
    assert "not downloaded" in run.out
    assert anchor_table.ROWS[2].sha256 in run.out


@pytest.mark.usefixtures("table")
def test_certificates_are_downloaded_once_and_kept_as_der(run: CommandLine) -> None:
    with HttpServer(genuine) as proxy:
        assert update(run, proxy) == 0
        assert len(proxy.asked) == 3
        assert "no longer served by http://pki.gov.kz/cert/nca.cer: Authority 3" in run.out
        assert "no address is known: Authority 5" in run.out
        assert [row["is_stored"] for row in listed(run)] == [True, True, False, True, False]
        assert update(run, proxy) == 0
        # Only the address of the one that is missing was asked again.
        assert [asked.target for asked in proxy.asked[3:]] == ["http://pki.gov.kz/cert/nca.cer"]
    folder = run.state_dir / "authority-certificates"
    assert {path.name for path in folder.iterdir()} == {f"{each}.cer" for each in [*ROOTS][:2]} | {
        f"{NEW.fingerprint}.cer"
    }
    for fingerprint, certificate in [*ROOTS.items()][:2]:
        assert (folder / f"{fingerprint}.cer").read_bytes() == certificate.der


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("served", [OWN.der, b"<html>Please log in</html>"])
def test_a_certificate_that_is_not_the_pinned_one_is_refused(run: CommandLine, served: bytes) -> None:
    def answer(asked: Asked) -> bytes:
        return ok(served) if asked.target.endswith("first.cer") else genuine(asked)

    with HttpServer(answer) as proxy:
        assert update(run, proxy) == 1
    assert (
        "refused, not the certificate that is known, from http://root.gov.kz/cert/first.cer: Authority 1"
        in run.out
    )
    assert [row["is_stored"] for row in listed(run)] == [False, True, False, True, False]


@pytest.mark.usefixtures("table")
def test_a_server_that_gives_nothing_is_told_and_the_others_are_asked(run: CommandLine) -> None:
    def answer(asked: Asked) -> bytes:
        return response(503) if asked.target.endswith("first.cer") else genuine(asked)

    with HttpServer(answer) as proxy:
        assert update(run, proxy) == 7
    assert "not reached (status: root.gov.kz 503): Authority 1" in run.out
    assert "stored: Authority 2" in run.out


@pytest.mark.usefixtures("table")
def test_a_damaged_file_counts_as_missing(run: CommandLine) -> None:
    with HttpServer(genuine) as proxy:
        assert update(run, proxy) == 0
        damaged = run.state_dir / "authority-certificates" / f"{next(iter(ROOTS))}.cer"
        damaged.write_bytes(b"junk")
        assert not listed(run)[0]["is_stored"]
        assert update(run, proxy) == 0
    assert damaged.read_bytes() == next(iter(ROOTS.values())).der


def test_offline_is_told(run: CommandLine) -> None:
    with HttpServer(genuine) as proxy:
        assert update(run, proxy, "--offline") == 7
        assert proxy.asked == []
    assert run.err == "qalamsap authorities: offline\n"


@pytest.mark.usefixtures("table")
def test_a_disk_that_takes_nothing_is_told(run: CommandLine) -> None:
    run.file("state/authority-certificates")
    with HttpServer(genuine) as proxy:
        assert update(run, proxy) == 7
    assert "can't be written" in run.err


def add(run: CommandLine, *words: object, stdin: bytes = b"") -> int:
    return run("authorities", "add", "--state-dir", run.state_dir, *words, stdin=stdin)


def test_an_own_authority_is_trusted_when_the_person_agrees(run: CommandLine) -> None:
    file = run.file("bank.pem", OWN.pem().encode())
    for answer in (b"n\n", b"\n", b""):
        assert add(run, file, stdin=answer) == 4
    assert not (run.state_dir / "authorities").exists()
    assert add(run, file, stdin=b"y\n") == 0
    assert OWN.fingerprint in run.out
    assert "Bank CA" in run.out
    assert "[y/N]" in run.err
    (kept,) = (run.state_dir / "authorities").iterdir()
    assert (kept.name, kept.read_bytes()) == (f"{OWN.fingerprint}.cer", OWN.der)
    row = listed(run)[-1]
    assert (row["title"], row["domain"], row["kind"], row["is_stored"]) == ("Bank CA", "own", "root", True)
    assert row["place"] == str(kept)


def test_what_need_not_or_must_not_be_trusted_is_refused_and_nothing_is_added(run: CommandLine) -> None:
    good = run.file("bank.cer", OWN.der)
    leaf = run.file("leaf.cer", chains.person().certificate.der)
    assert add(run, good, leaf, "--yes") == 5
    assert "not the certificate of an authority" in run.err
    assert not (run.state_dir / "authorities").exists()
    assert add(run, good, "--yes") == 0
    assert add(run, good, "--yes") == 5
    assert "is trusted already" in run.err
    assert add(run, run.file("junk.cer", b"junk"), "--yes") == 5
    assert add(run, run.folder / "none.cer", "--yes") == 5


@pytest.mark.usefixtures("table")
def test_a_national_authority_is_not_added(run: CommandLine) -> None:
    assert add(run, run.file("new.cer", NEW.der), "--yes") == 5
    assert "is a national authority" in run.err


def test_the_real_national_certificates_are_known_as_such(run: CommandLine, vectors: Path) -> None:
    assert add(run, next(vectors.rglob("nca_gost_2022.cer")), "--yes") == 5
    assert "is a national authority" in run.err


def remove(run: CommandLine, fingerprint: str) -> int:
    return run("authorities", "remove", fingerprint, "--state-dir", run.state_dir)


def test_an_own_authority_is_removed_by_its_fingerprint(run: CommandLine) -> None:
    assert add(run, run.file("bank.cer", OWN.der), "--yes") == 0
    pairs = [OWN.fingerprint[at : at + 2] for at in range(0, 64, 2)]
    assert remove(run, ":".join(pairs).upper()) == 0
    assert list((run.state_dir / "authorities").iterdir()) == []
    assert remove(run, OWN.fingerprint) == 5
    assert "no authority of your own" in run.err


def test_what_can_not_be_removed_here_is_told(run: CommandLine) -> None:
    assert remove(run, "abc") == 5
    assert remove(run, anchor_table.ROWS[0].sha256) == 5
    assert "national" in run.err
    bundle = run.file("state/authorities/bundle.pem", (OWN.pem() + OLD.pem()).encode())
    assert remove(run, OWN.fingerprint) == 5
    assert str(bundle) in run.err
    bundle.unlink()
    named = run.file("it/bank.cer", OWN.der)
    run.file("state/config.toml", f"authorities = ['{named.parent}']".encode())
    assert remove(run, OWN.fingerprint) == 5
    assert f"{named}, which the settings name" in run.err
    assert listed(run)[-1]["place"] == str(named)


def test_a_verb_is_needed(run: CommandLine) -> None:
    assert run("authorities") == 64
    assert run("authorities", "add") == 64
