"""What the trust commands say: one line a store, as values that become text or JSON."""

import dataclasses
import enum
from typing import Any


class State(enum.StrEnum):
    """How a store stands to the authorities (and origins) that it should hold."""

    TRUSTED = "trusted"
    PARTLY = "partly"
    ABSENT = "absent"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True)
class StoreReport:
    """One store of one browser. `path` is the policy file, the folder of policies or the database."""

    store: str
    browser: str
    path: str
    state: State
    changed: bool = False
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def line(self) -> str:
        """One line for a person."""
        words = [f"{self.state:8}", f"{self.browser}:", self.path]
        if self.changed:
            words.append("(changed)")
        if self.detail:
            words.append(f"- {self.detail}")
        return " ".join(words)
