"""Many documents under one yes: what is known of each, in which order they stand, what they come to, which of them stand out, and what
became of each.

What is known comes bit by bit, and is the word of a process that is not trusted: it helps the person to look, and decides nothing.
"""

import dataclasses
import datetime as dt
import math
import re
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

from protocol import preview, prompts
from tray import words

Column: TypeAlias = Literal["place", "name", "result", "date", "party", "sum", "size", "digest", "marks"]
"""By what documents can be put in order; "place" is the caller's own, "result" is known at the end."""
Result: TypeAlias = Literal["", "signed", "lacking", "failed", "unsigned", "left-out"]
"""What became of a document: signed; signed without the timestamp that was wished for; there was a problem with it; not signed, because
of another; taken out by the person."""
Mark: TypeAlias = Literal["not-mine", "twin", "twin-number", "sum", "party", "flags", "unseen"]
"""Why a document stands out: the key belongs to no party of it; it is there twice; another has its number; its sum is far from the
others'; it is about somebody else than nearly all; it has something to be wary of; it can't be looked into, as most others can."""

COLUMNS: tuple[Column, ...] = get_args(Column)
_RESULTS: tuple[Result, ...] = (
    "failed",
    "lacking",
    "unsigned",
    "left-out",
    "signed",
)  # what is to be looked at first
_FEW = 5  # of so few nothing stands out
_SPREAD = 8.0  # times the usual distance from the middle
_FACTOR = 5.0  # by which a sum differs from the middle at least, to be far from it
_NEARLY_ALL = 0.8
_MOST = 0.5
_NUMBER = re.compile(r"-?\d[\d\s'’.,\u00a0\u2009\u202f]*")  # \s has the other spaces
_CURRENCIES = (
    ("₸", re.compile(r"₸|\b(?:kzt|тг|тнг|тенге|теңге)\b", re.IGNORECASE)),
    ("₽", re.compile(r"₽|\b(?:rub|rur|руб\w*)\b", re.IGNORECASE)),
    ("€", re.compile(r"€|\b(?:eur|евро)\b", re.IGNORECASE)),
    ("$", re.compile(r"\$|\b(?:usd|доллар\w*)\b", re.IGNORECASE)),
    ("¥", re.compile(r"¥|\b(?:cny|юан\w*)\b", re.IGNORECASE)),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Money:
    """`currency` is a sign, or empty where none stands there."""

    amount: Decimal
    currency: str = ""


@dataclasses.dataclass(slots=True)
class Entry:
    """A document, and what is known of it. `title` is what the list calls it where it has no number of its own."""

    place: int
    document: prompts.Document
    title: str
    overview: preview.Overview | None = None
    number: str = ""
    day: str = ""  # as it is shown
    date: dt.date | None = None
    total: str = ""  # as it stands in the document
    money: Money | None = None
    party: preview.Party | None = None
    marks: tuple[Mark, ...] = ()
    is_in: bool = True
    is_signed: bool = False
    result: Result = ""
    why: str = ""  # it failed: a code of agent.errors

    @property
    def name(self) -> str:
        """Its number where that is known: what people call it by."""
        return self.number or self.title

    @property
    def size(self) -> int | None:
        return None if self.document.is_digest else self.document.size

    @property
    def needs_a_look(self) -> bool:
        """Whether it stands out; at the end, whether less became of it than was wished for."""
        return self.result != "signed" if self.result else bool(self.marks)


@dataclasses.dataclass(frozen=True, slots=True)
class Totals:
    """Of the documents that will be signed, or at the end were. `sums` has one for each currency, `without_sum` counts documents of which none is known."""

    count: int
    size: int
    sums: tuple[Money, ...]
    without_sum: int


class Batch:
    """The documents by their place. `own` are the numbers (IIN, BIN) of the key, once it is known."""

    def __init__(self, documents: Sequence[prompts.Document], titles: Iterable[str]) -> None:
        self.entries = [
            Entry(place, document, title)
            for place, (document, title) in enumerate(zip(documents, titles, strict=True))
        ]
        self.own: frozenset[str] = frozenset()
        self.known = 0
        self._growing: set[int] = set()

    @property
    def is_being_read(self) -> bool:
        """Whether something is known of some documents, or of a part of one, and not of all yet."""
        return bool(self._growing) or 0 < self.known < len(self.entries)

    def know(self, place: int, overview: preview.Overview) -> bool:
        """Notes what a document is. False for one that is not here, is known already (what lies inside of it is not it), or of which a part
        is still being read: what it says as a whole comes with the last of it."""
        if not 0 <= place < len(self.entries) or self.entries[place].overview is not None:
            return False
        (self._growing.add if overview.is_growing else self._growing.discard)(place)
        if overview.is_growing:
            return False
        entry = self.entries[place]
        entry.overview = overview
        self.known += 1
        facts = {fact.name: words.clean(fact.value) for fact in reversed(overview.facts)}
        entry.number = facts.get("number", "")
        entry.date = day_of(facts.get("date", ""))
        entry.day = f"{entry.date:%d.%m.%Y}" if entry.date is not None else facts.get("date", "")
        entry.total = facts.get("total", "")
        entry.money = money_of(entry.total)
        return True

    @property
    def left_out(self) -> tuple[int, ...]:
        """Places of the documents that the person took out."""
        return tuple(entry.place for entry in self.entries if not entry.is_in)

    def settle(self) -> None:
        """Finds out who the other party of each document is, and which documents stand out."""
        own = self.own if any(self._names(entry, self.own) for entry in self.entries) else self._usual_party()
        for entry in self.entries:
            entry.party = _other_party(entry, own)
        found: dict[int, list[Mark]] = {entry.place: [] for entry in self.entries}
        for mark, places in (
            ("not-mine", self._not_mine()),
            ("twin", _shared((entry.document.digest, entry.place) for entry in self.entries)),
            ("twin-number", _shared((_number_key(entry), entry.place) for entry in self.entries if entry.number)),
            ("sum", self._far_sums()),
            ("party", self._rare_parties()),
            ("flags", [entry.place for entry in self.entries if entry.overview and entry.overview.flags]),
            ("unseen", self._unseen()),
        ):  # fmt: skip
            for place in places:
                found[place].append(mark)  # type: ignore[arg-type]  # the words of Mark, each written out above
        for entry in self.entries:
            entry.marks = tuple(found[entry.place])

    def order(
        self, column: Column, *, is_descending: bool = False, needle: str = "", only_marked: bool = False
    ) -> list[int]:
        """Places of the documents in which `needle` occurs, or that need a look, in the order of `column`. What has no value comes last."""
        wanted = needle.casefold().strip()
        shown = [
            entry
            for entry in self.entries
            if (not only_marked or entry.needs_a_look) and (not wanted or wanted in _haystack(entry))
        ]
        keyed = [(_sort_key(entry, column), entry.place) for entry in shown]
        valued = sorted((pair for pair in keyed if pair[0] is not None), reverse=is_descending)
        return [place for _, place in valued] + [place for key, place in keyed if key is None]

    def totals(self) -> Totals:
        taken = [entry for entry in self.entries if (entry.is_signed if entry.result else entry.is_in)]
        sums: dict[str, Decimal] = {}
        for entry in taken:
            if entry.money is not None:
                sums[entry.money.currency] = sums.get(entry.money.currency, Decimal()) + entry.money.amount
        return Totals(
            len(taken),
            sum(entry.size or 0 for entry in taken),
            tuple(Money(amount, currency) for currency, amount in sorted(sums.items(), reverse=True)),
            sum(entry.money is None for entry in taken),
        )

    def note_signed(self, done: int) -> None:
        """The first `done` of the documents that are not left out are signed: they are signed in the order in which they stand here."""
        for entry in self.entries:
            if entry.is_in and done > 0:
                entry.is_signed = True
                done -= 1

    def note_results(self, finished: prompts.Finished) -> None:
        """What became of each document, by the last word. Signatures that nobody got don't count, however many were made."""
        failed = {each.number: each.code for each in finished.failed}
        lacking, left = frozenset(finished.lacking), finished.count
        for entry in self.entries:
            if not entry.is_in:
                entry.result = "left-out"
            elif entry.place in failed:
                entry.result, entry.why = "failed", failed[entry.place]
            elif left > 0:
                entry.result = "lacking" if entry.place in lacking else "signed"
                left -= 1
            else:
                entry.result = "unsigned"
            entry.is_signed = entry.result in {"signed", "lacking"}

    @staticmethod
    def _names(entry: Entry, numbers: Collection[str]) -> bool:
        return entry.overview is not None and any(party.number in numbers for party in entry.overview.parties)

    def _usual_party(self) -> frozenset[str]:
        """Who is in most of the documents: before a key says so, that is most likely the person's own side."""
        counts: Counter[tuple[str, bool]] = Counter()
        naming = 0
        for entry in self.entries:
            if entry.overview is not None and entry.overview.parties:
                naming += 1
                numbers = {
                    party.number: party.role == "supplier" for party in reversed(entry.overview.parties)
                }
                counts.update(numbers.items())
        in_all: Counter[str] = Counter()
        for (number, _), count in counts.items():
            in_all[number] += count
        usual = [number for number, count in in_all.items() if count > naming * _MOST]
        if naming < 2 or not usual:  # of one document nothing is usual
            return frozenset()
        return frozenset({max(usual, key=lambda number: (in_all[number], counts[number, True], number))})

    def _not_mine(self) -> list[int]:
        if not self.own:
            return []
        return [
            entry.place
            for entry in self.entries
            if entry.overview is not None and entry.overview.parties and not self._names(entry, self.own)
        ]

    def _far_sums(self) -> list[int]:
        """Sums whose order of magnitude is far from the middle, in comparison with how far the others usually are."""
        found: list[int] = []
        for currency in {entry.money.currency for entry in self.entries if entry.money is not None}:
            sized = [
                (math.log10(entry.money.amount), entry.place)
                for entry in self.entries
                if entry.money is not None and entry.money.currency == currency and entry.money.amount > 0
            ]
            if len(sized) < _FEW:
                continue
            middle = statistics.median(size for size, _ in sized)
            usual = statistics.median(abs(size - middle) for size, _ in sized)
            most = max(_SPREAD * usual, math.log10(_FACTOR))
            found += [place for size, place in sized if abs(size - middle) > most]
        return found

    def _rare_parties(self) -> list[int]:
        named = [(entry.party.number, entry.place) for entry in self.entries if entry.party is not None]
        if len(named) < _FEW:
            return []
        ((usual, count),) = Counter(number for number, _ in named).most_common(1)
        if count == len(named) or count < len(named) * _NEARLY_ALL:
            return []
        return [place for number, place in named if number != usual]

    def _unseen(self) -> list[int]:
        unseen = [
            entry.place
            for entry in self.entries
            if entry.overview is not None
            and (entry.overview.kind == "unknown" or entry.overview.why)
            and not entry.document.is_digest
        ]
        return unseen if len(unseen) < self.known * _MOST else []


def money_of(text: str) -> Money | None:
    """The sum in a text such as "1 234 567,89 ₸"; None where there is none, or where it could be read in two ways."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    written = re.sub(r"[\s'’\u00a0\u2009\u202f]", "", found.group()).rstrip(".,")
    last = max(written.rfind("."), written.rfind(","))
    if last >= 0:
        sign = written[last]
        behind, before = written[last + 1 :], written[:last]
        is_thousands = len(behind) == 3 and written.count(sign) > 1  # digits of a group
        if not is_thousands and (
            written.count(sign) > 1 or (len(behind) == 3 and len(before.lstrip("-")) <= 3)
        ):
            return None
        whole = re.sub("[.,]", "", before)
        written = f"{whole}{behind}" if is_thousands else f"{whole}.{behind}"
    if len(written) > 30:  # digits; nobody has so much
        return None
    currency = next((sign for sign, pattern in _CURRENCIES if pattern.search(text)), "")
    return Money(Decimal(written), currency)


def money(value: Money, language: prompts.Language) -> str:
    """A sum as people write it: thousands set apart, two decimals, the currency behind."""
    whole, _, cents = f"{abs(value.amount):,.2f}".partition(".")
    shown = f"{whole.replace(',', words.THIN_SPACE)}{'.' if language == 'en' else ','}{cents}"
    minus = "\u2212" if value.amount < 0 else ""
    return f"{minus}{shown}{words.NO_BREAK_SPACE}{value.currency}".rstrip()


def day_of(text: str) -> dt.date | None:
    """The day in a text: 23.11.2026, 2026-11-23 or the latter with a time."""
    if found := re.match(r"(\d{1,2})[./](\d{1,2})[./](\d{4})\b", text.strip()):
        day, month, year = (int(part) for part in found.groups())
    elif found := re.match(r"(\d{4})-(\d{2})-(\d{2})", text.strip()):
        year, month, day = (int(part) for part in found.groups())
    else:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _other_party(entry: Entry, own: Collection[str]) -> preview.Party | None:
    parties = [] if entry.overview is None else entry.overview.parties
    others = [party for party in parties if party.number not in own]
    return min(others, key=lambda party: party.role == "other", default=None)


def _number_key(entry: Entry) -> tuple[str, str, int]:
    """Numbers begin anew with each year, and everybody has their own."""
    return (
        entry.number.casefold(),
        entry.party.number if entry.party else "",
        entry.date.year if entry.date else 0,
    )


def _shared(pairs: Iterable[tuple[Any, int]]) -> list[int]:
    """Places of those that have their key in common with another."""
    places: dict[Any, list[int]] = {}
    for key, place in pairs:
        places.setdefault(key, []).append(place)
    return [place for group in places.values() if len(group) > 1 for place in group]


def _haystack(entry: Entry) -> str:
    party = "" if entry.party is None else f"{entry.party.name} {entry.party.number}"
    amount = "" if entry.money is None else str(entry.money.amount)
    parts = (entry.title, entry.number, entry.day, party, entry.total, amount, entry.document.digest)
    return "\n".join(parts).casefold()


def _sort_key(entry: Entry, column: Column) -> Any:
    match column:
        case "place":
            return entry.place
        case "name":
            return _natural(entry.name)
        case "date":
            return entry.date
        case "party":
            return None if entry.party is None else (entry.party.name.casefold(), entry.party.number)
        case "sum":
            return None if entry.money is None else (entry.money.currency, entry.money.amount)
        case "size":
            return entry.size
        case "digest":
            return entry.document.digest
        case "marks":
            return -len(entry.marks) if entry.marks else None
        case "result":
            return _RESULTS.index(entry.result) if entry.result else None


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Numbers in names count as numbers: № 9 comes before № 10."""
    parts = re.split(r"(\d+)", text.casefold())
    return [
        (0, int(part), "") if part.isdecimal() and len(part) < 40 else (1, 0, part) for part in parts if part
    ]  # digits
