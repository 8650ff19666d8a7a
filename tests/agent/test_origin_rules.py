"""Which callers the texts of allowed_origins and blocked_origins mean."""

import pytest

from agent.errors import BadInput
from agent.origin_rules import OriginRule
from agent.origins import Origin


def matches(rule: str, header: str | None) -> bool:
    return OriginRule.parse(rule).matches(Origin.parse(header))


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        ("https://x.kz", "https://x.kz"),
        ("https://X.kz:443", "https://x.KZ."),
        ("https://x.kz:8443", "https://x.kz:8443"),
        ("https://x.kz:*", "https://x.kz"),
        ("https://x.kz:*", "https://x.kz:8443"),
        ("https://*.x.kz", "https://a.x.kz"),
        ("https://*.x.kz", "https://a.b.x.kz"),
        ("https://*.x.kz:*", "https://a.x.kz:1"),
        ("https://*.x.kz:8443", "https://a.x.kz:8443"),
        ("http://x.kz", "http://x.kz"),
        ("http://localhost:*", "http://localhost:5000"),
        ("https://[::1]:*", "https://[0:0::1]:5"),
        ("program", None),
        ("file", "null"),
        ("FILE", "file://"),
        ("chrome-extension://abc", "chrome-extension://abc"),
    ],
)
def test_who_is_meant(rule: str, header: str | None) -> None:
    assert matches(rule, header)


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        ("https://x.kz", "https://x.kz:8443"),
        ("https://x.kz", "http://x.kz"),
        ("https://x.kz", "https://a.x.kz"),
        ("https://x.kz", "https://ax.kz"),
        ("https://x.kz", "https://x.kz.evil.com"),
        ("https://x.kz", None),
        ("https://x.kz", "null"),
        ("https://*.x.kz", "https://x.kz"),
        ("https://*.x.kz", "https://evilx.kz"),
        ("https://*.x.kz", "http://a.x.kz"),
        ("https://*.x.kz", "https://a.x.kz:8443"),
        ("https://x.kz:*", "https://y.kz"),
        ("http://localhost:*", "https://localhost:5000"),
        ("program", "chrome-extension://abc"),
        ("program", "https://x.kz"),
        ("program", "null"),
        ("file", None),
        ("chrome-extension://abc", "chrome-extension://abd"),
    ],
)
def test_who_is_not(rule: str, header: str | None) -> None:
    assert not matches(rule, header)


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "x.kz", "https://", "https://*", "https://*.*.kz", "https://a.*.kz", "https://x.kz/path", "https://x.kz:99999",
        "https://*.127.0.0.1", "https://*.[::1]", "chrome-extension://abc:*", "https://x.kz:**", "programs", "https://x kz",
    ],
)  # fmt: skip
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(BadInput):
        OriginRule.parse(text)
