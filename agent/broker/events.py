"""What the broker has to say: lines on standard error, which the journal takes, each with its stable id (agent.event_ids).

A line says who by number, never what was sent: the broker does not know it. What somebody can make happen again and again is said once,
and from then on as a number, once a minute; of each event for so many people at most, so that none takes another one's room. This is not `agent.logs`: the broker loads as little as it can.
"""

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO, TypeAlias

Facts: TypeAlias = dict[str, int | str]
Teller: TypeAlias = Callable[[str, str, Facts], None]

BEGINS: Final = "the broker serves"
NOBODY: Final = "no agent of that person is registered"
UNOWNED: Final = "a connection whose owner can't be told"
REGISTERED: Final = "an agent is registered"
GONE: Final = "an agent is gone"
HUNG: Final = "an agent takes no connections"
REFUSED: Final = "an agent is refused"
NO_DESCRIPTORS: Final = "no descriptors are left"
UNUSABLE: Final = "the broker can't begin"

IDS: Final = {
    BEGINS: 1700, REGISTERED: 1701, GONE: 1702, NOBODY: 1703, UNOWNED: 1704, HUNG: 1705, REFUSED: 1706, NO_DESCRIPTORS: 1707, UNUSABLE: 1708,
}  # fmt: skip
"""The same as in agent.event_ids, which a test compares."""

GRAVE: Final = {NOBODY, UNOWNED, HUNG, REFUSED, NO_DESCRIPTORS, UNUSABLE}
REPEAT_S: Final = 60.0
_MOST_OWNERS: Final = (
    256  # of one event, that are counted at a time: one person may have thousands of accounts (subordinates)
)


class Events:
    """`say` them. `stream` is standard error; with `is_journal` lines begin with a level, as sd-daemon(3) has it. `teller` is told the event,
    the line and the facts in place of that (OSError); the Event Log of Windows is one (agent.broker.windows)."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        is_journal: bool = False,
        teller: Teller | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._is_journal = is_journal
        self._teller = teller or self._write_line
        self._clock = clock
        self._counts: dict[str, dict[int | None, int]] = {}
        self._others: dict[str, int] = {}
        self._since = clock()

    def say(self, event: str, *, owner: int | None = None, **facts: int | str) -> None:
        """Says it now, or counts it where it was said within this minute."""
        if self._clock() - self._since >= REPEAT_S:
            self.flush()
        counts = self._counts.setdefault(event, {})
        if owner in counts:
            counts[owner] += 1
            return
        if len(counts) >= _MOST_OWNERS:
            self._others[event] = self._others.get(event, 0) + 1
            return
        counts[owner] = 0
        self._write(event, owner, facts)

    def flush(self) -> None:
        """Says how often what was counted happened again."""
        counts, self._counts, self._since = self._counts, {}, self._clock()
        others, self._others = self._others, {}
        for event, owners in counts.items():
            for owner, count in owners.items():
                if count:
                    self._write(event, owner, {"again": count})
            if event in others:
                self._write(event, None, {"others": others[event]})

    def _write(self, event: str, owner: int | None, facts: dict[str, int | str]) -> None:
        told = {"id": IDS[event], **({} if owner is None else {"owner": owner}), **facts}
        line = " ".join([event, *(f"{name}={value}" for name, value in told.items())])
        try:
            self._teller(event, line, told)
        except OSError:
            # Nobody listens. People's connections matter more than lines about them.
            self._stream = _Nowhere()

    def _write_line(self, event: str, line: str, _: Facts) -> None:
        level = f"<{4 if event in GRAVE else 6}>" if self._is_journal else ""
        self._stream.write(f"{level}{line}\n")
        self._stream.flush()


class _Nowhere:
    """Where lines go that nobody reads."""

    def write(self, _: str) -> int:
        return 0

    def flush(self) -> None:
        return None
