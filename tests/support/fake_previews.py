"""A renderer in the test's own process, with a thread like the real one: overviews first, an answer for each question."""

import queue
import threading
from collections.abc import Callable, Sequence

from protocol import preview


class FakePreviews:
    """Finds text in every document, and draws pages of `pixels`. What it was given and asked is kept."""

    def __init__(
        self,
        documents: Sequence[bytes | memoryview],
        names: Sequence[str],
        on_answer: Callable[[preview.Answer, bytes], None],
        *,
        pixels: bytes = b"rgb",
    ) -> None:
        self.documents = [bytes(document) for document in documents]
        self.names = list(names)
        self.asked: list[preview.Question] = []
        self.is_closed = False
        self._on_answer = on_answer
        self._pixels = pixels
        self._questions: queue.SimpleQueue[preview.Question | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def ask(self, question: preview.Question) -> None:
        self._questions.put(question)

    def close(self) -> None:
        self.is_closed = True
        self._questions.put(None)

    def join(self) -> None:
        """Waits until its thread has ended."""
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        for number, document in enumerate(self.documents):
            self._on_answer(preview.Known(number, preview.Overview("text", size=len(document))), b"")
        while (question := self._questions.get()) is not None:
            self.asked.append(question)
            match question:
                case preview.Draw(document, page, width):
                    drawn = preview.Drawn(document, page, width, len(self._pixels) // (3 * width))
                    self._on_answer(drawn, self._pixels)
                case preview.Read(document, start):
                    rows = (preview.Row("", self.documents[document].decode()),)
                    self._on_answer(preview.RowsRead(document, start, rows), b"")
                case _:
                    self._on_answer(preview.Unshown(question.document, "broken"), b"")
