"""Who may ask for anything here, by policy. The daemon asks at every handshake and request, and once more before every approval."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from agent.config import BadConfig, Config
from agent.errors import AgentError, CallerForbidden, PolicyUnusable
from agent.origin_rules import OriginRule
from agent.origins import Origin
from agent.paths import Paths
from agent.policy import reader


@dataclass(frozen=True, slots=True)
class Gate:
    """`blocked` are stronger than `allowed`; nobody else than those gets in where `is_locked`, and nobody at all where there is `trouble`
    with the policy, for what stands in `place`, which may be a file of the person's: then nobody knows who may."""

    allowed: tuple[OriginRule, ...] = ()
    blocked: tuple[OriginRule, ...] = ()
    is_locked: bool = False
    trouble: str = ""
    place: str = ""
    is_trouble_of_person: bool = False

    @classmethod
    def of(cls, settings: Config) -> Self:
        return cls(
            allowed=tuple(map(OriginRule.parse, settings.allowed_origins)),
            blocked=tuple(map(OriginRule.parse, settings.blocked_origins)),
            is_locked=settings.lock_origins,
            trouble=settings.policy_trouble,
            place=settings.policy_place,
            is_trouble_of_person=settings.is_trouble_of_person,
        )

    def refusal(self, origin: Origin) -> AgentError | None:
        """Why this caller may not ask; None where it may."""
        if self.trouble:
            # A page need not know which file it is, nor what is in it.
            what = "the person's settings" if self.is_trouble_of_person else "the policy of this computer"
            return PolicyUnusable(f"{what} can't be used, so nothing is signed")
        if any(rule.matches(origin) for rule in self.blocked):
            return CallerForbidden("the administrator of this computer blocked this caller")
        if self.is_locked and not self.knows(origin):
            return CallerForbidden("the administrator of this computer lets only some callers in")
        return None

    def knows(self, origin: Origin) -> bool:
        """Whether the administrator lets this caller in without its being introduced to the person."""
        return any(rule.matches(origin) for rule in self.allowed) and not any(
            rule.matches(origin) for rule in self.blocked
        )


class Gatekeeper:
    """The gate by the policy as it is now. Without `reload`, which gives the settings anew, it stays as it was at the start. `on_change`
    gets settings whose policy says something else than the one before."""

    def __init__(
        self, settings: Config, reload: Callable[[], Config] | None, on_change: Callable[[Config], None]
    ) -> None:
        self.gate = Gate.of(settings)
        self._settings = settings
        self._reload = reload
        self._on_change = on_change
        self._stamp: object = None

    def refusal(self, origin: Origin) -> AgentError | None:
        """See Gate.refusal."""
        self.look()
        return self.gate.refusal(origin)

    def look(self) -> None:
        """Reads the policy again if it was changed. Costs a few questions to the system where it was not."""
        if self._reload is None or (stamp := reader.stamp()) == self._stamp:
            return
        try:
            settings = self._reload()
            self._stamp = stamp
        except BadConfig as error:
            # The person's own file is broken, and nobody can say what counts until it is mended: it is read again at the next look.
            settings = dataclasses.replace(
                self._settings,
                policy_trouble=error.detail,
                policy_place=_place_of(error, self._settings.paths),
                is_trouble_of_person=True,
            )
        if settings != self._settings:
            self._settings = settings
            self.gate = Gate.of(settings)
            self._on_change(settings)


def _place_of(error: BadConfig, places: Paths) -> str:
    """The file of the person's that it tells of."""
    files = map(str, (places.config_file, places.language))
    return next((file for file in files if error.detail.startswith(file)), "")
