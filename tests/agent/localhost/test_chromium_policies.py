"""Chromium's folder of policies: texts go into the file that counts, and a file that can't be read stops the folder."""

import base64
import json
from pathlib import Path

import pytest

from agent.localhost import chromium_policies
from agent.localhost.record import Record
from agent.localhost.report import State
from tests.support.trusting import tree

FOLDER = "etc/chromium/policies/managed"
TEXTS = chromium_policies.wanted([b"authority"], ["https://portal.example.kz"])
OURS = base64.b64encode(b"authority").decode()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "state")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / FOLDER).mkdir(parents=True)
    return tmp_path / "root"


def read(root: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((root / FOLDER / name).read_bytes())
    return found


def test_every_browser_of_the_family_gets_a_file_of_ours(root: Path, record: Record) -> None:
    reports = chromium_policies.install(root, TEXTS, record)
    assert {report.browser for report in reports} >= {"Chromium", "Google Chrome", "Microsoft Edge", "Brave"}
    assert {(report.state, report.changed) for report in reports} == {(State.TRUSTED, True)}
    assert read(root, "qalamsap.json") == {
        "CACertificates": [OURS],
        "LoopbackNetworkAllowedForUrls": ["https://portal.example.kz"],
        "LocalNetworkAccessAllowedForUrls": ["https://portal.example.kz"],
    }


def test_no_origin_is_let_through_unless_one_is_named(root: Path, record: Record) -> None:
    chromium_policies.install(root, chromium_policies.wanted([b"authority"], []), record)
    assert read(root, "qalamsap.json") == {"CACertificates": [OURS]}


def test_installing_twice_changes_nothing_the_second_time(root: Path, record: Record) -> None:
    chromium_policies.install(root, TEXTS, record)
    before = tree(root)
    assert not any(report.changed for report in chromium_policies.install(root, TEXTS, record))
    assert tree(root) == before


def test_a_list_that_it_sets_is_extended_where_it_stands(root: Path, record: Record) -> None:
    (root / FOLDER / "50-it.json").write_text('{"CACertificates": ["dGhlaXJz"], "BookmarkBarEnabled": false}')
    (root / FOLDER / "zz-it.json").write_text('{"LoopbackNetworkAllowedForUrls": ["https://it.example.kz"]}')
    before = tree(root)
    assert {report.state for report in chromium_policies.install(root, TEXTS, record)} == {State.TRUSTED}
    assert read(root, "50-it.json") == {"CACertificates": ["dGhlaXJz", OURS], "BookmarkBarEnabled": False}
    assert read(root, "zz-it.json") == {
        "LoopbackNetworkAllowedForUrls": ["https://it.example.kz", "https://portal.example.kz"]
    }
    assert read(root, "qalamsap.json") == {"LocalNetworkAccessAllowedForUrls": ["https://portal.example.kz"]}
    chromium_policies.remove(root, record)
    record.tidy()
    assert tree(root) == before


def test_of_two_files_that_set_a_list_the_later_one_counts(root: Path, record: Record) -> None:
    for name in ("10.json", "20.json"):
        (root / FOLDER / name).write_text('{"CACertificates": []}')
    chromium_policies.install(root, TEXTS, record)
    assert read(root, "10.json") == {"CACertificates": []}
    assert read(root, "20.json") == {"CACertificates": [OURS]}


def test_a_file_that_it_adds_later_hides_ours_until_the_next_install(root: Path, record: Record) -> None:
    chromium_policies.install(root, TEXTS, record)
    (root / FOLDER / "zz.json").write_text('{"CACertificates": ["dGhlaXJz"]}')
    found = chromium_policies.status(root, TEXTS)[0]
    assert (found.state, found.detail) == (State.PARTLY, "lacks CACertificates")
    assert chromium_policies.install(root, TEXTS, record)[0].state is State.TRUSTED
    assert read(root, "zz.json") == {"CACertificates": ["dGhlaXJz", OURS]}
    assert "CACertificates" not in read(root, "qalamsap.json")
    chromium_policies.remove(root, record)
    assert [path.name for path in (root / FOLDER).iterdir()] == ["zz.json"]
    assert read(root, "zz.json") == {"CACertificates": ["dGhlaXJz"]}


@pytest.mark.parametrize("octets", [b"{broken", b'{"CACertificates": "text"}', b"[]", b"{} // comment"])
def test_a_file_that_can_not_be_read_stops_the_folder_and_no_other(
    root: Path, record: Record, octets: bytes
) -> None:
    (root / FOLDER / "it.json").write_bytes(octets)
    reports = chromium_policies.install(root, TEXTS, record)
    assert reports[0].state is State.FAILED
    assert str(root / FOLDER / "it.json") in reports[0].detail or "CACertificates" in reports[0].detail
    assert [path.name for path in (root / FOLDER).iterdir()] == ["it.json"]
    assert (root / FOLDER / "it.json").read_bytes() == octets
    assert {report.state for report in reports[1:]} == {State.TRUSTED}
    assert chromium_policies.status(root, TEXTS)[0].state is State.FAILED


def test_removal_works_beside_a_file_that_can_not_be_read(root: Path, record: Record) -> None:
    chromium_policies.install(root, TEXTS, record)
    (root / FOLDER / "it.json").write_bytes(b"{broken")
    assert {report.state for report in chromium_policies.remove(root, record)} == {State.ABSENT}
    assert [path.name for path in (root / FOLDER).iterdir()] == ["it.json"]


def test_what_is_no_longer_wanted_goes(root: Path, record: Record) -> None:
    chromium_policies.install(root, TEXTS, record)
    chromium_policies.install(root, chromium_policies.wanted([b"authority", b"next"], []), record)
    assert read(root, "qalamsap.json") == {"CACertificates": [OURS, base64.b64encode(b"next").decode()]}


def test_status_writes_nothing(root: Path) -> None:
    before = tree(root)
    assert {report.state for report in chromium_policies.status(root, TEXTS)} == {State.ABSENT}
    assert tree(root) == before
