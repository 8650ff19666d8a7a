"""The documents of one approval, as far as the person can look into them.

A renderer (agent.previews) looks into octets and answers from a thread of its own. Of a document whose octets are not at hand an overview is
all there is: of one that a page gave the digest of, or that is too large to be held. The window counts all documents, the renderer those
that it has.
"""

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from agent.user.base import Content
from protocol import preview

Write: TypeAlias = Callable[[preview.Answer, bytes], None]
"""Takes an answer and, where it is Drawn, its pixels. Called from any thread; never raises."""


class Previews(Protocol):
    """Documents at a renderer: agent.previews.Previews, or a test's own. Nothing here blocks or raises, whatever the documents are."""

    def begin(self) -> None:
        """Starts it. From now on a Known comes for each document in order, and an answer for each question."""
        ...

    def ask(self, question: preview.Question) -> None:
        """Any thread. What is asked comes before the overviews that are still to come."""
        ...

    def close(self) -> None:
        """Ends it at once."""
        ...


Render: TypeAlias = Callable[[Sequence[bytes | memoryview], Sequence[str], Write], Previews]
"""Documents and what they are called to a renderer that is not started yet, which answers by calling the last one."""


class Showing:
    """Answers what the window asks about documents, by `write`. Without `render` nobody can look into octets, and that is what it says."""

    def __init__(
        self, contents: Sequence[Content], names: Sequence[str], render: Render | None, write: Write
    ) -> None:
        self._write = write
        self._render = render
        self._octets: dict[int, bytes | memoryview] = {}
        self._overviews: dict[int, preview.Overview] = {}
        for number, content in enumerate(contents):
            if isinstance(content, preview.Overview):
                self._overviews[number] = content
            elif render is None:
                self._overviews[number] = preview.Overview("unknown", size=len(content), why="unavailable")
            else:
                self._octets[number] = content
        self._names = [names[number] if number < len(names) else "" for number in self._octets]
        self._numbers = tuple(self._octets)  # of the renderer's documents, as the window counts
        self._places = {number: place for place, number in enumerate(self._numbers)}
        self._lock = threading.Lock()  # never held while something is written
        self._previews: Previews | None = None
        self._early: list[preview.Question] = []  # asked before it began
        self._seen: set[int] = set()
        self._has_begun = False
        self._is_closed = False

    def begin(self) -> None:
        """Tells the window what each document is, as that is found out. A second time it does nothing."""
        with self._lock:
            if self._has_begun or self._is_closed:
                return
            self._has_begun = True
            if self._render is not None and self._numbers:
                self._previews = self._render(list(self._octets.values()), self._names, self._pass_on)
                self._previews.begin()
                for question in self._early:
                    self._previews.ask(question)
                self._early.clear()
        for number, overview in self._overviews.items():
            self._write(preview.Known(number, overview), b"")

    def ask(self, question: preview.Question) -> None:
        """What the window wants to see; from any thread."""
        place = self._places.get(question.document)
        with self._lock:
            if place is not None and not self._is_closed:
                asked = dataclasses.replace(question, document=place)
                if self._previews is None:
                    self._early.append(asked)
                else:
                    self._previews.ask(asked)
                return
        self._write(self._without_renderer(question), b"")

    def seen(self) -> frozenset[int]:
        """The documents of which pages or rows went to the window, or that have none: they are empty. What can't be shown is never seen."""
        with self._lock:
            return frozenset(self._seen)

    def close(self) -> None:
        """Ends the renderer. Octets are let go of, and stay with whoever else needs them."""
        with self._lock:
            self._is_closed = True
            previews, self._previews = self._previews, None
            self._octets.clear()
        if previews is not None:
            previews.close()

    def _pass_on(self, answer: preview.Answer, pixels: bytes) -> None:
        """The renderer's thread: an answer, with the number that the window has for the document."""
        if not self._is_closed:
            number = self._numbers[answer.document]
            if preview.shows(answer):
                with self._lock:
                    self._seen.add(number)
            self._write(dataclasses.replace(answer, document=number), pixels)

    def _without_renderer(self, question: preview.Question) -> preview.Answer:
        overview = self._overviews.get(question.document)
        if overview is not None and isinstance(question, preview.Look):
            return preview.Known(question.document, overview)
        why = overview.why if overview is not None else ""
        return preview.Unshown(question.document, why or "unavailable")
