"""The licences of what we ship: a page that names them, and a folder with their texts."""

import re
from collections.abc import Sequence
from pathlib import Path

from installer.shipped.parts import Part

PAGE = "THIRD-PARTY.md"
FOLDER = "licences"


def write(parts: Sequence[Part], folder: Path) -> None:
    """Writes THIRD-PARTY.md, and beside it the folder licences with a folder for each part. OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page(parts), encoding="utf-8")
    for part in parts:
        place = folder / FOLDER / part.name
        place.mkdir(parents=True, exist_ok=True)
        for name, text in part.texts:
            (place / flat(name)).write_text(text, encoding="utf-8")


def flat(name: str) -> str:
    """The name of a file for one that lay somewhere in a wheel."""
    return re.sub(r"[^\w.+-]+", "-", name)


def page(parts: Sequence[Part]) -> str:
    """Markdown: every part with version, licence and where its text lies, and what lies inside it."""
    replaceable = ", ".join(part.name for part in parts if "LGPL" in part.licence)
    lines = [
        "# What Qalamsap is made of",
        "",
        "Qalamsap is under Apache-2.0. Its packages bring the following with them, each under its own licence; the texts lie in the",
        f"folder `{FOLDER}` beside this file. Libraries under the LGPL ({replaceable}) are files of their own: put another build of the",
        "same library in their place, and Qalamsap runs with it.",
        "",
        "| part | version | licence | text | home |",
        "|---|---|---|---|---|",
    ]
    others = [part for part in parts if not part.is_ours]
    for part in others:
        texts = ", ".join(f"[{flat(name)}]({FOLDER}/{part.name}/{flat(name)})" for name, _ in part.texts[:3])
        more = (
            f" and {len(part.texts) - 3} more in [its folder]({FOLDER}/{part.name})"
            if len(part.texts) > 3
            else ""
        )
        lines.append(f"| {part.name} | {part.version} | {part.licence} | {texts}{more} | {part.homepage} |")
    lines += [
        "",
        "## What lies inside them",
        "",
        "| part | inside | version | licence |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {part.name} | {inner.name} | {inner.version} | {inner.licence} |"
        for part in others
        for inner in part.inside
    ]
    return "\n".join(lines) + "\n"
