from pathlib import Path

import pytest

from agent.doctor import trusting
from agent.doctor.browsers import KINDS, Browser
from agent.errors import StorageFailed, UnsupportedOperation
from agent.localhost.errors import MissingTool
from agent.localhost.report import State, StoreReport
from agent.localhost.trust import Places
from tests.support.trusting import NOW

BY_NAME = {kind.name: kind for kind in KINDS}
CHROMIUM, CHROME, FIREFOX = (Browser(BY_NAME[name]) for name in ("Chromium", "Google Chrome", "Firefox"))
SNAP_FIREFOX = Browser(BY_NAME["Firefox"], confined="snap")
FLATPAK_FIREFOX = Browser(BY_NAME["Firefox"], confined="flatpak")
HOME = Path("/home/aigerim")
CHROMIUM_STORE = ("Chromium, Chrome, Edge", "/home/aigerim/.local/share/pki/nssdb")
FIREFOX_STORE = ("Firefox", "/home/aigerim/.mozilla/firefox/abcd1234.default-release")


def own(place, state, detail=""):
    return StoreReport("nss", *place, state, detail=detail)


def policy(browser, state=State.TRUSTED):
    return StoreReport(
        "firefox-policy" if browser == "Firefox" else "chromium-policy", browser, "/etc/x", state
    )


def look(stores, installed, policies=()):
    def walk(is_wide):
        found = policies if is_wide else stores
        if isinstance(found, Exception):
            raise found
        return tuple(found)

    return [(each.what, each.code, each.state) for each in trusting.stores(walk, installed, HOME)]


def test_all_that_trust_are_good():
    assert look(
        [own(CHROMIUM_STORE, State.TRUSTED), own(FIREFOX_STORE, State.TRUSTED)], [CHROMIUM, FIREFOX]
    ) == [("browsers", "trusted", "ok"), ("store", "trusted", "ok"), ("store", "trusted", "ok")]


def test_each_profile_that_does_not_trust_is_named_and_one_repair_is_for_all():
    found = trusting.stores(
        lambda is_wide: (
            ()
            if is_wide
            else (
                own(CHROMIUM_STORE, State.TRUSTED),
                own(FIREFOX_STORE, State.ABSENT),
                own(("Firefox", "/home/aigerim/.mozilla/firefox/abcd1234.Aigerim"), State.PARTLY),
                own(("Firefox", "/media/stick/profile"), State.FAILED, "a main password"),
            )
        ),
        [CHROMIUM, FIREFOX],
        HOME,
    )
    summary, *stores = found
    assert (summary.code, summary.repair, summary.values) == ("not-all", "install-trust", {"count": 3})
    assert [each.code for each in stores] == ["trusted", "absent", "partly", "failed"]
    assert "a main password" in stores[3].text
    assert [each.masked for each in stores] == [
        "Chromium, Chrome, Edge: ~/.local/share/pki/nssdb",
        "Firefox: ~/.mozilla/firefox/abcd1234.default-release",
        "Firefox: ~/.mozilla/firefox/*",
        "Firefox: *",
    ]


def test_a_policy_of_the_machine_counts_where_every_reader_of_the_store_has_it():
    stores = [own(CHROMIUM_STORE, State.ABSENT), own(FIREFOX_STORE, State.ABSENT)]
    policies = [policy("Chromium"), policy("Firefox")]
    assert [code for _, code, _ in look(stores, [CHROMIUM, FIREFOX], policies)] == [
        "trusted", "by-policy", "by-policy",
    ]  # fmt: skip
    assert [code for _, code, _ in look(stores, [CHROMIUM, CHROME, FIREFOX], policies)] == [
        "not-all", "absent", "by-policy",
    ]  # fmt: skip
    halfway = [policy("Chromium", State.PARTLY), policy("Firefox", State.ABSENT)]
    assert [code for _, code, _ in look(stores, [CHROMIUM, FIREFOX], halfway)] == [
        "not-all", "absent", "absent",
    ]  # fmt: skip


def test_what_no_installed_browser_reads_is_passed_over():
    stores = [own(CHROMIUM_STORE, State.ABSENT), own(FIREFOX_STORE, State.TRUSTED)]
    assert look(stores, [FIREFOX]) == [("browsers", "trusted", "ok"), ("store", "trusted", "ok")]


def test_the_policy_reaches_snap_and_not_flatpak():
    snap = [own(("Firefox (snap)", "/home/aigerim/snap/firefox/common"), State.ABSENT)]
    flatpak = [own(("Firefox (flatpak)", "/home/aigerim/.var/app/x"), State.ABSENT)]
    assert look(snap, [SNAP_FIREFOX], [policy("Firefox")])[1][1] == "by-policy"
    assert look(flatpak, [FLATPAK_FIREFOX], [policy("Firefox")])[1][1] == "absent"


@pytest.mark.parametrize(
    ("error", "code", "state"),
    [
        (UnsupportedOperation("not on macOS"), "not-built", "hint"),
        (StorageFailed("the record is broken"), "unreadable", "trouble"),
    ],
)
def test_what_can_not_be_walked(error, code, state):
    assert look([], [CHROMIUM], error) == [("browsers", code, state)]


def test_no_browser_needs_no_trust():
    assert look([own(CHROMIUM_STORE, State.ABSENT)], []) == [("browsers", "none", "hint")]


def test_without_the_tool_only_policies_can_be_seen():
    missing = MissingTool("certutil", "libnss3-tools")
    assert look(missing, [CHROMIUM]) == [("browsers", "no-tool", "trouble")]
    assert look(missing, [CHROMIUM], [policy("Chromium")]) == [("browsers", "trusted", "ok")]
    assert look(StorageFailed("x"), [CHROMIUM]) == [("browsers", "unreadable", "trouble")]


def test_real_stores_are_walked(tmp_path):
    from agent.localhost import certutil

    try:
        certutil.require()
    except MissingTool:
        pytest.skip("needs tool: certutil")
    places = Places(tmp_path / "tls", tmp_path, tmp_path, tmp_path / "root", environment={})
    found = trusting.stores(trusting.walker(places, NOW), [CHROMIUM], tmp_path)
    assert [(each.what, each.code) for each in found] == [("browsers", "not-all"), ("store", "absent")]


def of_system(state, store="keychain"):
    return StoreReport(store, "Safari, Chrome, Edge, Firefox", "/Users/aigerim/Library/x", state)


@pytest.mark.parametrize("store", ["keychain", "windows-root"])
def test_where_browsers_read_the_systems_store_the_machines_or_the_persons_is_enough(store):
    trusted, absent = of_system(State.TRUSTED, store), of_system(State.ABSENT, store)
    good = [("browsers", "trusted", "ok")]
    assert look([absent], [], [trusted]) == good
    assert look([trusted], [], [absent]) == good
    bad = [("browsers", "not-all", "trouble")]
    assert look([absent], [], [absent]) == bad
    assert look([of_system(State.PARTLY, store)], [], [of_system(State.FAILED, store)]) == bad
    assert look(StorageFailed("locked"), [], [absent]) == [("browsers", "unreadable", "trouble")]


@pytest.mark.parametrize("state", [State.ABSENT, State.FAILED])
def test_a_machine_whose_certificate_nothing_renews_is_told_of(state):
    task = StoreReport("renewal", "Task Scheduler", "Qalamsap trust renewal", state)
    trusted, absent = of_system(State.TRUSTED, "windows-root"), of_system(State.ABSENT, "windows-root")
    good = [("browsers", "trusted", "ok")]
    assert look([absent], [], [trusted, task]) == [*good, ("browsers", "no-renewal", "hint")]
    assert look([trusted], [], [absent, task]) == good
    there = StoreReport("renewal", "Task Scheduler", "Qalamsap trust renewal", State.TRUSTED)
    assert look([absent], [], [trusted, there]) == good


def test_the_systems_store_is_named_without_its_path():
    (found,) = trusting.stores(lambda _: (of_system(State.ABSENT),), [], HOME)
    assert found.repair == "install-trust"
    assert "aigerim" not in repr(found)
