"""The persons that numbered tests ask through an agent: whoever owns the test key of a name, and some more."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support import agents, authority
from tests.support.agents import RunningAgent

AgentOf = Callable[[str], RunningAgent]
KEY = "gost2015-individual"
NOBODY = "nobody"  # closes every window
SLOW = "slow"  # signs after a while
THINKS_S = 1.0
UNREACHED = "unreached"  # signs, where no timestamp authority can be reached
TOKEN = (
    "token"  # has a token plugged in that holds KEY, and signs with an RSA key where that is offered as well
)
TOKEN_TAKER = "token-taker"  # likewise, but takes the token wherever it is offered
TOKEN_STORAGE = "AKKaztokenStore"
RSA_KEY = "rsa-sign-individual"
CHOOSER = "chooser"  # signs, chooses the file of the name below, and lets a page have any file
CHOSEN = "act.pdf"  # in the folder of that agent
DAWDLER = "dawdler"  # signs after more than a minute
DAWDLES_S = 65.0
NOWHERE = "http://127.0.0.1:9/"


@contextlib.contextmanager
def agent(folder: Path, person: str, *, timestamp_url: str = NOWHERE) -> Iterator[RunningAgent]:
    """An agent that this person sits at."""
    answer: dict[str, object] = {"decision": "cancel"}
    if person != NOBODY:
        name = KEY if person in (SLOW, UNREACHED, CHOOSER, DAWDLER) else person
        name = RSA_KEY if person in (TOKEN, TOKEN_TAKER) else name
        answer = {"key": authority.path(name), "password": authority.PASSWORD, "decision": "sign"}
    if person == SLOW:
        answer["delay_s"] = THINKS_S
    if person == DAWDLER:
        answer["delay_s"] = DAWDLES_S
    if person == TOKEN_TAKER:
        answer["storage"] = TOKEN_STORAGE
    if person == CHOOSER:
        answer |= {"file": CHOSEN, "allow": True}
    token = {"storage": TOKEN_STORAGE, "key": authority.path(KEY), "password": authority.PASSWORD}
    tokens = [token] if person in (TOKEN, TOKEN_TAKER) else []
    flags = ("--proxy", "none", "--timestamp-url", timestamp_url)
    with agents.simulated(
        folder / "agent", [answer], tokens=tokens, test_authorities=authority.issuing_paths(), flags=flags
    ) as running:
        yield running
