import json

import pytest

from agent.doctor import access
from agent.doctor.browsers import KINDS, Browser

BY_NAME = {kind.name: kind for kind in KINDS}


def browser(name, major, confined=""):
    return Browser(BY_NAME[name], f"{major}.0.1" if major else "", major, confined)


def look(folder, *installed):
    found = access.browsers(installed, folder / "config", folder)
    return [(each.what, each.code, each.state) for each in found]


def put_policy(folder, name, document, where="etc/chromium/policies/managed"):
    path = folder / where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def put_profile(folder, profile, document):
    path = folder / "config/chromium" / profile / "Preferences"
    path.parent.mkdir(parents=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def refusing(**exceptions):
    return {"profile": {"content_settings": {"exceptions": exceptions}}}


@pytest.mark.parametrize(
    ("name", "major", "code"),
    [
        ("Chromium", 146, "open"), ("Chromium", 147, "asks"), ("Google Chrome", 156, "asks"), ("Firefox", 153, "open"),
        ("Firefox", 154, "asks"), ("Yandex Browser", 0, "may-ask"), ("Firefox", 0, "may-ask"),
    ],
)  # fmt: skip
def test_whether_a_browser_asks_is_known_by_its_version(tmp_path, name, major, code):
    assert look(tmp_path, browser(name, major)) == [("browser", code, "ok")]


def test_sites_that_a_policy_lets_in_are_counted_and_not_named(tmp_path):
    sites = ["https://kds.ismet.kz", "https://egov.kz"]
    put_policy(tmp_path, "a.json", {"LoopbackNetworkAllowedForUrls": ["https://replaced.kz"]})
    put_policy(
        tmp_path,
        "b.json",
        {"LoopbackNetworkAllowedForUrls": sites, "LocalNetworkAccessAllowedForUrls": sites[:1]},
    )
    (found,) = access.browsers([browser("Chromium", 156)], tmp_path, tmp_path)
    assert (found.code, found.values["count"]) == ("allowed", 2)
    assert "ismet" not in f"{found}"


def test_a_policy_that_keeps_sites_away_is_trouble(tmp_path):
    put_policy(tmp_path, "a.json", {"LoopbackNetworkBlockedForUrls": ["*"]})
    assert look(tmp_path, browser("Chromium", 156)) == [("access", "blocked", "trouble")]
    assert look(tmp_path, browser("Google Chrome", 156)) == [("browser", "asks", "ok")]
    assert look(tmp_path, browser("Chromium", 156, "flatpak")) == [("browser", "asks", "ok")]


@pytest.mark.parametrize("document", ["{", "[]", '{"LoopbackNetworkAllowedForUrls": "x"}'])
def test_a_policy_that_can_not_be_read_says_nothing(tmp_path, document):
    put_policy(tmp_path, "a.json", document)
    assert look(tmp_path, browser("Chromium", 156)) == [("browser", "asks", "ok")]


def test_firefox_has_one_file_of_policies(tmp_path):
    document = {"policies": {"LocalNetworkAccess": {"SkipDomains": ["kds.ismet.kz"]}}}
    put_policy(tmp_path, "policies.json", document, "usr/lib/firefox/distribution")
    assert look(tmp_path, browser("Firefox", 154)) == [("browser", "allowed", "ok")]
    put_policy(tmp_path, "policies.json", {}, "etc/firefox/policies")
    assert look(tmp_path, browser("Firefox", 154)) == [("browser", "asks", "ok")]


def test_sites_that_were_refused_are_counted_in_all_profiles_and_not_named(tmp_path):
    site, other = "https://kds.ismet.kz:443,*", "https://egov.kz:443,*"
    put_profile(
        tmp_path,
        "Default",
        refusing(
            loopback_network={site: {"setting": 2}, other: {"setting": 1}},
            local_network_access={site: {"setting": 2}},
        ),
    )
    put_profile(tmp_path, "Profile 1", refusing(local_network_access={other: {"setting": 2}}))
    found = access.browsers([browser("Chromium", 156)], tmp_path / "config", tmp_path)
    refused = found[1]
    assert (refused.code, refused.state, refused.values["count"]) == ("refused", "hint", 2)
    assert "ismet" not in f"{found}"


@pytest.mark.parametrize(
    "document",
    ["", "[1]", '{"profile": 1}', '{"profile": {"content_settings": {"exceptions": {"loopback_network": []}}}}',
     '{"profile": {"content_settings": {"exceptions": {"loopback_network": {"https://a.kz,*": 2}}}}}'],
)  # fmt: skip
def test_preferences_of_another_form_say_nothing(tmp_path, document):
    put_profile(tmp_path, "Default", document)
    assert access.refusals(tmp_path / "config/chromium") == 0
