"""Which texts belong into which list."""

from agent.browser_policies.browsers import BROWSERS
from agent.browser_policies.wanted import Wanted, outranked
from agent.localhost.record import Addition

PORTAL = "https://portal.example.kz:8443"


def test_chromiums_lists_have_the_names_that_chromium_knows() -> None:
    wanted = Wanted((PORTAL,), (("12ab34cd", b"\1\2"),))
    expected = (
        Addition(("CACertificates",), "AQI="),
        Addition(("LoopbackNetworkAllowedForUrls",), PORTAL),
        Addition(("LocalNetworkAccessAllowedForUrls",), PORTAL),
    )
    for key in ("chrome", "edge", "yandex", "chromium"):
        assert wanted.additions(BROWSERS[key]) == expected
        assert wanted.additions_of_system(BROWSERS[key]) == expected


def test_firefox_takes_hosts_and_reads_the_systems_authorities_but_on_linux() -> None:
    wanted = Wanted((PORTAL, "https://portal.example.kz"), (("12ab34cd", b"\1\2"),))
    firefox = BROWSERS["firefox"]
    assert wanted.additions(firefox) == (
        Addition(("policies", "Certificates", "Install"), "/etc/firefox/policies/qalamsap-12ab34cd.pem"),
        Addition(("policies", "LocalNetworkAccess", "SkipDomains"), "portal.example.kz"),
    )
    assert wanted.additions_of_system(firefox) == (
        Addition(("LocalNetworkAccess", "SkipDomains"), "portal.example.kz"),
    )
    assert [name for name, _ in wanted.certificate_files()] == ["qalamsap-12ab34cd.pem"]
    assert wanted.certificates() == (
        ("12ab34cd", b"-----BEGIN CERTIFICATE-----\nAQI=\n-----END CERTIFICATE-----\n"),
    )


def test_a_list_that_outranks_ours_is_told_where_it_may_concern_the_origin() -> None:
    lists = {
        "LoopbackNetworkBlockedForUrls": ["*"],
        "LocalNetworkAccessBlockedForUrls": [PORTAL],
        "LoopbackNetworkAllowedForUrls": [PORTAL],
    }
    assert outranked(lists, [PORTAL]) == (
        "LoopbackNetworkBlockedForUrls",
        "LocalNetworkAccessBlockedForUrls",
    )
    assert outranked({"LoopbackNetworkBlockedForUrls": ["https://other.kz", 7]}, [PORTAL]) == ()
    assert outranked({"LoopbackNetworkBlockedForUrls": "*"}, [PORTAL]) == ()
