"""What files come to that are dropped where a key file is asked for: which of them are keys, and what is said of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from tray import dropped
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.texts import Texts

_MOST = 50  # of one drop; nobody looks through more


@dataclass(frozen=True, slots=True)
class Keys:
    """Key files, by their names, that can be read. `problem` is the text key of why there are none, `has_more` whether anything else was
    dropped with them."""

    paths: tuple[str, ...]
    problem: str = ""
    has_more: bool = False


def keys_of(found: Dropped, endings: Sequence[str]) -> Keys:
    """The files with these endings, and those in the folders."""
    inside = [dropped.inside(folder) for folder in found.folders]
    there = dict.fromkeys(found.named(endings))
    there.update(
        dict.fromkeys(path for folder in inside for path in folder.files if dropped.has_ending(path, endings))
    )
    keys = tuple(path for path in there if dropped.is_readable(path))[:_MOST]
    if keys:
        is_all = len(keys) == len(there) and len(found.named(endings)) == len(found.files)
        return Keys(keys, has_more=not is_all or bool(found.elsewhere or found.missing))
    is_closed = bool(there) or any(not folder.is_readable for folder in inside)
    if is_closed:
        return Keys((), "unreadable")
    if found.files:
        is_certificate = len(found.named(dropped.CERTIFICATE_ENDINGS)) == len(found.files)
        return Keys((), "certificate" if is_certificate else "not_a_key")
    if found.folders:
        return Keys((), "empty_folder")
    return Keys((), "elsewhere" if found.elsewhere else "missing")


def refusal(texts: Texts, problem: str, endings: Sequence[str] = dropped.KEY_ENDINGS) -> Offer:
    """Why a drop comes to nothing, in words."""
    names = {"endings": "\u00a0/\u00a0".join(endings)}
    return Offer(texts(f"drop.{problem}"), texts(f"drop.{problem}_advice", **names), is_welcome=False)


def one_key(texts: Texts, found: Dropped) -> Offer:
    """Where one key file is looked into: it may be another one than that which is there."""
    keys = keys_of(found, dropped.KEY_ENDINGS)
    problem = keys.problem or ("one_key" if len(keys.paths) > 1 else "")
    if problem:
        return refusal(texts, "not_a_key" if problem == "certificate" else problem)
    return Offer(texts("drop.key"), texts("drop.key_advice"))
