"""The public properties: what an administrator may say on the command line of msiexec, and what comes of it.

Every setting of ours that is one value or a list has a property of its name in capitals; `agent.settings` is the table. What was said
is remembered in the registry, so that an upgrade or a repair that says nothing keeps it; "-" forgets it again.
"""

import dataclasses
from collections.abc import Iterator
from typing import Literal, TypeAlias

from agent.settings import SETTINGS, Setting

Scope: TypeAlias = Literal["machine", "user"]
FORGET = "-"


@dataclasses.dataclass(frozen=True, slots=True)
class Property:
    """One public property. `allowed` are the only values, if there is a list of them; `setting` is the one that it sets."""

    name: str
    meaning: str
    default: str = ""
    allowed: tuple[str, ...] = ()
    setting: Setting | None = None


_SWITCH = ("0", "1")
INSTALLDIR = Property(
    "INSTALLDIR",
    "The folder. Of the machine's package: below Program Files, and nowhere that people can write.",
)
_OWN: dict[Scope, tuple[Property, ...]] = {
    "machine": (
        Property("AUTOSTART", "1: the agent starts at everybody's log-on.", "1", _SWITCH),
        Property("SHORTCUT", "1: an entry in the start menu.", "1", _SWITCH),
        Property("ADD_TO_PATH", "1: `qalamsap` can be typed in every console.", "1", _SWITCH),
        Property(
            "TRUST", "machine: browsers of this computer trust the agent from the start. none: IT does that another way.",
            "machine", ("machine", "none"),
        ),
        Property(
            "ORIGINS",
            "Sites whose pages may reach the agent without a question of the browser, separated by semicolons; written into the policies"
            " of Chrome, Edge, Yandex Browser, Brave and Firefox, beside what IT has there.",
        ),
        Property(
            "BROKER",
            "on: a service owns the port and hands each connection to the agent of its session, for computers that several people use at"
            " once. Never tried on Windows: see [terminal-servers.md](terminal-servers.md).", "off", ("off", "on"),
        ),
        Property("LOCK", "1: every setting given here is a policy, which people can't change. 0: a default, which they can.", "0", _SWITCH),
    ),
    "user": (
        Property("AUTOSTART", "1: the agent starts when you log on.", "1", _SWITCH),
        Property("SHORTCUT", "1: an entry in the start menu.", "1", _SWITCH),
        Property("TRUST", "user: your browsers trust the agent; Windows asks you once. none: later, by `qalamsap trust install`.", "user", ("user", "none")),
        Property("START", "1: the agent starts as soon as it is installed.", "1", _SWITCH),
    ),
}  # fmt: skip


def of_settings() -> Iterator[Property]:
    """A property for each setting that fits on a command line: all but tables."""
    for setting in SETTINGS.values():
        if setting.kind != "table":
            yield Property(setting.name.upper(), "", allowed=_allowed(setting), setting=setting)


def _allowed(setting: Setting) -> tuple[str, ...]:
    if setting.kind == "boolean":
        return _SWITCH
    return setting.choices if setting.kind == "choice" else ()


def public(scope: Scope) -> tuple[Property, ...]:
    """All of a package but the folder. A person's own package sets nothing: settings are theirs anyway, policies not."""
    return (*_OWN[scope], *(of_settings() if scope == "machine" else ()))


def condition(prop: Property) -> str | None:
    """What Windows Installer must find true of its value, in its own language; None where everything will do.

    A number is compared as one only if it is one: other texts make the comparison false (Windows Installer, "Conditional
    Statement Syntax").
    """
    if prop.allowed:
        return " OR ".join((f"NOT {prop.name}", *(f'{prop.name} = "{value}"' for value in prop.allowed)))
    if prop.setting is not None and prop.setting.kind == "number":
        return f"NOT {prop.name} OR ({prop.name} >= {prop.setting.minimum} AND {prop.name} <= {prop.setting.maximum})"
    return None


def expectation(prop: Property) -> str:
    """The same for people."""
    if prop.allowed:
        return f"{prop.name} must be {' or '.join(prop.allowed)}."
    assert prop.setting is not None
    return f"{prop.name} must be a number from {prop.setting.minimum} to {prop.setting.maximum}."
