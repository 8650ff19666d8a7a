"""Trust on Windows: its stores through real C function pointers, its registry in memory, its constants from its own headers."""

import dataclasses
import datetime as dt
import platform
from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.localhost import authority, identity, trust, windows
from agent.localhost.errors import NeedsRoot, StoreFailed
from agent.localhost.identity import Identity
from agent.localhost.registry_policies import ROOTS
from agent.localhost.report import State
from agent.localhost.system_store import Anchor
from agent.localhost.windows import PolicyKeys, RootStore
from tests.support.trusting import NOW, Person, tree
from tests.support.windows_system import MACHINE, USER, Certificates, Held, Winreg

EVERYWHERE = pytest.mark.parametrize("machine_wide", [True, False], ids=["machine", "person"])
HRESULT_OF_CANCELLED = 0x800704C7


@pytest.fixture
def system():
    """Windows' stores, with certificates of others in them; at the end every handle is closed."""
    system = Certificates()
    system.stores[MACHINE].append(Held(b"Microsoft's"))
    system.stores[USER].append(Held(b"the person's own"))
    yield system
    assert system.open == {}, "a store stayed open"
    assert system.contexts == {}, "a certificate's memory was not given back"


@pytest.fixture
def issued(tmp_path: Path) -> Identity:
    return authority.issue(tmp_path / "tls", NOW)


@pytest.fixture
def anchor(issued: Identity) -> Anchor:
    return Anchor(issued.authority_name, issued.authority_sha256, issued.authority_path)


def where(machine_wide: bool) -> int:
    return MACHINE if machine_wide else USER


@EVERYWHERE
def test_an_authority_is_put_in_limited_to_tls_servers_and_taken_out_again(
    system, issued, anchor, machine_wide
) -> None:
    store = RootStore(system.library)
    before = {place: [held.der for held in found] for place, found in system.stores.items()}
    assert store.state(anchor, machine_wide=machine_wide) is State.ABSENT
    store.add(anchor, machine_wide=machine_wide)
    assert store.state(anchor, machine_wide=machine_wide) is State.TRUSTED

    held = system.stores[where(machine_wide)][-1]
    assert held.der == identity.authority_der(issued)
    assert held.properties[windows.CERT_ENHKEY_USAGE_PROP_ID] == windows.SERVERS_ONLY
    shown = held.properties[windows.CERT_FRIENDLY_NAME_PROP_ID].decode("utf-16-le")
    assert shown == f"{issued.authority_name}\0"

    assert store.delete(anchor.name, anchor.sha256, machine_wide=machine_wide)
    assert {place: [held.der for held in found] for place, found in system.stores.items()} == before
    assert not store.delete(anchor.name, anchor.sha256, machine_wide=machine_wide)


def test_a_person_s_browser_believes_the_machine_and_not_the_other_way_round(system, anchor) -> None:
    store = RootStore(system.library)
    store.add(anchor, machine_wide=True)
    assert store.state(anchor, machine_wide=False) is State.TRUSTED
    store.delete(anchor.name, anchor.sha256, machine_wide=True)
    store.add(anchor, machine_wide=False)
    assert store.state(anchor, machine_wide=True) is State.ABSENT


def test_a_person_never_takes_out_what_is_the_machine_s(system, anchor) -> None:
    store = RootStore(system.library)
    store.add(anchor, machine_wide=True)
    store.add(anchor, machine_wide=False)
    with pytest.raises(StoreFailed, match="in the machine's store, too"):
        store.delete(anchor.name, anchor.sha256, machine_wide=False)
    assert store.state(anchor, machine_wide=True) is State.TRUSTED


@pytest.mark.parametrize(
    ("usage", "state"),
    [
        (windows.SERVERS_ONLY, State.TRUSTED),
        (None, State.TRUSTED),  # the limit in the certificate itself holds
        (bytes.fromhex("3000"), State.PARTLY),  # "disable all purposes for this certificate"
        (bytes.fromhex("301406082b0601050507030106082b06010505070302"), State.PARTLY),  # TLS clients, too
    ],
)
def test_another_purpose_in_the_store_is_noticed(system, anchor, usage, state) -> None:
    store = RootStore(system.library)
    store.add(anchor, machine_wide=True)
    properties = system.stores[MACHINE][-1].properties
    del properties[windows.CERT_ENHKEY_USAGE_PROP_ID]
    if usage is not None:
        properties[windows.CERT_ENHKEY_USAGE_PROP_ID] = usage
    assert store.state(anchor, machine_wide=True) is state


@pytest.mark.parametrize(
    ("function", "error", "kind", "words"),
    [
        ("CertOpenStore", 5, NeedsRoot, r"LocalMachine\\Root can't be opened: Windows lets administrators"),
        ("CertOpenStore", 0x80070005, NeedsRoot, "administrators"),
        ("CertAddEncodedCertificateToStore", 1223, StoreFailed, "not added: the person said no"),
        ("CertAddEncodedCertificateToStore", HRESULT_OF_CANCELLED, StoreFailed, "the person said no"),
        ("CertAddEncodedCertificateToStore", 0x80092009, StoreFailed, "error 0x80092009 of Windows"),
        ("CertSetCertificateContextProperty", 5, NeedsRoot, "added, but not limited to TLS servers"),
    ],
)
def test_a_refusal_says_what_it_was(system, anchor, *, function, error, kind, words) -> None:
    system.refuses[function] = error
    with pytest.raises(kind, match=words):
        RootStore(system.library).add(anchor, machine_wide=True)


def test_a_refused_deletion_and_an_unreadable_purpose_are_told(system, anchor) -> None:
    store = RootStore(system.library)
    store.add(anchor, machine_wide=True)
    system.refuses = {"CertDeleteCertificateFromStore": HRESULT_OF_CANCELLED}
    with pytest.raises(StoreFailed, match="was not taken out: the person said no"):
        store.delete(anchor.name, anchor.sha256, machine_wide=True)
    system.refuses = {"CertGetCertificateContextProperty": 8}
    with pytest.raises(StoreFailed, match="purpose can't be read: error 0x00000008"):
        store.state(anchor, machine_wide=True)


def test_what_is_no_certificate_is_not_given_to_windows(system, anchor, tmp_path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    with pytest.raises(StorageFailed, match="is no certificate"):
        RootStore(system.library).add(Anchor("x", "0", tmp_path / "x.pem"), machine_wide=True)
    assert len(system.stores[MACHINE]) == 1


@pytest.mark.skipif(platform.system() == "Windows", reason="about other systems")
def test_other_systems_have_neither_store_nor_registry() -> None:
    with pytest.raises(StorageFailed, match=r"no crypt32\.dll"):
        RootStore()
    with pytest.raises(StorageFailed, match="no registry"):
        PolicyKeys()
    assert not windows.is_administrator()


@pytest.mark.skipif(platform.system() == "Windows", reason="a stand-in for Windows' program")
def test_sharing_is_asked_of_icacls_for_the_group_by_its_number(tmp_path) -> None:
    program = tmp_path / "icacls"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.words"\ntest -d "$1"\n')
    program.chmod(0o755)
    windows.let_everybody_read(tmp_path, str(program))
    words = (tmp_path / "icacls.words").read_text().split("\n")
    assert words[:4] == [str(tmp_path), "/grant", "*S-1-5-32-545:(OI)(CI)RX", "/T"]
    with pytest.raises(StorageFailed, match="icacls ended with 1"):
        windows.let_everybody_read(tmp_path / "missing", str(program))
    with pytest.raises(StorageFailed, match="can't be shared"):
        windows.let_everybody_read(tmp_path, str(tmp_path / "none"))


# --- the registry -----------------------------------------------------------------------------------------------


def test_a_text_in_the_registry_is_put_in_and_taken_out_with_the_keys_made_for_it() -> None:
    registry = Winreg()
    before = dict(registry.keys)
    keys = PolicyKeys(registry)
    key = f"{ROOTS['chrome'].key}\\LoopbackNetworkAllowedForUrls"
    assert keys.values(key) is None
    keys.put(key, "1", "https://a.kz")
    keys.put(key, "2", "https://b.kz")
    assert keys.values(key.upper()) == {"1": "https://a.kz", "2": "https://b.kz"}
    keys.delete_if_empty(key)
    keys.delete_value(key, "1")
    keys.delete_value(key, "1")
    assert keys.values(key) == {"2": "https://b.kz"}
    keys.delete_value(key, "2")
    keys.delete_if_empty(ROOTS["chrome"].key)
    assert keys.values(key) == {}, "a key that holds another is not empty"
    for made in (key, ROOTS["chrome"].key, f"{ROOTS['chrome'].key[:-7]}", key):
        keys.delete_if_empty(made)
    assert registry.keys == before
    keys.delete_value(key, "1")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(PermissionError(5, "Access is denied"), NeedsRoot), (OSError(1018, "gone"), StoreFailed)],
)
def test_a_registry_that_refuses_is_told_with_the_key(error, kind) -> None:
    registry = Winreg()
    registry.refuses = error
    for change in (
        lambda keys: keys.put("SOFTWARE\\Policies\\X", "1", "t"),
        lambda keys: keys.delete_value("SOFTWARE\\Policies", "1"),
        lambda keys: keys.delete_if_empty("SOFTWARE\\Policies"),
    ):
        with pytest.raises(kind, match=r"HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies"):
            change(PolicyKeys(registry))


# --- the whole command ------------------------------------------------------------------------------------------


def test_install_renew_and_remove_for_the_machine_leave_what_others_have(system, person: Person) -> None:
    registry = Winreg()
    listing = f"{ROOTS['chrome'].key}\\LoopbackNetworkAllowedForUrls"
    PolicyKeys(registry).put(listing, "1", "https://it.example.kz")
    before = {key: dict(values) for key, values in registry.keys.items()}
    stores = {place: list(found) for place, found in system.stores.items()}
    places = on_windows(person, system, registry)

    first = trust.install(places, machine_wide=True, origins=["https://portal.example.kz"], at=NOW)
    assert first.is_as_wanted, first
    assert registry.keys[listing.lower()] == {"1": "https://it.example.kz", "2": "https://portal.example.kz"}
    assert trust.status(places, machine_wide=True, at=NOW).is_as_wanted
    assert first.identity is not None
    later = first.identity.not_after - dt.timedelta(days=50)
    assert trust.renew(places, at=later).is_as_wanted
    assert len(system.stores[MACHINE]) == 3, "both authorities are trusted until the old one ends"

    assert trust.remove(places, at=later).is_as_wanted
    assert {key: dict(values) for key, values in registry.keys.items()} == before
    assert system.stores == stores
    assert not any(path.is_file() for path in person.state_dir.rglob("*") if path.name != "trust.lock")


def test_a_person_s_install_touches_only_their_store(system, person: Person) -> None:
    registry = Winreg()
    places = on_windows(person, system, registry)
    before = tree(person.root)
    assert trust.install(places, machine_wide=False, origins=None, at=NOW).is_as_wanted
    assert (len(system.stores[USER]), len(system.stores[MACHINE])) == (2, 1)
    assert trust.remove(places, at=NOW).is_as_wanted
    assert (len(system.stores[USER]), len(system.stores[MACHINE])) == (1, 1)
    assert set(registry.keys) == {"software", "software\\policies"}
    assert tree(person.root) == before


def test_a_person_who_says_no_to_windows_leaves_nothing_behind(system, person: Person) -> None:
    places = on_windows(person, system, Winreg())
    system.refuses["CertAddEncodedCertificateToStore"] = HRESULT_OF_CANCELLED
    report = trust.install(places, machine_wide=False, origins=None, at=NOW)
    assert [(store.state, "said no" in store.detail) for store in report.stores] == [(State.FAILED, True)]
    assert trust.remove(places, at=NOW).notes == ("nothing of ours is in any store",)


def on_windows(person: Person, system: Certificates, registry: Winreg) -> trust.Places:
    stores = trust.SystemPlaces(RootStore(system.library), PolicyKeys(registry))
    return dataclasses.replace(person.places, system=stores)
