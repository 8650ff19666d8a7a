"""Which servers may be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import fetch_hosts
from agent.fetch_hosts import Proxy, Rule, Target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://ocsp.pki.gov.kz", Target("http", "ocsp.pki.gov.kz", 80, "/")),
        ("HTTP://OCSP.pki.gov.kz/", Target("http", "ocsp.pki.gov.kz", 80, "/")),
        ("https://a.kz/x?y=%41#z", Target("https", "a.kz", 443, "/x?y=%41")),
        ("http://a.kz:8080?x", Target("http", "a.kz", 8080, "/?x")),
        ("http://crl.pki.gov.kz/*.crl", Target("http", "crl.pki.gov.kz", 80, "/*.crl")),
        ("http://[2001:DB8::0]:81/", Target("http", "2001:db8::", 81, "/")),
    ],
)
def test_a_url_has_four_parts(url: str, target: Target) -> None:
    assert fetch_hosts.split(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.kz",
        "//a.kz/",
        "ftp://a.kz/",
        "file:///etc/passwd",
        "ldap://a.kz/cn=x",
        "http;//pki.gov.kz/cps",
        " http://a.kz/",
        "http://a.kz/ x",
        "http://a.kz/\r\nX: y",
        "http://user@a.kz/",
        "http://pki.gov.kz@evil.example/",
        "http://evil.example\\@pki.gov.kz/",
        "http://a.kz:0/",
        "http://a.kz:65536/",
        "http://a.kz:/",
        "http://қаз.kz/",
        "http://a..kz/",
        "http://a.kz./",
        "http://-a.kz/",
        "http://[::1/",
        "http://[1:2]/",
        "http://[::ffff:1.2.3.4.5]/",
        "http://a.kz/" + "x" * 2000,
        "http://" + ".".join(["a" * 60] * 5) + "/",
    ],
)
def test_what_is_no_url_of_a_web_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        fetch_hosts.split(url)


@given(st.text() | st.from_regex(fetch_hosts._URL, fullmatch=True))
def test_a_url_is_refused_or_written_as_one_that_means_the_same(url: str) -> None:
    try:
        target = fetch_hosts.split(url)
    except ValueError:
        return
    assert fetch_hosts.split(target.url) == target


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        (
            "a.kz",
            ["http://a.kz/", "https://A.kz/", "http://a.kz:443/"],
            ["http://b.kz/", "http://x.a.kz/", "http://a.kz:81/", "http://a.kz.evil.example/"],
        ),
        (
            "*.a.kz",
            ["http://x.a.kz/", "https://y.x.a.kz/"],
            ["http://a.kz/", "http://xa.kz/", "http://x.a.kz:8080/", "http://x.a.kz.evil.example/"],
        ),
        ("a.kz:8080", ["http://a.kz:8080/", "https://a.kz:8080/"], ["http://a.kz/", "http://x.a.kz:8080/"]),
        ("[::1]:81", ["http://[0:0::1]:81/"], ["http://[::1]/", "http://[::2]:81/"]),
    ],
)
def test_a_rule_means_hosts_and_ports(rule: str, allowed: list[str], refused: list[str]) -> None:
    parsed = fetch_hosts.parse_rule(rule)
    assert [url for url in allowed + refused if parsed.allows(fetch_hosts.split(url))] == allowed


@pytest.mark.parametrize(
    "text", ["", "*", "*.", "a.*.kz", "*.a.kz:80", "http://a.kz", "a.kz/", "a.kz:0", "a kz", "*.[::1]", "::1"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        fetch_hosts.parse_rule(text)


PUBLIC = ["93.184.215.14", "2a00:1450:4001:813::200e", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]
PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "240.0.0.1",
    "::1", "fc00::1", "fd12::1", "fec0::1", "2001:db8::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378::1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "::", "169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "ff02::1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
]  # fmt: skip


def test_a_host_of_the_list_lies_at_a_public_address() -> None:
    rule = Rule("a.kz")
    assert [address for address in PUBLIC + PRIVATE + NEVER if rule.allows_address(address)] == PUBLIC


def test_a_host_that_is_listed_with_its_port_may_lie_in_a_private_network() -> None:
    rule = Rule("a.kz", 80)
    found = [address for address in PUBLIC + PRIVATE + NEVER if rule.allows_address(address)]
    assert found == PUBLIC + PRIVATE


def test_the_most_exact_rule_counts() -> None:
    exact, broad = Rule("tsp.pki.gov.kz", 80), Rule("pki.gov.kz", means_below=True)
    target = fetch_hosts.split("http://tsp.pki.gov.kz/")
    assert fetch_hosts.rule_for(target, [broad, exact]) == exact
    assert fetch_hosts.rule_for(target, [broad]) == broad
    assert fetch_hosts.rule_for(target, []) is None
    assert fetch_hosts.rule_of("http://tsp.pki.gov.kz/x") == exact


@pytest.mark.parametrize(
    "url",
    [
        "http://ocsp.pki.gov.kz",
        "http://tsp.pki.gov.kz:80",
        "http://test.pki.gov.kz/ocsp/",
        "http://pki.gov.kz/cert/nca_gost_2022.cer",
        "http://crl1.pki.gov.kz/nca_rsa.crl",
        "http://root.gov.kz/cert/root_rsa_2020.cer",
        "http://crl.root.gov.kz/rsa2020.crl",
    ],
)
def test_the_servers_that_national_certificates_name_may_be_asked(url: str) -> None:
    rule = fetch_hosts.rule_for(fetch_hosts.split(url), fetch_hosts.national())
    assert rule is not None
    assert not rule.allows_address("127.0.0.1")


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.kz:3128", Proxy("proxy.kz", 3128)),
        ("http://proxy.kz/", Proxy("proxy.kz", 80)),
        ("10.0.0.1:3128", Proxy("10.0.0.1", 3128)),
        ("http://me:p%40ss@proxy.kz:3128", Proxy("proxy.kz", 3128, "me", "p@ss")),
        ("http://[::1]:3128", Proxy("::1", 3128)),
    ],
)
def test_a_proxy_is_written_as_a_url(text: str, proxy: Proxy) -> None:
    assert fetch_hosts.parse_proxy(text) == proxy
    assert "p@ss" not in repr(proxy)


@pytest.mark.parametrize("text", ["", "https://a.kz:1", "socks5://a.kz:1", "http://a.kz/x", "http://a.kz:x"])
def test_what_is_no_http_proxy_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        fetch_hosts.parse_proxy(text)


def test_this_computer_is_known_by_its_names() -> None:
    hosts = ["127.0.0.1", "127.1.1.1", "::1", "localhost", "10.0.0.1", "pki.gov.kz"]
    assert [host for host in hosts if fetch_hosts.is_this_computer(host)] == hosts[:4]
