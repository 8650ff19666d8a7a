"""Files that carry the policies to a computer: for Linux and macOS, where a browser reads one file (or one profile) each."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent import paths
from agent.browser_policies.browsers import Browser
from agent.browser_policies.wanted import Wanted
from agent.localhost import chromium_policies, firefox_policies, policy_file
from agent.localhost.record import Addition
from agent.policy import profile as profiles

PROFILE = f"{paths.BUNDLE}.browsers"
# Firefox reads a domain of managed preferences only where this stands in it.
FIREFOX_SWITCH = "EnterprisePoliciesEnabled"


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """`place` is where it belongs, below the root of the file system; "" where an administrator carries it there."""

    name: str
    place: str
    octets: bytes

    @property
    def path(self) -> str:
        """Place and name in one."""
        return f"{self.place}/{self.name}" if self.place else self.name


def for_linux(browsers: Sequence[Browser], wanted: Wanted) -> list[Document]:
    """One file a browser, and the authorities' certificates where Firefox's policy names them."""
    found = []
    for browser in browsers:
        name = firefox_policies.FILE if browser.family == "firefox" else chromium_policies.OWN_FILE
        merge = policy_file.merged({}, wanted.additions(browser))
        found.append(Document(name, browser.linux, policy_file.dump_json(merge.document, None)))
        if browser.family == "firefox":
            found += [Document(each, browser.linux, pem) for each, pem in wanted.certificate_files()]
    return found


def for_macos(browsers: Sequence[Browser], wanted: Wanted) -> list[Document]:
    """One property list a browser, named as its domain: what an MDM takes as "custom settings"."""
    return [
        Document(
            f"{browser.macos}.plist",
            "Library/Managed Preferences",
            policy_file.dump_property_list(_settings(browser, wanted), None),
        )
        for browser in browsers
    ]


def profile(browsers: Sequence[Browser], wanted: Wanted) -> Document:
    """One configuration profile for all of them, with the authorities as root certificates."""
    payloads = [
        profiles.payload(
            "com.apple.security.root",
            f"{PROFILE}.authority.{name}",
            f"Qalamsap local authority {name}",
            {"PayloadCertificateFileName": f"{name}.pem", "PayloadContent": pem},
        )
        for name, pem in wanted.certificates()
    ]
    payloads += [
        profiles.payload(
            browser.macos,
            f"{PROFILE}.{browser.key}",
            f"{browser.name}: sites that may reach Qalamsap",
            _settings(browser, wanted),
        )
        for browser in browsers
    ]
    text = "Lets the sites named here reach the signing agent on this computer without asking the person."
    octets = profiles.profile(PROFILE, "Qalamsap: browsers", text, payloads)
    return Document("qalamsap-browsers.mobileconfig", "", octets)


def form_of(path: Path, kind: str) -> policy_file.Form:
    """How a file of that format is read and written."""
    return policy_file.PROPERTY_LIST if kind == "plist" or path.suffix == ".plist" else policy_file.JSON


def additions_for(browser: Browser, wanted: Wanted, kind: str) -> tuple[Addition, ...]:
    """What a file of that format must hold."""
    return wanted.additions_of_system(browser) if kind == "plist" else wanted.additions(browser)


def _settings(browser: Browser, wanted: Wanted) -> dict[str, Any]:
    base: dict[str, Any] = {FIREFOX_SWITCH: True} if browser.family == "firefox" else {}
    return policy_file.merged(base, wanted.additions_of_system(browser)).document
