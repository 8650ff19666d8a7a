"""Origin headers."""

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import origins
from agent.errors import BadInput
from agent.origins import Origin


@pytest.mark.parametrize(
    ("header", "kind", "canonical", "site"),
    [
        ("https://kds.example.kz", "site", "https://kds.example.kz", "kds.example.kz"),
        ("HTTPS://KDS.Example.KZ", "site", "https://kds.example.kz", "kds.example.kz"),
        ("https://kds.example.kz:443", "site", "https://kds.example.kz", "kds.example.kz"),
        ("https://kds.example.kz.", "site", "https://kds.example.kz", "kds.example.kz"),
        ("https://kds.example.kz:8443", "site", "https://kds.example.kz:8443", "kds.example.kz:8443"),
        (" https://a.kz\t", "site", "https://a.kz", "a.kz"),
        ("https://10.0.0.1", "site", "https://10.0.0.1", "10.0.0.1"),
        ("https://[2001:DB8:0::1]:444", "site", "https://[2001:db8::1]:444", "[2001:db8::1]:444"),
        ("https://xn--80ak6aa92e.kz", "site", "https://xn--80ak6aa92e.kz", "xn--80ak6aa92e.kz"),
        ("http://localhost:3000", "site", "http://localhost:3000", "localhost:3000"),
        ("http://shop.localhost", "site", "http://shop.localhost", "shop.localhost"),
        ("http://127.0.0.1", "site", "http://127.0.0.1", "127.0.0.1"),
        ("http://[::1]:80", "site", "http://[::1]", "[::1]"),
        ("http://example.kz", "unprotected", "http://example.kz", "example.kz"),
        ("http://example.kz:443", "unprotected", "http://example.kz:443", "example.kz:443"),
        ("http://localhost.evil.kz", "unprotected", "http://localhost.evil.kz", "localhost.evil.kz"),
        ("http://128.0.0.1", "unprotected", "http://128.0.0.1", "128.0.0.1"),
        ("null", "file", "", ""),
        ("file://", "file", "", ""),
        ("file://host", "file", "", ""),
        (None, "program", "", ""),
        ([], "program", "", ""),
        (["https://a.kz"], "site", "https://a.kz", "a.kz"),
        ("chrome-extension://abcdef", "program", "chrome-extension://abcdef", ""),
        ("moz-extension://0a-1b:8080", "program", "moz-extension://0a-1b:8080", ""),
    ],
)
def test_an_origin_is_read_into_one_form(header: object, kind: str, canonical: str, site: str) -> None:
    origin = Origin.parse(header)  # type: ignore[arg-type]
    assert (origin.kind, origin.canonical, origin.site) == (kind, canonical, site)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "example.kz",
        "https://",
        "https:///",
        "https://a.kz/",
        "https://a.kz/path",
        "https://user@a.kz",
        "https://a..kz",
        "https://-a.kz",
        "https://a-.kz",
        "https://.",
        "https://a.kz:",
        "https://a.kz:0",
        "https://a.kz:65536",
        "https://a.kz:99999999",
        "https://256.1.1.1",
        "https://1.2.3",
        "https://0x7f.1",
        "https://[::1",
        "https://[zz]",
        "https://[12:34]",
        "https://еgov.kz",
        "https://a.kz https://b.kz",
        "https://a.kz\r\nX: y",
        "https://" + "a" * 64 + ".kz",
        "https://" + "a." * 300 + "kz",
        "java script://x",
        ["https://a.kz", "https://b.kz"],
        ["null", "null"],
    ],
)
def test_junk_and_doubled_headers_are_refused(header: object) -> None:
    with pytest.raises(BadInput) as refusal:
        Origin.parse(header)  # type: ignore[arg-type]
    assert "a.kz" not in refusal.value.detail  # what a page sent stays out of logs


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("https://kds.example.kz", "example.kz"),
        ("https://kds.gov.kz", "kds.gov.kz"),
        ("https://a.b.kds.gov.kz:8443", "kds.gov.kz"),
        ("https://kz", ""),
        ("https://10.0.0.1:444", "10.0.0.1"),
        ("https://[::2]", "[::2]"),
        ("null", ""),
        (None, ""),
        ("chrome-extension://abcdef", ""),
    ],
)
def test_the_registrable_part_is_what_one_owner_registered(header: str | None, expected: str) -> None:
    assert origins.registrable(Origin.parse(header)) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("egov.kz", ""),
        ("әлем.kz", "punycode"),
        ("еgov.kz", "mixed-script"),  # the first letter is Cyrillic
        ("xn--a.kz", "mixed-script"),  # decodes to nothing
    ],
)
def test_a_name_that_may_deceive_is_warned_of(host: str, expected: str) -> None:
    ascii_host = host if host.isascii() else host.encode("idna").decode()
    assert origins.warning(Origin.parse(f"https://{ascii_host}")) == expected


LABELS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=20)
HOSTS = (
    st.lists(LABELS, min_size=1, max_size=4).map(".".join)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map("[{}]".format)
)


@given(st.sampled_from(["http", "https", "HTTPS", "file", "tauri"]), HOSTS, st.none() | st.integers(0, 70000))
def test_the_canonical_form_is_its_own_canonical_form(scheme: str, host: str, port: int | None) -> None:
    try:
        origin = Origin.parse(f"{scheme}://{host}" + ("" if port is None else f":{port}"))
    except BadInput:
        return
    assert origin.canonical == origin.canonical.lower()
    if origin.canonical:
        assert Origin.parse(origin.canonical) == origin


@given(st.text(max_size=60) | st.lists(st.text(max_size=20), max_size=3))
def test_any_header_is_read_or_refused(header: object) -> None:
    with contextlib.suppress(BadInput):
        origin = Origin.parse(header)  # type: ignore[arg-type]
        origins.warning(origin)
        assert origin.canonical.isascii()
