"""Which browsers are installed, and in which versions: those of the system by asking them, confined ones by their folders."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from agent.doctor import programs
from agent.doctor.programs import Output, Which

Family: TypeAlias = Literal["chromium", "firefox"]

_VERSION = re.compile(r"\b(\d{1,4})(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class Kind:
    """A browser as it is called, with its programs. `counts_as_family`: its version is that of Chromium, or of Firefox.

    `profiles` is where it keeps them, below the folder of settings; `policies` where those of the machine lie, below the root.
    """

    name: str
    family: Family
    programs: tuple[str, ...]
    profiles: str = ""
    policies: str = ""
    counts_as_family: bool = True


KINDS: Final = (
    Kind("Chromium", "chromium", ("chromium", "chromium-browser"), "chromium", "etc/chromium/policies/managed"),
    Kind("Google Chrome", "chromium", ("google-chrome", "google-chrome-stable"), "google-chrome", "etc/opt/chrome/policies/managed"),
    Kind("Microsoft Edge", "chromium", ("microsoft-edge", "microsoft-edge-stable"), "microsoft-edge", "etc/opt/edge/policies/managed"),
    Kind("Brave", "chromium", ("brave-browser", "brave"), "BraveSoftware/Brave-Browser", "etc/brave/policies/managed"),
    Kind("Yandex Browser", "chromium", ("yandex-browser", "yandex-browser-stable"), "yandex-browser", "etc/opt/yandex/browser/policies/managed", counts_as_family=False),
    Kind("Opera", "chromium", ("opera",), "opera", counts_as_family=False),
    Kind("Firefox", "firefox", ("firefox", "firefox-esr")),
)  # fmt: skip

# Confined ones by their names there, whose stores agent.localhost.browser_profiles walks.
SNAPS: Final = {
    "chromium": "Chromium",
    "brave": "Brave",
    "opera": "Opera",
    "microsoft-edge": "Microsoft Edge",
    "firefox": "Firefox",
}
FLATPAKS: Final = {
    "org.chromium.Chromium": "Chromium",
    "com.google.Chrome": "Google Chrome",
    "com.brave.Browser": "Brave",
    "com.microsoft.Edge": "Microsoft Edge",
    "org.mozilla.firefox": "Firefox",
}


@dataclass(frozen=True, slots=True)
class Browser:
    """An installed browser. `version` is what it says of itself, empty where it says nothing; `major` is the one that counts for its
    family, 0 where that is not known. `confined` is snap or flatpak."""

    kind: Kind
    version: str = ""
    major: int = 0
    confined: Literal["", "snap", "flatpak"] = ""

    @property
    def name(self) -> str:
        return f"{self.kind.name} ({self.confined})" if self.confined else self.kind.name


def installed(
    home: Path, which: Which = programs.which, output: Output = programs.output
) -> tuple[Browser, ...]:
    """Every browser that is known here, each once. Takes as long as the slowest of them, within the limit for a program."""
    found: dict[str, tuple[Kind, str]] = {}
    for kind in KINDS:
        for name in kind.programs:
            path = which(name)
            if path is not None and not path.startswith("/snap/"):
                found.setdefault(os.path.realpath(path), (kind, path))
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = pool.map(lambda one: output([one[1], "--version"]), found.values())
        asked = [_browser(kind, answer) for (kind, _), answer in zip(found.values(), answers, strict=True)]
    # One browser may have several names, each a script of its own.
    return tuple(dict.fromkeys((*asked, *_confined(home))))


def _browser(kind: Kind, answer: str) -> Browser:
    match = _VERSION.search(answer)
    if match is None:
        return Browser(kind)
    return Browser(kind, match[0], int(match[1]) if kind.counts_as_family else 0)


def _confined(home: Path) -> list[Browser]:
    """By the folders that they keep in the person's home: their versions are not known so."""
    by_name = {kind.name: kind for kind in KINDS}
    snaps = [
        Browser(by_name[kind], confined="snap")
        for name, kind in SNAPS.items()
        if programs.is_confined(home, "snap", name)
    ]
    flatpaks = [
        Browser(by_name[kind], confined="flatpak")
        for name, kind in FLATPAKS.items()
        if programs.is_confined(home, "flatpak", name)
    ]
    return snaps + flatpaks
