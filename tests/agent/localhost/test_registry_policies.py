"""Policies in the registry: numbered beside IT's own, and taken out again exactly."""

import copy
from pathlib import Path

import pytest

from agent.localhost import registry_policies
from agent.localhost.record import Record, RegistryValue
from agent.localhost.registry_policies import ListedText
from agent.localhost.report import State
from tests.support.fake_policy_keys import FakePolicyKeys

CHROME = "SOFTWARE\\Policies\\Google\\Chrome"
LOOPBACK = f"{CHROME}\\LoopbackNetworkAllowedForUrls"
FIREFOX = "SOFTWARE\\Policies\\Mozilla\\Firefox\\LocalNetworkAccess\\SkipDomains"
PORTAL = "https://portal.example.kz"


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path)


def wanted(*texts: str) -> tuple[ListedText, ...]:
    return tuple(ListedText(LOOPBACK, text) for text in texts)


def clean() -> FakePolicyKeys:
    return FakePolicyKeys({"SOFTWARE": {}, "SOFTWARE\\Policies": {}})


def test_in_an_empty_registry_keys_are_made_and_go_again(record: Record) -> None:
    registry = clean()
    before = copy.deepcopy(registry.keys)
    texts = (*wanted(PORTAL, "https://b.kz"), ListedText(FIREFOX, "portal.example.kz"))
    reports = registry_policies.install(registry, texts, record)
    assert [(each.browser, each.state, each.changed) for each in reports] == [
        ("Google Chrome", State.TRUSTED, True),
        ("Firefox", State.TRUSTED, True),
    ]
    assert registry.keys[LOOPBACK] == {"1": PORTAL, "2": "https://b.kz"}
    assert registry.keys[FIREFOX] == {"1": "portal.example.kz"}
    assert {each.state for each in registry_policies.remove(registry, record)} == {State.ABSENT}
    assert registry.keys == before
    assert record.contents.is_empty


def test_its_own_list_keeps_its_numbers_and_comes_back_as_it_was(record: Record, tmp_path: Path) -> None:
    registry = clean()
    registry.put(LOOPBACK.upper(), "1", "https://it.kz")
    registry.put(LOOPBACK.upper(), "3", "https://intranet.kz")
    before = copy.deepcopy(registry.keys)
    registry_policies.install(registry, wanted("https://it.kz", PORTAL), record)
    assert registry.values(LOOPBACK) == {"1": "https://it.kz", "2": PORTAL, "3": "https://intranet.kz"}
    assert [value.text for value in record.contents.registry_values] == [PORTAL], "what was there is not ours"
    (again,) = registry_policies.install(registry, wanted("https://it.kz", PORTAL), record)
    assert not again.changed
    registry_policies.remove(registry, Record(tmp_path))
    assert registry.keys == before


def test_what_is_not_wanted_any_more_goes_and_made_keys_are_handed_on(record: Record) -> None:
    registry = clean()
    before = copy.deepcopy(registry.keys)
    registry_policies.install(registry, wanted("https://a.kz", "https://b.kz"), record)
    registry_policies.install(registry, wanted("https://b.kz"), record)
    assert registry.values(LOOPBACK) == {"2": "https://b.kz"}
    registry_policies.install(registry, wanted("https://b.kz", "https://c.kz"), record)
    assert registry.values(LOOPBACK) == {"2": "https://b.kz", "1": "https://c.kz"}
    registry_policies.remove(registry, record)
    assert registry.keys == before


def test_keys_that_are_handed_on_more_than_once_go_with_the_last_of_ours(record: Record) -> None:
    registry = clean()
    before = copy.deepcopy(registry.keys)
    other_list = f"{CHROME}\\LocalNetworkAccessAllowedForUrls"

    def both(*texts: str) -> tuple[ListedText, ...]:
        return (*wanted(*texts), *(ListedText(other_list, text) for text in texts))

    registry_policies.install(registry, both(PORTAL, "https://b.kz"), record)
    registry_policies.install(registry, both("https://b.kz"), record)
    registry_policies.remove(registry, record)
    assert registry.keys == before
    assert record.contents.registry_values == ()


def test_a_value_that_somebody_else_wrote_over_ours_stays(record: Record) -> None:
    registry = clean()
    registry_policies.install(registry, wanted(PORTAL), record)
    registry.put(LOOPBACK, "1", "https://it.kz")
    (report,) = registry_policies.remove(registry, record)
    assert (report.state, report.changed) == (State.ABSENT, False)
    assert registry.values(LOOPBACK) == {"1": "https://it.kz"}
    assert record.contents.is_empty


def test_what_others_put_into_keys_that_we_made_keeps_them(record: Record) -> None:
    registry = clean()
    registry_policies.install(registry, wanted(PORTAL), record)
    registry.put(CHROME, "HomepageLocation", "https://it.kz")
    registry_policies.remove(registry, record)
    assert registry.values(CHROME) == {"HomepageLocation": "https://it.kz"}
    assert registry.values(LOOPBACK) is None


def test_a_browser_that_fails_does_not_keep_the_others(record: Record) -> None:
    registry = clean()
    registry.refused = frozenset({LOOPBACK})
    texts = (*wanted(PORTAL), ListedText(FIREFOX, "portal.example.kz"))
    reports = registry_policies.install(registry, texts, record)
    assert [each.state for each in reports] == [State.FAILED, State.TRUSTED]
    assert "is denied" in reports[0].detail
    registry_policies.remove(registry, record)
    assert registry.values(FIREFOX) is None


def test_status_says_how_each_browser_stands(record: Record) -> None:
    registry = clean()
    (absent,) = registry_policies.status(registry, wanted(PORTAL))
    assert absent.state is State.ABSENT
    registry.put(LOOPBACK, "7", PORTAL)
    (there,) = registry_policies.status(registry, wanted(PORTAL))
    assert there.state is State.TRUSTED
    (partly,) = registry_policies.status(registry, wanted(PORTAL, "https://b.kz"))
    assert (partly.state, partly.detail) == (State.PARTLY, "lacks LoopbackNetworkAllowedForUrls")


def test_a_plan_names_free_numbers_and_the_keys_it_makes() -> None:
    texts = registry_policies.listed("edge", [(("LoopbackNetworkAllowedForUrls",), PORTAL)])
    edge = "SOFTWARE\\Policies\\Microsoft\\Edge"
    assert registry_policies.keys_of(texts) == (
        "SOFTWARE\\Policies\\Microsoft",
        edge,
        f"{edge}\\LoopbackNetworkAllowedForUrls",
    )
    present = {"SOFTWARE\\Policies\\Microsoft": {}, edge: None}
    assert registry_policies.plan(present, texts) == (
        RegistryValue(texts[0].key, "1", PORTAL, (edge, texts[0].key)),
    )
