"""Which texts belong into which list of a browser's policies. The names of the lists stand in `agent.localhost`, which uses them too."""

import dataclasses
import ssl
from collections.abc import Sequence

from agent.browser_policies.browsers import Browser
from agent.localhost import chromium_policies, firefox_policies
from agent.localhost.record import Addition

# They outrank what we add (Edge's reference; the same in Chromium).
OUTRANKING = ("LoopbackNetworkBlockedForUrls", "LocalNetworkAccessBlockedForUrls")


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Origins that need not ask, and authorities (id, DER) that are to be trusted for TLS servers."""

    origins: tuple[str, ...]
    authorities: tuple[tuple[str, bytes], ...] = ()

    def additions(self, browser: Browser) -> tuple[Addition, ...]:
        """As Linux has them: Firefox's begin with "policies", and name the authorities' files."""
        if browser.family == "firefox":
            return firefox_policies.wanted(self.authorities, self.origins).additions
        return chromium_policies.wanted([der for _, der in self.authorities], self.origins)

    def additions_of_system(self, browser: Browser) -> tuple[Addition, ...]:
        """As macOS and Windows have them. Firefox reads the system's authorities there, so it gets none of its own."""
        if browser.family == "firefox":
            found = firefox_policies.wanted((), self.origins).additions
            return tuple(dataclasses.replace(each, keys=each.keys[1:]) for each in found)
        return self.additions(browser)

    def certificate_files(self) -> tuple[tuple[str, bytes], ...]:
        """Name and PEM of what Firefox's policy on Linux names; they belong into /etc/firefox/policies."""
        return firefox_policies.wanted(self.authorities, self.origins).certificates

    def certificates(self) -> tuple[tuple[str, bytes], ...]:
        """Id and PEM of each authority."""
        return tuple((name, ssl.DER_cert_to_PEM_cert(der).encode()) for name, der in self.authorities)


def outranked(document: dict[str, object], origins: Sequence[str]) -> tuple[str, ...]:
    """Lists of a Chromium policy file that forbid what we allow: those that name one of the origins, or a pattern that may match."""
    return tuple(
        name
        for name in OUTRANKING
        if isinstance(listed := document.get(name), list)
        and any(text in origins or (isinstance(text, str) and "*" in text) for text in listed)
    )
