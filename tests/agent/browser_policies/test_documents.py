"""Files for Linux and macOS, read back by other readers than what wrote them."""

import json
import plistlib
import uuid
from pathlib import Path

from agent.browser_policies import documents
from agent.browser_policies.browsers import BROWSERS
from agent.browser_policies.wanted import Wanted
from agent.localhost import policy_file

PORTAL = "https://portal.example.kz"
WANTED = Wanted((PORTAL,))
WITH_AUTHORITY = Wanted((PORTAL,), (("12ab34cd", b"\1\2"),))
EVERYBODY = list(BROWSERS.values())


def test_each_browser_gets_its_file_where_it_looks_on_linux() -> None:
    found = {each.path: each.octets for each in documents.for_linux(EVERYBODY, WANTED)}
    assert list(found) == [
        "etc/opt/chrome/policies/managed/qalamsap.json",
        "etc/opt/edge/policies/managed/qalamsap.json",
        "etc/opt/yandex/browser/policies/managed/qalamsap.json",
        "etc/chromium/policies/managed/qalamsap.json",
        "etc/firefox/policies/policies.json",
    ]
    assert json.loads(found["etc/opt/edge/policies/managed/qalamsap.json"]) == {
        "LoopbackNetworkAllowedForUrls": [PORTAL],
        "LocalNetworkAccessAllowedForUrls": [PORTAL],
    }
    assert json.loads(found["etc/firefox/policies/policies.json"]) == {
        "policies": {"LocalNetworkAccess": {"SkipDomains": ["portal.example.kz"]}}
    }


def test_an_authority_comes_in_the_list_and_beside_firefoxs_file() -> None:
    found = {each.path: each.octets for each in documents.for_linux(EVERYBODY, WITH_AUTHORITY)}
    assert json.loads(found["etc/chromium/policies/managed/qalamsap.json"])["CACertificates"] == ["AQI="]
    policies = json.loads(found["etc/firefox/policies/policies.json"])["policies"]
    named = policies["Certificates"]["Install"][0]
    assert found[named.lstrip("/")].startswith(b"-----BEGIN CERTIFICATE-----")


def test_macos_gets_one_property_list_a_domain() -> None:
    found = {
        each.path: plistlib.loads(each.octets) for each in documents.for_macos(EVERYBODY, WITH_AUTHORITY)
    }
    place = "Library/Managed Preferences"
    assert set(found) == {
        f"{place}/{domain}.plist"
        for domain in (
            "com.google.Chrome",
            "com.microsoft.Edge",
            "ru.yandex.desktop.yandex-browser",
            "org.chromium.Chromium",
            "org.mozilla.firefox",
        )
    }
    assert found[f"{place}/com.google.Chrome.plist"] == {
        "CACertificates": ["AQI="],
        "LoopbackNetworkAllowedForUrls": [PORTAL],
        "LocalNetworkAccessAllowedForUrls": [PORTAL],
    }
    assert found[f"{place}/org.mozilla.firefox.plist"] == {
        "EnterprisePoliciesEnabled": True,
        "LocalNetworkAccess": {"SkipDomains": ["portal.example.kz"]},
    }


def test_a_profile_holds_a_payload_for_each_browser_and_authority() -> None:
    document = documents.profile(EVERYBODY, WITH_AUTHORITY)
    profile = plistlib.loads(document.octets)
    payloads = profile["PayloadContent"]
    assert [payload["PayloadType"] for payload in payloads] == [
        "com.apple.security.root",
        *(browser.macos for browser in EVERYBODY),
    ]
    assert profile["PayloadType"] == "Configuration"
    assert profile["PayloadScope"] == "System"
    for each in (profile, *payloads):
        assert each["PayloadVersion"] == 1
        assert uuid.UUID(each["PayloadUUID"]).version == 5
    assert len({each["PayloadUUID"] for each in (profile, *payloads)}) == len(payloads) + 1
    assert len({each["PayloadIdentifier"] for each in (profile, *payloads)}) == len(payloads) + 1
    assert payloads[0]["PayloadContent"].startswith(b"-----BEGIN CERTIFICATE-----")
    assert payloads[1]["LoopbackNetworkAllowedForUrls"] == [PORTAL]
    assert payloads[-1]["EnterprisePoliciesEnabled"] is True


def test_the_same_words_make_the_same_profile_and_others_another() -> None:
    first, again = (documents.profile(EVERYBODY, WANTED) for _ in range(2))
    assert first == again
    other = plistlib.loads(documents.profile(EVERYBODY, Wanted(("https://b.kz",))).octets)
    one = plistlib.loads(first.octets)
    assert one["PayloadIdentifier"] == other["PayloadIdentifier"]
    assert one["PayloadUUID"] != other["PayloadUUID"]


def test_the_form_of_a_file_is_known_by_its_format_or_its_ending() -> None:
    assert documents.form_of(Path("a"), "plist") is policy_file.PROPERTY_LIST
    assert documents.form_of(Path("a.plist"), "json") is policy_file.PROPERTY_LIST
    assert documents.form_of(Path("a.json"), "json") is policy_file.JSON
