"""Words for what a renderer found: fields of known forms, kinds of documents, places in them."""

import re
from datetime import datetime, timedelta

from protocol import letters, preview_labels
from tray import words
from tray.texts import Texts

_LONGEST = 300
_PLACE = re.compile(r"(page|line) (\d{1,9})")
_FORMATS = {"ZIP (signed)": "preview.signed_zip", "TSTInfo": "preview.timestamp"}  # those that are no names


def shown(texts: Texts, label: str) -> str:
    """The label of a row: of a field that is known in the person's language, else the document's own word."""
    if label in preview_labels.FORM_LABELS:
        return texts(label)
    return letters.visible(label[:_LONGEST])


def kind_of(texts: Texts, form: str, written: str) -> str:
    """What a document is: the name of its form, and how it is written ("XML")."""
    label = f"{preview_labels.PREFIX}{form}"
    named = texts(label) if label in preview_labels.FORM_LABELS else ""
    written = texts(_FORMATS[written]) if written in _FORMATS else words.clean(written)
    return ", ".join(part for part in (named, written) if part)


def moment_of(texts: Texts, moment: str) -> str:
    """An ISO 8601 moment to the second in this computer's time, and how far that is from UTC; what can't be read as it came."""
    try:
        local = datetime.fromisoformat(moment).astimezone()
    except (ValueError, OverflowError, OSError):
        return words.clean(moment)
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    offset = f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}" if minutes else "UTC"
    return texts("preview.moment", moment=f"{local:%d.%m.%Y %H:%M:%S}", offset=offset)


def place_of(texts: Texts, place: str) -> str:
    """Where something is: "page 3" and "line 3" in the person's language, all else as it came."""
    if (found := _PLACE.fullmatch(place)) is not None:
        number = int(found[2])
        return (
            texts("preview.page", page=number) if found[1] == "page" else texts("preview.line", line=number)
        )
    return words.clean(place)
