"""New versions: whether one is there that is not installed, and why."""

from pathlib import Path
from typing import get_args

from agent.doctor.finding import Finding
from agent.errors import StorageFailed
from agent.updates.errors import Reason
from agent.updates.record import Records


def found(record: Path) -> Finding | None:
    """What came of the last look for a new version, as far as it is worth knowing. Asks nobody."""
    try:
        last = Records(record).kept()
    except StorageFailed:
        return None  # another finding says that our folder can't be used
    if last is None:
        return None
    if last.outcome == "available":
        text = f"version {last.version} is there: qalamsap update install"
        return Finding("updates", "available", "hint", text, {"version": last.version})
    if last.outcome == "failed" and last.code in get_args(Reason):
        return Finding(
            "updates", "not-believed", "hint", f"the repository of updates was refused: {last.code}"
        )
    if last.outcome == "failed" and last.version in last.bad:
        text = f"version {last.version} did not start, and was taken back"
        return Finding("updates", "taken-back", "hint", text, {"version": last.version})
    return None
