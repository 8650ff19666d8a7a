"""Hybrid cross-references: a table for all readers, and a stream beside it for those that know PDF 1.5 (ISO 32000-2 §7.5.8.4).

Microsoft Office writes them into every PDF. They can show two documents in one file, to readers that look first into the table, first into
the stream, or only into one of them; and readers do all of that. One form leaves no choice: what the stream lists is listed in no table as
something else, and not in the table beside it at all. So it is in Office's files: an empty table on top of the one
that lists the ordinary objects, and a stream that adds those in object streams.
"""

from typing import Any

from pyhanko.pdf_utils.xref import ObjStreamRef, XRefCache, XRefSectionData

from agent.errors import UnsupportedOperation

_Place = tuple[int, int] | ObjStreamRef | None
"""Generation and offset, a place in an object stream, or None for a free object."""


def check(references: XRefCache) -> None:
    """Raises: UnsupportedOperation where a stream beside a table says something else than the table, or one before it."""
    known: dict[int, _Place] = {}
    for revision in range(references.total_revisions):
        table = references.get_xref_data(revision)
        own = _places(table)
        if table.hybrid is not None:
            beside = _places(table.hybrid.xref_data)
            for number, place in beside.items():
                if own.get(number, place) != place or known.get(number) not in (None, place):
                    raise UnsupportedOperation(
                        "PDF: readers of different age would see different documents in this file; print it to PDF again"
                    )
            known |= beside
        known |= own


def is_at(references: XRefCache, revision: int) -> bool:
    """Whether that revision (from 0) has hybrid cross-references."""
    return references.get_xref_data(revision).hybrid is not None


def end_of(references: XRefCache, revision: int) -> int:
    """Where the last of the cross-references of a revision ends, that beside a table included."""
    ends = [references.get_xref_container_info(revision).end_location]
    beside = references.get_xref_data(revision).hybrid
    if beside is not None:
        ends.append(beside.meta_info.end_location)
    return max(ends)


def _places(section: XRefSectionData) -> dict[int, _Place]:
    places: dict[int, Any] = dict.fromkeys(section.freed)
    return places | section.standard_xrefs | section.xrefs_in_objstm
