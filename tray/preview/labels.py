"""Words for what a renderer found: fields of known forms, kinds of documents, places in them."""

import re

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


def place_of(texts: Texts, place: str) -> str:
    """Where something is: "page 3" and "line 3" in the person's language, all else as it came."""
    if (found := _PLACE.fullmatch(place)) is not None:
        number = int(found[2])
        return (
            texts("preview.page", page=number) if found[1] == "page" else texts("preview.line", line=number)
        )
    return words.clean(place)
