"""The authorities that the portal asks whether a certificate was revoked: the simulator's, where the portal was told of it."""

import dataclasses
from urllib.parse import urlsplit

from agent import fetch_hosts
from agent.fetch import LIMITS, Fetch
from agent.http_fetch import FetchSettings, HttpFetch
from agent.testca.profiles import ADDRESS
from demo.settings import Settings

# A person waits at the page, and an answer that did not come is said there.
PATIENCE_S = 6.0


def fetch(settings: Settings) -> Fetch | None:
    """Asks the servers that certificates of a test authority name, with the simulator as proxy; None where nobody is to be asked."""
    if settings.authorities_url is None:
        return None
    rule = fetch_hosts.parse_rule(urlsplit(ADDRESS).netloc)
    limits = {
        kind: dataclasses.replace(limit, seconds=min(limit.seconds, PATIENCE_S))
        for kind, limit in LIMITS.items()
    }
    return HttpFetch(FetchSettings((rule,), settings.authorities_url), limits=limits)
