"""Policies in IT's own files: put beside what stands there, and taken out again to the octet."""

import json
import plistlib
from pathlib import Path

import pytest

from agent.browser_policies import merging
from agent.browser_policies.browsers import BROWSERS
from agent.browser_policies.wanted import Wanted
from agent.errors import BadInput, StorageFailed
from agent.localhost import authority, record
from agent.localhost.errors import ForeignFile
from tests.support.trusting import NOW, tree

PORTAL = "https://portal.example.kz"
WANTED = Wanted((PORTAL,))
CHROME, FIREFOX = BROWSERS["chrome"], BROWSERS["firefox"]
THEIRS = b'{\n\t"LoopbackNetworkAllowedForUrls": ["https://it.kz"],\n\t"HomepageLocation": "https://it.kz"\n}'


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "it.json"
    path.parent.mkdir()
    path.write_bytes(THEIRS)
    return path


def test_a_list_of_its_own_is_joined_and_the_file_comes_back_to_the_octet(theirs: Path, state: Path) -> None:
    merged = merging.merge(theirs, CHROME, WANTED, "json", state)
    assert merged.changed
    assert json.loads(theirs.read_bytes()) == {
        "LoopbackNetworkAllowedForUrls": ["https://it.kz", PORTAL],
        "HomepageLocation": "https://it.kz",
        "LocalNetworkAccessAllowedForUrls": [PORTAL],
    }
    assert not merging.merge(theirs, CHROME, WANTED, "json", state).changed
    assert [path.name for path in theirs.parent.iterdir()] == ["it.json"], "Chromium reads every file there"
    assert merging.remove(theirs, "json", state).changed
    assert theirs.read_bytes() == THEIRS
    assert not (state / merging.RECORD).exists()


def test_what_it_changed_meanwhile_stays_and_ours_goes(theirs: Path, state: Path) -> None:
    merging.merge(theirs, CHROME, WANTED, "json", state)
    document = json.loads(theirs.read_bytes())
    document["LoopbackNetworkAllowedForUrls"].append("https://new.kz")
    theirs.write_text(json.dumps(document))
    merging.remove(theirs, "json", state)
    assert json.loads(theirs.read_bytes()) == {
        "LoopbackNetworkAllowedForUrls": ["https://it.kz", "https://new.kz"],
        "HomepageLocation": "https://it.kz",
    }


def test_an_origin_that_it_named_itself_is_not_taken_out(theirs: Path, state: Path) -> None:
    wanted = Wanted(("https://it.kz", PORTAL))
    merging.merge(theirs, CHROME, wanted, "json", state)
    merging.merge(theirs, CHROME, Wanted(("https://it.kz",)), "json", state)
    assert json.loads(theirs.read_bytes())["LoopbackNetworkAllowedForUrls"] == ["https://it.kz"]
    merging.remove(theirs, "json", state)
    assert theirs.read_bytes() == THEIRS


def test_a_file_that_was_not_there_goes_again(tmp_path: Path, state: Path) -> None:
    (tmp_path / "etc").mkdir()
    before = tree(tmp_path / "etc")
    path = tmp_path / "etc/opt/chrome/policies/managed/qalamsap.json"
    merging.merge(path, CHROME, WANTED, "json", state)
    assert path.is_file()
    merging.remove(path, "json", state)
    assert tree(tmp_path / "etc") == before


def test_firefoxs_certificates_come_and_go_with_its_file(tmp_path: Path, state: Path) -> None:
    issued = authority.issue(tmp_path / "tls", NOW)
    der = authority.constrained(issued.authority_path.read_bytes())
    folder = tmp_path / "firefox"
    folder.mkdir()
    path = folder / "policies.json"
    path.write_text('{"policies": {"DisableTelemetry": true}}')
    before = tree(folder)
    wanted = Wanted((PORTAL,), (("12ab34cd", der),))
    assert merging.merge(path, FIREFOX, wanted, "policies.json", state).changed
    assert (folder / "qalamsap-12ab34cd.pem").is_file()
    # Another authority takes its place.
    merging.merge(path, FIREFOX, Wanted((PORTAL,), (("99999999", der),)), "policies.json", state)
    assert sorted(each.name for each in folder.iterdir()) == ["policies.json", "qalamsap-99999999.pem"]
    merging.remove(path, "policies.json", state)
    assert tree(folder) == before


def test_a_certificate_that_another_file_of_the_folder_names_stays(tmp_path: Path, state: Path) -> None:
    issued = authority.issue(tmp_path / "tls", NOW)
    der = authority.constrained(issued.authority_path.read_bytes())
    folder = tmp_path / "drafts"
    folder.mkdir()
    certificate = folder / "qalamsap-12ab34cd.pem"
    wanted = Wanted((PORTAL,), (("12ab34cd", der),))
    merging.merge(folder / "policies.json", FIREFOX, wanted, "policies.json", state)
    merging.merge(folder / "chrome.json", CHROME, WANTED, "json", state)
    assert certificate.is_file()
    merging.remove(folder / "chrome.json", "json", state)
    assert certificate.is_file()
    merging.remove(folder / "policies.json", "policies.json", state)
    assert list(folder.iterdir()) == []


def test_a_property_list_is_merged_too(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "org.mozilla.firefox.plist"
    path.write_bytes(plistlib.dumps({"EnterprisePoliciesEnabled": True}))
    before = path.read_bytes()
    merging.merge(path, FIREFOX, WANTED, "plist", state)
    assert plistlib.loads(path.read_bytes())["LocalNetworkAccess"]["SkipDomains"] == ["portal.example.kz"]
    merging.remove(path, "plist", state)
    assert path.read_bytes() == before


def test_a_domain_that_firefox_would_not_read_is_told(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "org.mozilla.firefox.plist"
    path.write_bytes(plistlib.dumps({"DisableTelemetry": True}))
    before = path.read_bytes()
    with pytest.raises(BadInput, match="EnterprisePoliciesEnabled"):
        merging.merge(path, FIREFOX, WANTED, "plist", state)
    assert path.read_bytes() == before


def test_a_look_beforehand_changes_nothing(theirs: Path) -> None:
    octets, notes = merging.preview(theirs, CHROME, WANTED, "json")
    assert (json.loads(octets)["LocalNetworkAccessAllowedForUrls"], notes) == ([PORTAL], ())
    assert theirs.read_bytes() == THEIRS
    theirs.write_bytes(octets)
    assert merging.preview(theirs, CHROME, WANTED, "json")[0] == octets


def test_a_list_that_outranks_ours_is_noted(theirs: Path, state: Path) -> None:
    theirs.write_text('{"LoopbackNetworkBlockedForUrls": ["*"]}')
    merged = merging.merge(theirs, CHROME, WANTED, "json", state)
    assert merged.notes == (f"'{theirs}' sets LoopbackNetworkBlockedForUrls, which outranks what was added",)


def test_a_file_that_makes_no_sense_is_left_as_it_is(theirs: Path, state: Path) -> None:
    theirs.write_bytes(b"// a comment\n{}")
    with pytest.raises(ForeignFile, match="left as it is"):
        merging.merge(theirs, CHROME, WANTED, "json", state)
    assert theirs.read_bytes() == b"// a comment\n{}"
    assert not (state / merging.RECORD).exists()


def test_nothing_is_taken_out_of_a_file_that_the_record_does_not_know(theirs: Path, state: Path) -> None:
    with pytest.raises(BadInput, match="nothing of ours is known"):
        merging.remove(theirs, "json", state)


def test_two_at_a_time_do_not_write_one_record(theirs: Path, state: Path) -> None:
    with (
        record.locked(state, merging.LOCK),
        pytest.raises(StorageFailed, match="another 'qalamsap admin' is at work"),
    ):
        merging.merge(theirs, CHROME, WANTED, "json", state)
    assert theirs.read_bytes() == THEIRS


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path, state: Path) -> None:
    with pytest.raises(StorageFailed):
        merging.merge(tmp_path, CHROME, WANTED, "json", state)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed, match="can't write"):
        merging.merge(tmp_path / "a.json", CHROME, WANTED, "json", tmp_path / "file" / "state")
