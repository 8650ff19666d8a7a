"""Who may speak to this computer's own servers, by the headers that every HTTP request has. Pure; one rule for every port.

The Host header must name this computer and the port, or a page could reach us under a name of its own (DNS rebinding). The Origin
header says which page asks; two of them are an attack on somebody's parser.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.errors import BadInput
from agent.origins import Origin

_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status of HTTP and a line that says why."""

    status: int
    text: str


def host_refusal(found: Sequence[str], port: int, default_port: int) -> Refusal | None:
    """What is wrong with the values of the Host headers; `default_port` is that of the scheme."""
    if len(found) != 1:
        return Refusal(400, "One Host header is needed.\n")
    name, colon, given = found[0].lower().rpartition(":")
    if not colon or given.endswith("]"):  # browsers leave out the usual port of a scheme
        name, given = found[0].lower(), str(default_port)
    if name not in _NAMES or given != str(port):
        return Refusal(421, "This is not the host you are looking for.\n")
    return None


def origin_of(found: Sequence[str]) -> Origin | Refusal:
    """Who asks, by the values of the Origin headers."""
    if len(found) > 1:
        return Refusal(403, "Two Origin headers.\n")
    try:
        return Origin.parse(found[0] if found else None)
    except BadInput:
        return Refusal(403, "The Origin header makes no sense.\n")
