"""What is known of each document, and the one question about it that stands.

One question at a time: answers name what was asked only in part (Unshown names nothing but the document), and a person who turns pages
quickly wants the one where they stop, not all that they passed.
"""

import dataclasses
from collections import OrderedDict
from typing import Generic, TypeVar

from protocol import preview

LOST: frozenset[preview.Why] = frozenset({"timed-out", "crashed"})
"""Why a renderer was ended; another begins with the document itself."""
MOST_ROWS = 2_000_000  # of one document that can be scrolled through
PIECE = 200
"""Rows that are asked for at once."""
_LONGEST_PT = 14_400  # a page of 5 metres, as in PDF
_STEEPEST = (
    8  # times longer than it is wide, or the other way round: a longer page is shown as if it ended there
)

Place = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Where:
    """A document, or what lies inside of it."""

    document: int
    place: Place = ()


@dataclasses.dataclass(slots=True)
class Inquiry:
    """One document. `overview` is None until it is known; `trouble` says why nothing will be known, `note` why the last step into an
    entry failed; `views` where the person was at each place: a scroll bar's value and a row."""

    number: int
    overview: preview.Overview | None = None
    place: Place = ()
    pending: preview.Question | None = None
    step: preview.Enter | preview.Leave | None = None  # to be asked next
    trouble: preview.Why = ""
    note: preview.Why = ""
    views: dict[Place, tuple[int, int]] = dataclasses.field(default_factory=dict)

    @property
    def where(self) -> Where:
        return Where(self.number, self.place)

    @property
    def is_looking(self) -> bool:
        """Whether the overview is on its way: of the document, or of what lies in it."""
        return isinstance(self.step or self.pending, preview.Look | preview.Enter | preview.Leave)

    def know(self, known: preview.Known) -> bool:
        """Notes an overview. False where it tells nothing new: one that is pushed may be asked for as well, and comes twice."""
        overview = sensible(known.overview)
        is_new = (overview, known.place) != (self.overview, self.place)
        match self.pending:
            case preview.Look():
                self.pending = None
            case preview.Enter() | preview.Leave() if known.place != self.place:
                self.pending = None
                self.note = ""
        if is_new:
            self.overview, self.place = overview, known.place
            self.trouble = ""
        return is_new

    def fail(self, why: preview.Why) -> preview.Question | None:
        """Notes that the question that stands has no answer, and gives it back.

        A renderer that ended has forgotten the way into an archive: what it would show next is not what lies there. So it begins anew.
        """
        failed, self.pending = self.pending, None
        if failed is not None and self.place and why in LOST:
            self.begin_again()
            self.note = why
            return failed
        match failed:
            case preview.Enter() | preview.Leave():
                self.note = why or "broken"
            case preview.Look() if self.overview is None:
                self.trouble = why or "broken"
        return failed

    def begin_again(self) -> None:
        """Forgets what was found, for another try."""
        self.overview = self.pending = self.step = None
        self.place = ()
        self.trouble = self.note = ""


def sensible(overview: preview.Overview) -> preview.Overview:
    """The same in bounds: what a renderer says is not believed."""
    return dataclasses.replace(
        overview,
        size=max(0, overview.size),
        rows=max(0, min(overview.rows, MOST_ROWS)),
        why=overview.why or ("too-large" if overview.rows > MOST_ROWS else ""),
        pages=tuple(_sensible_page(page) for page in overview.pages[: preview.MAX_PAGES]),
        facts=overview.facts[: preview.MAX_LIST],
        parties=overview.parties[: preview.MAX_LIST],
        signers=overview.signers[: preview.MAX_LIST],
        flags=overview.flags[: preview.MAX_LIST],
        wrappers=overview.wrappers[: preview.MAX_LIST],
        attachments=overview.attachments[: preview.MAX_LIST],
    )


def _sensible_page(page: preview.Size) -> preview.Size:
    width, height = (max(1, min(side, _LONGEST_PT)) for side in (page.width, page.height))
    return preview.Size(max(width, height // _STEEPEST), max(height, width // _STEEPEST))


K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """What was used last, as long as all of it together weighs no more than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Keeps it; what was not used for longest goes, but never this one."""
        if key in self._kept:
            self.weight -= self._kept.pop(key)[1]
        self._kept[key] = value, weight
        self.weight += weight
        while self.weight > self._limit and len(self._kept) > 1:
            _key, (_value, gone) = self._kept.popitem(last=False)
            self.weight -= gone

    def get(self, key: K) -> V | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def drop(self, key: K) -> None:
        """Drops it, if it is here."""
        if key in self._kept:
            self.weight -= self._kept.pop(key)[1]

    def forget(self, document: int) -> None:
        """Drops what belongs to a document: keys begin with a Where."""
        for key in [key for key in self._kept if isinstance(key, tuple) and key[0].document == document]:
            self.weight -= self._kept.pop(key)[1]
