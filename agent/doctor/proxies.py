"""What stands between this computer and the servers of authorities, and whether a browser sends even the agent's own address there.

Nothing of a proxy's address is told: it may hold a password, and says where the person works.
"""

import re
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from agent import fetch_hosts
from agent.doctor.finding import Finding, State
from agent.localhost import browser_profiles

System: TypeAlias = Callable[[], Mapping[str, str]]
"""The proxies that environment, registry or system settings name, by scheme."""

# Firefox sends this computer's own addresses to a proxy only where somebody said so (network.proxy.allow_hijacking_localhost).
_HIJACKS = re.compile(rb'^user_pref\("network\.proxy\.allow_hijacking_localhost",\s*true\);', re.MULTILINE)
_USES_PROXY = re.compile(rb'^user_pref\("network\.proxy\.type",\s*[124]\);', re.MULTILINE)
_MAX_PREFERENCES_BYTES = 4 * 1024 * 1024


def proxy(setting: str, *, is_offline: bool, system: System = urllib.request.getproxies) -> Finding:
    """Whether a proxy is used, and can be; `setting` is that of agent.config."""
    if setting == "none":
        return Finding("proxy", "none", "ok", "no proxy, by the settings")
    address = setting
    if setting == "system":
        named = system()
        address = named.get("http") or named.get("all") or ""
        if not address:
            return Finding("proxy", "none", "ok", "no proxy is named by the system")
    source = "system" if setting == "system" else "settings"
    try:
        fetch_hosts.parse_proxy(address)
    except ValueError:
        state: State = "hint" if is_offline else "trouble"
        return Finding("proxy", f"unusable-{source}", state, f"the proxy of the {source} can't be used")
    return Finding("proxy", f"used-{source}", "ok", f"a proxy is named by the {source}")


def loopback(home: Path, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """The Firefox profiles that send the agent's own address to a proxy."""
    profiles = {
        database.folder
        for database in browser_profiles.databases(home, environment)
        if database.browser.startswith("Firefox")
    }
    count = sum(_sends_loopback(folder / "prefs.js") for folder in profiles)
    if not count:
        return ()
    text = f"{count} profiles of Firefox send 127.0.0.1 to a proxy (network.proxy.allow_hijacking_localhost)"
    return (Finding("proxy", "loopback", "trouble", text, {"count": count}),)


def _sends_loopback(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            preferences = stream.read(_MAX_PREFERENCES_BYTES)
    except OSError:
        return False
    return bool(_HIJACKS.search(preferences) and _USES_PROXY.search(preferences))
