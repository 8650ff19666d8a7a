"""The wrong-party guard: whether the key belongs to somebody whom the documents name.

Documents that name nobody tell nothing, and neither does a key without an IIN and a BIN: then there is no warning, and no promise.
"""

import dataclasses
import re
from collections.abc import Iterable

from protocol import preview, prompts
from tray import widgets, words
from tray.batch import Entry
from tray.texts import Texts

_MOST_NAMED = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """`strangers` counts the documents that name somebody and not the key's owner, `asked` all that will be signed; `parties` are those
    whom the strangers name, each once, the first few."""

    strangers: int = 0
    asked: int = 0
    parties: tuple[preview.Party, ...] = ()


def numbers_of(key: prompts.Key) -> frozenset[str]:
    """IIN and BIN of a key, as far as it has them."""
    numbers = (re.sub(r"\D", "", number) for number in (key.iin, key.bin))
    return frozenset(number for number in numbers if number)


def judge(key: prompts.Key | None, entries: Iterable[Entry]) -> Verdict:
    """What the documents that will be signed say of the key."""
    taken = [entry for entry in entries if entry.is_in]
    own = frozenset() if key is None else numbers_of(key)
    if not own:
        return Verdict(asked=len(taken))
    strangers = 0
    named: dict[str, preview.Party] = {}
    for entry in taken:
        parties = () if entry.overview is None else entry.overview.parties
        if parties and not any(party.number in own for party in parties):
            strangers += 1
            if len(named) < _MOST_NAMED:
                for party in parties:
                    named.setdefault(party.number, party)
    return Verdict(strangers, len(taken), tuple(named.values())[:_MOST_NAMED])


def name_of(party: preview.Party) -> str:
    """A party as it is written in one line."""
    name, number = words.clean(party.name), words.clean(party.number)
    return f"{name} ({number})" if name else number


def notice_of(texts: Texts, key: prompts.Key, verdict: Verdict) -> widgets.Notice:
    """The warning, with both sides of it to compare."""
    if verdict.asked == 1:
        sentence = texts("parties.stranger")
    else:
        sentence = texts("parties.strangers", count=verdict.strangers)
    owner = words.clean(key.organisation) or words.clean(key.owner)
    number = words.clean(key.bin) or words.clean(key.iin)
    others = ", ".join(name_of(party) for party in verdict.parties)
    return widgets.Notice(
        "warning", sentence, texts("parties.compare", others=others, owner=f"{owner} ({number})")
    )
