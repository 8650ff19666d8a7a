"""Which release is for this computer now."""

import datetime as dt
import json
from typing import Any

import pytest

from agent.updates import releases
from agent.updates.errors import RepositoryRefused
from agent.updates.releases import Choice, Release, Rules, choose, read
from agent.updates.versions import parse

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
PACKAGE = "appimage-x86_64"


def item(**more: Any) -> dict[str, Any]:
    return {
        "version": "0.2.0",
        "published": "2026-11-01T09:00:00Z",
        "files": {PACKAGE: "stable/0.2.0/Q.AppImage"},
        **more,
    }


def listed(*items: dict[str, Any]) -> bytes:
    return json.dumps({"format": 1, "releases": items}).encode()


def release(version: str, days_ago: float, **more: Any) -> Release:
    return Release(
        parse(version), NOW - dt.timedelta(days=days_ago), {PACKAGE: f"stable/{version}/Q"}, **more
    )


def chosen(*found: Release, installed: str = "0.1.0", days: int = 0, **rules: Any) -> Choice:
    return choose(found, parse(installed), Rules(PACKAGE, dt.timedelta(days=days), **rules), NOW)


def test_a_list_is_read_newest_version_first() -> None:
    found = read(
        listed(
            item(), item(version="0.10.0", security=True, notes="https://x.kz/n", stages=[[0, 10], [2, 100]])
        ),
        "stable",
    )
    assert [each.version.text for each in found] == ["0.10.0", "0.2.0"]
    assert found[0].is_security
    assert found[0].stages == ((0, 10), (2, 100))
    assert found[0].notes == "https://x.kz/n"
    assert found[1].published == dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC)
    assert found[1].files == {PACKAGE: "stable/0.2.0/Q.AppImage"}


def test_a_channel_may_be_empty() -> None:
    assert read(listed(), "stable") == ()


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"[]", b"{", b"\xff", b'{"format": 1}', b'{"format": 2, "releases": []}', b'{"format": 1, "releases": {}}',
        b'{"format": 1, "releases": [1]}', b"[" * 100_000,
        listed(item(), item(version="0.2")),
        *(listed(item(**wrong)) for wrong in (
            {"version": "new"}, {"version": None}, {"published": "yesterday"}, {"published": "2026-11-01T09:00:00"}, {"published": 1},
            {"files": {}}, {"files": []}, {"files": {"../x": "stable/a"}}, {"files": {PACKAGE: "stable/../../etc/passwd"}},
            {"files": {PACKAGE: "/stable/a"}}, {"files": {PACKAGE: "beta/a"}}, {"files": {PACKAGE: "stable\\a"}}, {"files": {PACKAGE: 1}},
            {"notes": "http://x.kz"}, {"notes": "javascript:x"}, {"security": "yes"}, {"security": True, "urgent": 1}, {"urgent": True}, {"stages": [[0]]}, {"stages": [[0, 101]]},
            {"stages": [[5, 10], [2, 20]]}, {"stages": [[0, 10], [1, 10]]}, {"stages": "all"}, {"stages": [[True, 10]]},
        )),
    ],
)  # fmt: skip
def test_a_list_that_makes_no_sense_is_refused_as_a_whole(octets: bytes) -> None:
    with pytest.raises(RepositoryRefused) as caught:
        read(octets, "stable")
    assert caught.value.reason == "unreadable"


def test_the_newest_is_chosen_and_never_an_older_one() -> None:
    assert chosen(release("0.2", 1), release("0.3", 1)).release == release("0.3", 1)
    assert chosen(release("0.2", 1), installed="0.2") == Choice()
    assert chosen(release("0.2", 1), installed="0.3") == Choice()
    assert chosen(release("0.2rc1", 1), installed="0.2") == Choice()


def test_a_release_without_our_package_is_none() -> None:
    assert chosen(Release(parse("0.2"), NOW, {"deb-amd64": "stable/x"})) == Choice()


def test_deferral_holds_a_release_back_and_takes_an_older_one_meanwhile() -> None:
    young, old = release("0.4", 2), release("0.3", 9)
    assert chosen(old, young, days=7) == Choice(old, young, "deferral", NOW + dt.timedelta(days=5))
    assert chosen(young, days=7) == Choice(None, young, "deferral", NOW + dt.timedelta(days=5))
    assert chosen(old, young, days=2) == Choice(young)


def test_an_urgent_release_waits_for_two_days_at_most() -> None:
    (found,) = read(listed(item(security=True, urgent=True)), "stable")
    assert found.is_urgent
    assert not read(listed(item(security=True)), "stable")[0].is_urgent
    young, old = release("0.2", 1, is_urgent=True), release("0.2", 2, is_urgent=True)
    assert chosen(young, days=90) == Choice(None, young, "deferral", NOW + dt.timedelta(days=1))
    assert chosen(old, days=90) == Choice(old)
    assert chosen(young, days=1) == Choice(young)  # never longer than who defers wants
    staged = release("0.2", 2, is_urgent=True, stages=((5, 100),))
    assert chosen(staged, days=90).why == "stages"


def test_a_release_of_tomorrow_waits_for_tomorrow() -> None:
    coming = release("0.2", -1)
    assert chosen(coming) == Choice(None, coming, "deferral", coming.published)


@pytest.mark.parametrize(("number", "day"), [(0, 0), (9, 0), (10, 3), (59, 3), (60, 7), (99, 7)])
def test_stages_let_in_a_share_of_computers_day_by_day(number: int, day: int) -> None:
    stages = ((0, 10), (3, 60), (7, 100))
    assert chosen(release("0.2", day, stages=stages), number=number).release is not None
    if day:
        early = chosen(release("0.2", day - 0.5, stages=stages), number=number)
        assert (early.release, early.why) == (None, "stages")
        assert early.until == NOW + dt.timedelta(days=0.5)


def test_a_computer_that_no_stage_names_yet_waits_without_a_day() -> None:
    found = release("0.2", 5, stages=((0, 10),))
    assert chosen(found, number=10) == Choice(None, found, "stages", None)


def test_stages_and_deferral_count_both() -> None:
    found = release("0.2", 5, stages=((4, 100),))
    assert chosen(found, days=3).release == found
    assert chosen(found, days=6) == Choice(None, found, "deferral", NOW + dt.timedelta(days=1))


def test_now_means_now() -> None:
    found = release("0.2", 0, stages=((5, 10),))
    assert chosen(found, days=90, number=99, is_now=True) == Choice(found)


@pytest.mark.parametrize("path", ["metadata/1.root.json", "stable/0.2+x/a_b-c.deb"])
def test_a_path_is_plain_names(path: str) -> None:
    assert releases.is_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        ".",
        "..",
        "a/../b",
        ".hidden",
        "a\\b",
        "a b",
        "a\n",
        "C:/x",
        "a%2e",
        "/".join("a" * 9),
    ],
)
def test_what_leads_elsewhere_is_no_path(path: str) -> None:
    assert not releases.is_path(path)
