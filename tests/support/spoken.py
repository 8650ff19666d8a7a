"""Whether what a screen reader finds of a window can be used: every control has a name, in the language of the window."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from protocol import prompts
from tray import texts

Node = dict[str, Any]

# What can be operated. What is inside of a table or list has the name of its text, and what a combo box unfolds is the box's.
CONTROLS = frozenset({
    "push button", "button", "toggle button", "check box", "radio button", "combo box", "text", "entry", "password text", "spin button", "list",
    "table", "tree table", "tree", "link", "page tab", "slider",
})  # fmt: skip
_INSIDE = frozenset({"combo box", "spin button", "table", "tree table", "list", "tree"})
_LEAST_LETTERS = 2
_MARKS = (": ", ", ", " · ")


def controls(node: Node) -> Iterator[Node]:
    """Those that are on the screen."""
    if node["role"] in CONTROLS and node["showing"]:
        yield node
    if node["role"] not in _INSIDE:
        for child in node["children"]:
            yield from controls(child)


def complaints(tree: Node, language: prompts.Language, data: frozenset[str] = frozenset()) -> list[str]:
    """Controls without a name, and those whose name is no text of that language, a line each. `data` begins names that are not ours."""
    said = []
    for node in controls(tree):
        name = node["name"].strip()
        if (
            node["role"] == "combo box"
        ):  # on Linux its name is what is chosen, and its label or description says what for
            name = " ".join((*node["labels"], node["description"])).strip()
        if not name:
            said.append(f"{node['role']} without a name: {node['name']!r}, {node['description']!r}")
        elif not is_text(name, language) and not any(name.startswith(begin) for begin in data):
            said.append(f"{node['role']} {name!r} is no text in {language}")
        if (
            node["role"] not in {"list", "table", "tree table", "tree"}
            and node["enabled"]
            and not node["focusable"]
        ):
            said.append(f"{node['role']} {name!r} can't be reached by the keyboard")
    return said


def is_text(name: str, language: prompts.Language) -> bool:
    """Whether it is one of our texts, with anything in its places; or begins with one, and a colon, comma or dot after it."""
    return any(
        pattern.fullmatch(part)
        for part in (name, *(name.split(mark, 1)[0] for mark in _MARKS if mark in name))
        for pattern in _patterns(language)
    )


@functools.cache
def _patterns(language: prompts.Language) -> tuple[re.Pattern[str], ...]:
    found = []
    for entry in texts.load(language).entries.values():
        for text in entry.values() if isinstance(entry, Mapping) else (entry,):
            literal = re.sub(r"\{\w+\}", "", text)
            if sum(letter.isalpha() for letter in literal) >= _LEAST_LETTERS:
                pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(text))
                found.append(re.compile(rf"{pattern}(?: \(.+\))?", re.DOTALL))
    return tuple(found)
