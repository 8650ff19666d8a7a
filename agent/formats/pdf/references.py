"""All that a revision leads to, read once; and references to objects that it does not have.

To refer to nothing is no error and means null (ISO 32000-2 §7.3.10). But a later revision can define what was nothing, and so fill a gap
in a page that was signed, without a change to any object that was there. The library does not look for that.
"""

from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver


def to_nothing(past: HistoricalResolver) -> frozenset[int]:
    """The numbers of objects that the file at this revision refers to and does not have. Behind the fence.

    Reads every object that the trailer leads to; what can't be read is an error here.
    """
    places = past.reader.xrefs
    waiting: list[Any] = [past.trailer_view]
    seen: set[generic.Reference] = set()
    missing: set[int] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, generic.IndirectObject):
            reference = each.reference
            if reference in seen:
                continue
            seen.add(reference)
            if places.get_historical_ref(reference, past.revision) is None:
                missing.add(reference.idnum)
                continue
            each = past.get_object(reference)
        if isinstance(each, generic.DictionaryObject):
            waiting.extend(each.values())
        elif isinstance(each, generic.ArrayObject):
            waiting.extend(each)
    return frozenset(missing)
