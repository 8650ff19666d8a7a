"""What browsers ask before a public page may reach programs on this computer (Local Network Access), and what they were told.

Numbers of versions: Chromium asks for WebSockets since 147 (docs/decisions/0005), Firefox since 154. A public page that comes by plain
http is refused without a question. What the person answered "no" to stays so without another question until it is taken back in
the browser: that is the case in which everything is in order here and the page sees nothing. How many sites that are is read from
Chromium's profiles; their names are not.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.doctor.browsers import Browser
from agent.doctor.finding import Finding
from agent.errors import AgentError
from agent.localhost import firefox_policies, policy_file

ASKS_SINCE = {"chromium": 147, "firefox": 154}
_ALLOWED = ("LoopbackNetworkAllowedForUrls", "LocalNetworkAccessAllowedForUrls")
_BLOCKED = ("LoopbackNetworkBlockedForUrls", "LocalNetworkAccessBlockedForUrls")
# Of a profile's exceptions (seen with Chromium 156): the present name, and that of versions before 145.
_EXCEPTIONS = ("loopback_network", "local_network_access")
_REFUSED = 2  # CONTENT_SETTING_BLOCK
_MAX_PROFILES = 50
_MAX_PREFERENCES_BYTES = 32 * 1024 * 1024


def browsers(installed: Sequence[Browser], config_home: Path, root: Path) -> tuple[Finding, ...]:
    """For each browser: its version, and whether it asks."""
    return tuple(finding for browser in installed for finding in _browser(browser, config_home, root))


def _browser(browser: Browser, config_home: Path, root: Path) -> list[Finding]:
    asks_since = ASKS_SINCE[browser.kind.family]
    values: dict[str, str | int] = {
        "browser": browser.name,
        "version": browser.version or "?",
        "since": asks_since,
    }
    text = f"{browser.name} {browser.version or 'of an unknown version'}"
    found = []
    allowed, blocked = _policies(browser, root)
    if blocked:
        found.append(
            Finding(
                "access", "blocked", "trouble", f"{text}: a policy keeps sites from this computer", values
            )
        )
    elif browser.major and browser.major < asks_since:
        found.append(Finding("browser", "open", "ok", f"{text} asks nothing", values))
    elif allowed:
        more = {**values, "count": allowed}
        found.append(Finding("browser", "allowed", "ok", f"{text}: a policy lets {allowed} sites in", more))
    elif browser.major:
        found.append(
            Finding("browser", "asks", "ok", f"{text} asks before a site may reach this computer", values)
        )
    else:
        found.append(Finding("browser", "may-ask", "ok", f"{text} may ask", values))
    refused = refusals(config_home / browser.kind.profiles) if browser.kind.profiles else 0
    if refused and not browser.confined:
        more = {**values, "count": refused}
        found.append(Finding("access", "refused", "hint", f"{text}: {refused} sites were refused", more))
    return found


def refusals(folder: Path) -> int:
    """How many sites the person keeps from this computer, in all profiles of a Chromium."""
    total = 0
    for path in sorted(folder.glob("*/Preferences"))[:_MAX_PROFILES]:
        preferences = _read(path)
        exceptions = _at(preferences, "profile", "content_settings", "exceptions")
        sites = {
            pattern
            for name in _EXCEPTIONS
            for pattern, entry in _at(exceptions, name).items()
            if isinstance(entry, dict) and entry.get("setting") == _REFUSED
        }
        total += len(sites)
    return total


def _read(path: Path) -> Mapping[str, Any]:
    """A profile's preferences; none where they can't be read, for the browser may be writing them."""
    try:
        with path.open("rb") as stream:
            document = json.loads(stream.read(_MAX_PREFERENCES_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _at(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        inner = document.get(key)
        if not isinstance(inner, dict):
            return {}
        document = inner
    return document


def _policies(browser: Browser, root: Path) -> tuple[int, bool]:
    """How many sites need not ask by policy, and whether some are kept away. What can't be read is for `trust status` to complain of."""
    if browser.confined == "flatpak":
        return 0, False
    if browser.kind.family == "firefox":
        file = root / firefox_policies.SYSTEM_FOLDER / firefox_policies.FILE
        files = [file, *(root / folder / firefox_policies.FILE for folder in firefox_policies.DISTRIBUTIONS)]
        document = next((_policy(path) for path in files if path.is_file()), {})
        return len(_values(document, firefox_policies.SKIP_DOMAINS)), False
    if not browser.kind.policies:
        return 0, False
    folder = root / browser.kind.policies
    lists: dict[str, list[Any]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file():
            document = _policy(path)
            # Of two files that set a list, the later one counts (agent.localhost.chromium_policies).
            lists |= {name: document[name] for name in (*_ALLOWED, *_BLOCKED) if name in document}
    sites = {str(site) for name in _ALLOWED for site in _values(lists, (name,))}
    return len(sites), any(_values(lists, (name,)) for name in _BLOCKED)


def _policy(path: Path) -> Mapping[str, Any]:
    try:
        return policy_file.parse(path.read_bytes(), path)
    except (OSError, AgentError):
        return {}


def _values(document: Mapping[str, Any], keys: tuple[str, ...]) -> list[Any]:
    try:
        return policy_file.values_at(dict(document), keys) or []
    except AgentError:
        return []
