"""The browsers, with the places and names of their policies on each system. One table."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["chromium", "firefox"]


@dataclasses.dataclass(frozen=True, slots=True)
class Browser:
    """`linux` is the folder of policies on Linux, `macos` the domain of managed preferences. Windows' root stands in
    `localhost.registry_policies`, under the same key."""

    key: str
    name: str
    family: Family
    linux: str
    macos: str
    note: str = ""
    """What whoever deploys this has to know."""


BROWSERS: Mapping[str, Browser] = MappingProxyType(
    {
        each.key: each
        for each in (
            Browser(
                "chrome", "Google Chrome", "chromium", "etc/opt/chrome/policies/managed", "com.google.Chrome"
            ),
            Browser(
                "edge", "Microsoft Edge", "chromium", "etc/opt/edge/policies/managed", "com.microsoft.Edge"
            ),
            Browser(
                "yandex",
                "Yandex Browser",
                "chromium",
                "etc/opt/yandex/browser/policies/managed",
                "ru.yandex.desktop.yandex-browser",
                note="Yandex's documents do not name these policies: see at browser://policy whether your version takes them",
            ),
            Browser(
                "chromium", "Chromium", "chromium", "etc/chromium/policies/managed", "org.chromium.Chromium"
            ),
            Browser("firefox", "Firefox", "firefox", "etc/firefox/policies", "org.mozilla.firefox"),
        )
    }
)
ALL = "all"
