"""Install, status, renew, remove: the whole of each, on a file system and a HOME of a test's own."""

import copy
import dataclasses
import datetime as dt
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.errors import BadInput, UnsupportedOperation
from agent.localhost import authority, identity, trust
from agent.localhost.errors import NeedsRoot
from agent.localhost.macos import Keychains
from agent.localhost.renewal_task import RenewalTask
from agent.localhost.report import State
from tests.support import browsers
from tests.support.fake_policy_keys import FakePolicyKeys
from tests.support.fake_security import FakeSecurity
from tests.support.trusting import NOW, Person, tree

DAY = dt.timedelta(days=1)
CHROMIUM = "etc/chromium/policies/managed/qalamsap.json"
FIREFOX = "etc/firefox/policies/policies.json"


def certificates(person: Person) -> list[str]:
    policies = json.loads((person.root / CHROMIUM).read_bytes())
    found: list[str] = policies["CACertificates"]
    return found


def test_machine_wide_removal_leaves_the_file_system_as_it_was(person: Person) -> None:
    it = person.root / "etc/opt/chrome/policies/managed/it.json"
    it.parent.mkdir(parents=True)
    it.write_text('{"CACertificates": ["dGhlaXJz"]}')
    before, home = tree(person.root), tree(person.home)
    report = trust.install(person.places, machine_wide=True, origins=["https://portal.example.kz"], at=NOW)
    assert report.is_as_wanted
    assert tree(person.root) != before
    assert trust.status(person.places, machine_wide=None, at=NOW).is_as_wanted
    assert trust.remove(person.places, at=NOW).is_as_wanted
    assert tree(person.root) == before
    assert tree(person.home) == home
    assert [path.name for path in person.state_dir.rglob("*") if path.is_file()] == ["trust.lock"]


def test_personal_removal_leaves_the_home_as_it_was(person: Person) -> None:
    browsers.needs("certutil")
    (person.home / ".mozilla/firefox/x.default").mkdir(parents=True)
    (person.home / ".mozilla/firefox/profiles.ini").write_text("[Profile0]\nPath=x.default\n")
    before, root = tree(person.home), tree(person.root)
    report = trust.install(person.places, machine_wide=False, origins=None, at=NOW)
    assert [store.state for store in report.stores] == [State.TRUSTED, State.TRUSTED]
    assert trust.status(person.places, machine_wide=None, at=NOW).is_as_wanted
    assert trust.remove(person.places, at=NOW).is_as_wanted
    assert tree(person.home) == before
    assert tree(person.root) == root


def test_removing_twice_is_as_good_as_once(person: Person) -> None:
    trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    trust.remove(person.places, at=NOW)
    second = trust.remove(person.places, at=NOW)
    assert second.is_as_wanted
    assert second.notes == ("nothing of ours is in any store",)


def test_installing_twice_keeps_the_identity_and_changes_no_store(person: Person) -> None:
    first = trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    second = trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    assert second.identity == first.identity
    assert not any(store.changed for store in second.stores)


def test_an_identity_that_was_there_before_survives_removal(person: Person) -> None:
    mine = authority.issue(person.places.tls_dir, NOW)
    trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    trust.remove(person.places, at=NOW)
    assert identity.current(person.places.tls_dir) == mine


def test_a_renewal_is_trusted_beside_the_old_authority_until_that_one_ends(person: Person) -> None:
    first = trust.install(
        person.places, machine_wide=True, origins=["https://portal.example.kz"], at=NOW
    ).identity
    assert first is not None
    early = trust.renew(person.places, at=first.not_after - 61 * DAY)
    assert early.identity == first
    assert early.notes[0] == f"not due before {first.not_after - 60 * DAY:%Y-%m-%d}"

    in_time = trust.renew(person.places, at=first.not_after - 60 * DAY)
    assert in_time.notes[0].startswith("a new authority was issued: Qalamsap local authority ")
    assert in_time.identity == first, "browsers that are open know only this one"
    assert in_time.origins == ("https://portal.example.kz",)
    assert len(certificates(person)) == 2

    soon = trust.renew(person.places, at=first.not_after - 31 * DAY)
    assert (soon.identity, soon.stores[0].changed) == (first, False)
    turned = trust.renew(person.places, at=first.not_after - 30 * DAY)
    assert turned.identity is not None
    assert turned.identity != first
    assert len(certificates(person)) == 2
    assert first.key_path.exists()

    after = trust.renew(person.places, at=first.not_after)
    assert after.identity == turned.identity
    assert len(certificates(person)) == 1
    assert not first.folder.exists()
    assert trust.status(person.places, machine_wide=None, at=first.not_after).is_as_wanted

    assert trust.remove(person.places, at=first.not_after).is_as_wanted
    assert tree(person.root) == {"etc": "folder"}
    assert identity.folders(person.places.tls_dir) == ()


def test_a_renewal_can_be_forced_and_needs_something_installed(person: Person) -> None:
    assert trust.renew(person.places, at=NOW).notes == ("nothing was installed that could be renewed",)
    assert identity.current(person.places.tls_dir) is None
    first = trust.install(person.places, machine_wide=True, origins=None, at=NOW).identity
    second = trust.renew(person.places, at=NOW, force=True)
    assert second.identity != first
    assert second.identity is not None
    assert second.notes == (
        f"a new authority was issued: {second.identity.authority_name}",
        "restart browsers that are open now",
    )


def test_an_identity_that_ended_long_ago_is_replaced_at_once(person: Person) -> None:
    first = trust.install(person.places, machine_wide=True, origins=None, at=NOW).identity
    assert first is not None
    later = trust.renew(person.places, at=first.not_after + 100 * DAY)
    assert later.identity is not None
    assert later.identity != first
    assert len(certificates(person)) == 1
    assert not first.folder.exists()


def test_a_renewal_brings_trust_to_profiles_that_are_new(person: Person) -> None:
    browsers.needs("certutil")
    trust.install(person.places, machine_wide=False, origins=None, at=NOW)
    (person.home / ".mozilla/firefox/new.default").mkdir(parents=True)
    (person.home / ".mozilla/firefox/profiles.ini").write_text("[Profile0]\nPath=new.default\n")
    assert not trust.status(person.places, machine_wide=None, at=NOW).is_as_wanted
    assert trust.renew(person.places, at=NOW).is_as_wanted


def test_origins_stay_until_others_are_named(person: Person) -> None:
    def skipped() -> object:
        return json.loads((person.root / FIREFOX).read_bytes())["policies"].get("LocalNetworkAccess")

    trust.install(person.places, machine_wide=True, origins=["https://a.example.kz"], at=NOW)
    assert trust.install(person.places, machine_wide=True, origins=None, at=NOW).origins == (
        "https://a.example.kz",
    )
    trust.install(person.places, machine_wide=True, origins=["https://B.example.kz:443"], at=NOW)
    assert skipped() == {"SkipDomains": ["b.example.kz"]}
    assert json.loads((person.root / CHROMIUM).read_bytes())["LoopbackNetworkAllowedForUrls"] == [
        "https://b.example.kz"
    ]
    assert trust.install(person.places, machine_wide=True, origins=[], at=NOW).origins == ()
    assert skipped() is None


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "https://*",
        "https://*.example.kz",
        "https://[*.]example.kz",
        "http://portal.example.kz",
        "portal.example.kz",
        "https://portal.example.kz/path",
        "https://portal.example.kz/",
        "https://localhost",
        "https://127.0.0.1:13579",
        "https://127.1.2.3",
        "https://[::1]",
        "https://agent.localhost",
        "null",
        "file://",
        "",
        "chrome-extension://abcdefgh",
    ],
)
def test_only_named_https_origins_of_other_computers_are_let_through(person: Person, text: str) -> None:
    with pytest.raises(BadInput):
        trust.install(person.places, machine_wide=True, origins=["https://good.example.kz", text], at=NOW)
    assert tree(person.root) == {"etc": "folder"}
    assert not person.state_dir.exists()


def test_a_broken_file_fails_its_own_store_only_and_removal_still_takes_all_back(person: Person) -> None:
    it = person.root / "etc/firefox/policies/policies.json"
    it.parent.mkdir(parents=True)
    it.write_bytes(b"{broken")
    before = tree(person.root)
    report = trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    assert not report.is_as_wanted
    assert [store.store for store in report.stores if store.state is State.FAILED] == ["firefox-policy"]
    assert it.read_bytes() == b"{broken"
    assert trust.remove(person.places, at=NOW).is_as_wanted
    assert tree(person.root) == before


def test_an_authority_that_somebody_else_added_too_is_reported_after_removal(person: Person) -> None:
    trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    it = person.root / "etc/chromium/policies/managed/zz-it.json"
    it.write_text(json.dumps({"CACertificates": certificates(person)}))
    report = trust.remove(person.places, at=NOW)
    found = next(store for store in report.stores if store.browser == "Chromium")
    assert found.state is State.TRUSTED
    assert "somebody else added it" in found.detail
    assert it.exists()


def test_machine_wide_trust_needs_root(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    real_root = dataclasses.replace(person.places, root=Path("/"))
    with pytest.raises(NeedsRoot):
        trust.install(real_root, machine_wide=True, origins=None, at=NOW)


def test_a_person_can_not_let_origins_through(person: Person) -> None:
    with pytest.raises(UnsupportedOperation, match="machine-wide"):
        trust.install(person.places, machine_wide=False, origins=["https://portal.example.kz"], at=NOW)


@pytest.mark.parametrize("system", ["FreeBSD", ""])
def test_elsewhere_the_error_says_that_it_is_not_built(
    person: Person, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    word = f"{system or 'this system'} is not built"
    with pytest.raises(UnsupportedOperation, match=word):
        trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    with pytest.raises(UnsupportedOperation, match=word):
        trust.status(person.places, machine_wide=None, at=NOW)
    with pytest.raises(UnsupportedOperation, match=word):
        trust.renew(person.places, at=NOW)
    with pytest.raises(UnsupportedOperation, match=word):
        trust.remove(person.places, at=NOW)


def on_macos(person: Person, security: FakeSecurity) -> trust.Places:
    system = trust.SystemPlaces(Keychains(person.home, security))
    return dataclasses.replace(person.places, system=system)


def test_a_mac_has_its_own_back_end(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    system = person.places.system
    assert system is not None
    assert isinstance(system.anchors, Keychains)
    assert system.policies is None


@pytest.mark.parametrize("machine_wide", [True, False])
def test_on_a_mac_the_keychain_trusts_the_agent_until_it_is_removed(
    person: Person, machine_wide: bool
) -> None:
    security = FakeSecurity()
    places = on_macos(person, security)
    before, root = tree(person.home), tree(person.root)
    report = trust.install(places, machine_wide=machine_wide, origins=None, at=NOW)
    assert [(store.store, store.state, store.changed) for store in report.stores] == [
        ("keychain", State.TRUSTED, True)
    ]
    assert trust.status(places, machine_wide=None, at=NOW).is_as_wanted
    first = report.identity
    assert first is not None
    # Agents of all people show the machine's.
    assert (first.key_path.stat().st_mode & 0o777) == (0o644 if machine_wide else 0o600)

    renewed = trust.renew(places, at=first.not_after - 60 * DAY)
    assert renewed.is_as_wanted
    assert sum(map(len, security.keychains.values())) == 2
    trust.renew(places, at=first.not_after - 30 * DAY)
    after = trust.renew(places, at=first.not_after)
    assert after.identity is not None
    assert after.identity != first
    assert sum(map(len, security.keychains.values())) == 1

    removed = trust.remove(places, at=first.not_after)
    assert removed.is_as_wanted
    assert not any(security.keychains.values())
    assert security.settings == {True: {}, False: {}}
    assert (tree(person.home), tree(person.root)) == (before, root)
    assert identity.folders(places.tls_dir) == ()


def test_on_a_mac_a_refusal_of_the_person_is_reported_and_tried_again(person: Person) -> None:
    security = FakeSecurity(says_no=True)
    places = on_macos(person, security)
    report = trust.install(places, machine_wide=False, origins=None, at=NOW)
    assert not report.is_as_wanted
    assert "canceled by the user" in report.stores[0].detail
    security.says_no = False
    assert trust.install(places, machine_wide=False, origins=None, at=NOW).is_as_wanted


def test_on_a_mac_origins_come_by_a_profile_only(person: Person) -> None:
    with pytest.raises(UnsupportedOperation, match="admin export --format mobileconfig"):
        trust.install(
            on_macos(person, FakeSecurity()), machine_wide=True, origins=["https://portal.example.kz"], at=NOW
        )
    assert not person.state_dir.exists()


def played_scheduler(words: Sequence[str], tasks: list[str]) -> int:
    name = words[words.index("/TN") + 1]
    if words[0] == "/Create":
        tasks[:] = [name]
    elif name not in tasks:
        return 1
    elif words[0] == "/Delete":
        tasks.remove(name)
    return 0


def test_where_policies_stand_in_a_registry_origins_go_there_and_out_again(person: Person) -> None:
    registry = FakePolicyKeys({"SOFTWARE": {}, "SOFTWARE\\Policies": {}})
    registry.put("SOFTWARE\\Policies\\Microsoft\\Edge\\LoopbackNetworkAllowedForUrls", "1", "https://it.kz")
    before = copy.deepcopy(registry.keys)
    tasks: list[str] = []
    renewal = RenewalTask(lambda words: played_scheduler(words, tasks))
    system = trust.SystemPlaces(Keychains(person.home, FakeSecurity()), registry, renewal)
    places = dataclasses.replace(person.places, system=system)
    report = trust.install(places, machine_wide=True, origins=["https://portal.example.kz:8443"], at=NOW)
    assert report.is_as_wanted, report
    edge = registry.values("SOFTWARE\\Policies\\Microsoft\\Edge\\LoopbackNetworkAllowedForUrls")
    assert edge == {"1": "https://it.kz", "2": "https://portal.example.kz:8443"}
    yandex = registry.values("SOFTWARE\\Policies\\YandexBrowser\\LocalNetworkAccessAllowedForUrls")
    assert yandex == {"1": "https://portal.example.kz:8443"}
    firefox = registry.values("SOFTWARE\\Policies\\Mozilla\\Firefox\\LocalNetworkAccess\\SkipDomains")
    assert firefox == {"1": "portal.example.kz"}
    assert len(tasks) == 1
    assert trust.status(places, machine_wide=None, at=NOW).is_as_wanted
    assert trust.remove(places, at=NOW).is_as_wanted
    assert registry.keys == before
    assert tasks == []


def test_a_scheduler_that_refuses_takes_no_trust_back_and_is_told_of(person: Person) -> None:
    """Windows Installer takes the whole program back where `trust install` ends with an error."""
    tasks: list[str] = []
    system = trust.SystemPlaces(
        Keychains(person.home, FakeSecurity()), FakePolicyKeys(), RenewalTask(lambda _: 1)
    )
    places = dataclasses.replace(person.places, system=system)
    for report in (
        trust.install(places, machine_wide=True, origins=None, at=NOW),
        trust.renew(places, at=NOW),
    ):
        assert report.is_as_wanted
        assert [(store.store, store.detail) for store in report.stores if store.state is State.FAILED] == [
            ("renewal", "schtasks ended with 1")
        ]
        assert any("nothing renews the certificate" in note for note in report.notes)
    assert not trust.status(places, machine_wide=True, at=NOW).is_as_wanted
    works = dataclasses.replace(system, renewal=RenewalTask(lambda words: played_scheduler(words, tasks)))
    report = trust.install(dataclasses.replace(places, system=works), machine_wide=True, origins=None, at=NOW)
    assert not any("nothing renews" in note for note in report.notes)


def test_a_task_that_can_not_be_deleted_keeps_no_key(person: Person) -> None:
    def stubborn(words: Sequence[str]) -> int:
        return int(words[0] == "/Delete")

    system = trust.SystemPlaces(
        Keychains(person.home, FakeSecurity()), FakePolicyKeys(), RenewalTask(stubborn)
    )
    places = dataclasses.replace(person.places, system=system)
    assert trust.install(places, machine_wide=True, origins=None, at=NOW).is_as_wanted
    assert not trust.remove(places, at=NOW).is_as_wanted
    assert modes(person) == {}


def test_a_person_on_windows_needs_no_task(person: Person) -> None:
    tasks: list[str] = []
    renewal = RenewalTask(lambda words: played_scheduler(words, tasks))
    system = trust.SystemPlaces(Keychains(person.home, FakeSecurity()), FakePolicyKeys(), renewal)
    places = dataclasses.replace(person.places, system=system)
    assert trust.install(places, machine_wide=False, origins=None, at=NOW).is_as_wanted
    assert tasks == []
    assert trust.remove(places, at=NOW).is_as_wanted


def test_status_before_anything_was_done_says_so_and_writes_nothing(person: Person) -> None:
    report = trust.status(person.places, machine_wide=True, at=NOW)
    assert not report.is_as_wanted
    assert {store.state for store in report.stores} == {State.ABSENT}
    assert report.notes == ("no TLS identity was issued yet: nothing can be trusted",)
    assert not person.state_dir.exists()


def test_a_report_is_json_able(person: Person) -> None:
    report = trust.install(person.places, machine_wide=True, origins=["https://portal.example.kz"], at=NOW)
    document = json.loads(json.dumps(report.to_json()))
    assert document["as_wanted"] is True
    assert document["identity"]["authority"].startswith("Qalamsap local authority ")
    assert document["stores"][0] == {
        "store": "chromium-policy",
        "browser": "Chromium",
        "path": str(person.root / "etc/chromium/policies/managed"),
        "state": "trusted",
        "changed": True,
        "detail": "",
    }


def modes(person: Person) -> dict[str, int]:
    """Of the keys of all identities, by the identity."""
    keys = sorted(person.places.tls_dir.glob("*/key.pem"))
    return {key.parent.name: key.stat().st_mode & 0o777 for key in keys}


def test_a_machines_identity_is_shared_only_where_that_was_asked_for_and_so_is_the_next_one(
    person: Person,
) -> None:
    trust.install(person.places, machine_wide=True, origins=None, at=NOW)
    assert set(modes(person).values()) == {0o600}
    trust.install(person.places, machine_wide=True, origins=None, at=NOW, shared=True)
    assert set(modes(person).values()) == {0o644}
    assert trust.status(person.places, machine_wide=True, at=NOW).is_as_wanted
    trust.renew(person.places, at=NOW + 765 * DAY)
    assert list(modes(person).values()) == [0o644, 0o644]
    trust.install(person.places, machine_wide=True, origins=None, at=NOW + 765 * DAY)
    assert set(modes(person).values()) == {0o644}


def test_a_persons_own_identity_is_not_shared(person: Person) -> None:
    with pytest.raises(UnsupportedOperation):
        trust.install(person.places, machine_wide=False, origins=None, at=NOW, shared=True)
    assert modes(person) == {}
