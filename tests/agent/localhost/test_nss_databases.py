"""A person's databases: authorities in, authorities out, everything else as it was."""

import subprocess
from pathlib import Path

import pytest

from agent.localhost import authority, certutil, identity, nss_databases
from agent.localhost.browser_profiles import Database
from agent.localhost.errors import MissingTool
from agent.localhost.nss_databases import Authority
from agent.localhost.record import Record
from agent.localhost.report import State
from tests.support import browsers, sites
from tests.support.trusting import NOW


@pytest.fixture
def record(tmp_path: Path) -> Record:
    browsers.needs("certutil")
    return Record(tmp_path / "state")


def wanted(issued: identity.Identity) -> Authority:
    return Authority(issued.authority_name, issued.authority_sha256, issued.authority_path)


def held(folder: Path) -> set[str]:
    return {entry.nickname for entry in certutil.entries(folder)}


def test_a_database_that_was_missing_is_made_and_taken_back(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    place = Database("Chromium", tmp_path / "home/.local/share/pki/nssdb")
    first = nss_databases.install([place], [wanted(issued)], record)
    again = nss_databases.install([place], [wanted(issued)], record)
    assert [(each.state, each.changed) for each in first + again] == [
        (State.TRUSTED, True),
        (State.TRUSTED, False),
    ]
    assert held(place.folder) == {issued.authority_name}
    assert place.folder.stat().st_mode & 0o777 == 0o700
    assert {each.state for each in nss_databases.remove(record)} == {State.ABSENT}
    record.tidy()
    assert not (tmp_path / "home").exists()
    assert nss_databases.remove(record) == []


def test_what_a_person_trusts_themselves_stays(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    theirs = sites.SiteAuthority.create(tmp_path / "theirs")
    folder = tmp_path / "nssdb"
    browsers.trust(folder, theirs.certificate_path, "theirs")
    place = Database("Chromium", folder)
    nss_databases.install([place], [wanted(issued)], record)
    assert held(folder) == {"theirs", issued.authority_name}
    nss_databases.remove(record)
    assert certutil.entries(folder) == (certutil.Entry("theirs", "C,,"),)


def test_a_database_of_ours_that_somebody_used_since_stays_without_us(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    place = Database("Chromium", tmp_path / "nssdb")
    nss_databases.install([place], [wanted(issued)], record)
    theirs = sites.SiteAuthority.create(tmp_path / "theirs")
    browsers.trust(place.folder, theirs.certificate_path, "theirs")
    later = wanted(authority.issue(tmp_path / "tls", NOW))
    nss_databases.install([place], [wanted(issued), later], record)  # must not count their writing as ours
    reports = nss_databases.remove(record)
    assert {each.state for each in reports} == {State.ABSENT}
    assert "stays" in reports[-1].detail
    assert held(place.folder) == {"theirs"}


def test_an_authority_the_person_put_in_themselves_is_not_taken_out(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    folder = tmp_path / "nssdb"
    browsers.trust(folder, issued.authority_path, issued.authority_name)
    nss_databases.install([Database("Chromium", folder)], [wanted(issued)], record)
    nss_databases.remove(record)
    assert held(folder) == {issued.authority_name}


def test_another_certificate_under_our_name_is_neither_replaced_nor_removed(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    theirs = sites.SiteAuthority.create(tmp_path / "theirs")
    folder = tmp_path / "nssdb"
    browsers.trust(folder, theirs.certificate_path, issued.authority_name)
    reports = nss_databases.install([Database("Chromium", folder)], [wanted(issued)], record)
    assert (reports[0].state, record.contents.entries) == (State.FAILED, ())
    nss_databases.remove(record)
    assert held(folder) == {issued.authority_name}


def test_what_is_no_longer_wanted_goes(tmp_path: Path, record: Record, issued: identity.Identity) -> None:
    place = Database("Chromium", tmp_path / "nssdb")
    nss_databases.install([place], [wanted(issued)], record)
    later = authority.issue(tmp_path / "tls", NOW)
    nss_databases.install([place], [wanted(issued), wanted(later)], record)
    assert held(place.folder) == {issued.authority_name, later.authority_name}
    nss_databases.install([place], [wanted(later)], record)
    assert held(place.folder) == {later.authority_name}
    assert nss_databases.status([place], [wanted(later)])[0].state is State.TRUSTED
    assert nss_databases.status([place], [wanted(later), wanted(issued)])[0].state is State.PARTLY


def test_one_database_that_fails_does_not_keep_the_others_from_trust(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    broken, protected, good = (Database(name, tmp_path / name) for name in ("broken", "protected", "good"))
    broken.folder.mkdir()
    (broken.folder / "cert9.db").write_bytes(b"half")
    (tmp_path / "password").write_text("secret\n")
    protected.folder.mkdir()
    command = ["certutil", "-d", f"sql:{protected.folder}", "-N", "-f", str(tmp_path / "password")]
    subprocess.run(command, check=True, timeout=30)
    reports = nss_databases.install([broken, protected, good], [wanted(issued)], record)
    assert [each.state for each in reports] == [State.FAILED, State.FAILED, State.TRUSTED]
    assert "not a whole NSS database" in reports[0].detail
    assert "a main password" in reports[1].detail
    assert [path.name for path in broken.folder.iterdir()] == ["cert9.db"]
    assert {each.state for each in nss_databases.remove(record)} == {State.ABSENT}
    assert held(protected.folder) == set()


def test_a_profile_that_is_gone_is_no_trouble(
    tmp_path: Path, record: Record, issued: identity.Identity
) -> None:
    place = Database("Firefox", tmp_path / "profile")
    nss_databases.install([place], [wanted(issued)], record)
    for path in place.folder.iterdir():
        path.unlink()
    place.folder.rmdir()
    assert {each.state for each in nss_databases.remove(record)} == {State.ABSENT}
    record.tidy()
    assert record.contents.is_empty


def test_without_the_tool_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, issued: identity.Identity
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fresh = Record(tmp_path / "state")
    with pytest.raises(MissingTool, match="libnss3-tools"):
        nss_databases.install([Database("Chromium", tmp_path / "nssdb")], [wanted(issued)], fresh)
    with pytest.raises(MissingTool):
        nss_databases.status([Database("Chromium", tmp_path / "nssdb")], [wanted(issued)])
    assert not (tmp_path / "nssdb").exists()
    assert nss_databases.remove(fresh) == []
