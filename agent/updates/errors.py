"""Why there is no update.

UpdatesOff         updates-off            by the settings, by how the program was installed, or for want of a root of trust
RepositoryRefused  repository-refused     what the repository says can't be believed; `reason` is a stable word
Busy               busy                   a window is open, an approval runs: not now
InstallFailed      install-failed         the installer failed, or what it installed does not start
"""

from typing import ClassVar, Literal, TypeAlias

from agent.errors import AgentError

Reason: TypeAlias = Literal[
    "signatures",  # too few signatures of the keys that count, or a wrong one
    "expired",  # what the repository says was signed too long ago: it is neglected, or somebody holds newer lists back
    "rolled-back",  # older than what this computer has seen
    "altered",  # a file is not what was signed
    "too-long",  # a file is longer than what was signed
    "incomplete",  # a list that was promised is not there, or lists of different states are mixed
    "unreadable",  # signed as it should be, and yet nothing that this program understands
]


class UpdatesOff(AgentError):
    code = "updates-off"


class RepositoryRefused(AgentError):
    """Nothing of it was installed."""

    code: ClassVar[str] = "repository-refused"

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Busy(AgentError):
    code = "busy"


class InstallFailed(AgentError):
    code = "install-failed"
