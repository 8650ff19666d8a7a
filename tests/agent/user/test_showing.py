"""Looking into documents, with a renderer in this process."""

import queue
from collections.abc import Callable
from typing import Any

import pytest

from agent.user.base import Content
from agent.user.showing import Showing
from protocol import preview
from tests.support.fake_previews import FakePreviews

DIGEST = preview.Overview("digest", digest="ab" * 32)
TOO_LARGE = preview.Overview("unknown", size=10**9, digest="cd" * 32, why="too-large")
CONTENTS: tuple[Content, ...] = (DIGEST, b"one", TOO_LARGE, memoryview(b"two"))
Answers = queue.SimpleQueue[tuple[preview.Answer, bytes]]


class Made:
    """What was made by `render`, and what came of it."""

    def __init__(self) -> None:
        self.renderers: list[FakePreviews] = []
        self.answers: Answers = queue.SimpleQueue()

    def render(self, *arguments: Any) -> FakePreviews:
        self.renderers.append(FakePreviews(*arguments))
        return self.renderers[-1]

    def write(self, answer: preview.Answer, pixels: bytes) -> None:
        self.answers.put((answer, pixels))

    def next(self) -> tuple[preview.Answer, bytes]:
        return self.answers.get(timeout=30)


@pytest.fixture
def made() -> Made:
    return Made()


def showing(made: Made, *contents: Content, names: tuple[str, ...] = ()) -> Showing:
    return Showing(contents or CONTENTS, names, made.render, made.write)


def test_every_document_becomes_known_under_the_number_that_the_window_has_for_it(made: Made) -> None:
    shown = showing(made, names=("", "act.txt", "", "deed.txt"))
    assert made.renderers == []  # nothing runs before it begins
    shown.begin()
    known = [made.next()[0] for _ in CONTENTS]
    assert sorted(each.document for each in known) == [0, 1, 2, 3]
    found = {each.document: each.overview for each in known if isinstance(each, preview.Known)}
    text = preview.Overview("text", size=3)
    assert found == {0: DIGEST, 1: text, 2: TOO_LARGE, 3: text}
    (renderer,) = made.renderers
    assert (renderer.documents, renderer.names) == ([b"one", b"two"], ["act.txt", "deed.txt"])
    shown.close()


def test_it_begins_once(made: Made) -> None:
    shown = showing(made)
    shown.begin()
    shown.begin()
    assert len(made.renderers) == 1
    shown.close()


def test_documents_without_octets_need_no_renderer(made: Made) -> None:
    shown = showing(made, DIGEST, TOO_LARGE)
    shown.begin()
    assert made.renderers == []
    assert [made.next(), made.next()] == [
        (preview.Known(0, DIGEST), b""),
        (preview.Known(1, TOO_LARGE), b""),
    ]


def test_questions_go_to_the_renderer_and_its_answers_back(made: Made) -> None:
    shown = showing(made)
    shown.begin()
    for _ in CONTENTS:
        made.next()
    shown.ask(preview.Draw(3, 0, 1))
    assert made.next() == (preview.Drawn(3, 0, 1, 1), b"rgb")
    shown.ask(preview.Read(1, 0, 10))
    assert made.next() == (preview.RowsRead(1, 0, (preview.Row("", "one"),)), b"")
    assert made.renderers[0].asked == [preview.Draw(1, 0, 1), preview.Read(0, 0, 10)]
    shown.close()


def test_what_is_asked_before_it_begins_is_answered_then(made: Made) -> None:
    shown = showing(made, b"one")
    shown.ask(preview.Read(0, 0, 10))
    assert made.answers.empty()
    shown.begin()
    assert made.next()[0] == preview.Known(0, preview.Overview("text", size=3))
    assert made.next()[0] == preview.RowsRead(0, 0, (preview.Row("", "one"),))
    shown.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (preview.Look(0), preview.Known(0, DIGEST)),
        (preview.Read(0, 0, 1), preview.Unshown(0, "unavailable")),
        (preview.Look(2), preview.Known(2, TOO_LARGE)),
        (preview.Draw(2, 0, 1), preview.Unshown(2, "too-large")),
        (preview.Look(4), preview.Unshown(4, "unavailable")),
        (preview.Leave(-1), preview.Unshown(-1, "unavailable")),
    ],
)
def test_what_no_renderer_has_is_answered_all_the_same(
    question: preview.Question, answer: preview.Answer, made: Made
) -> None:
    shown = showing(made)
    shown.ask(question)
    assert made.next() == (answer, b"")


def test_without_a_renderer_that_is_what_is_said(made: Made) -> None:
    shown = Showing([b"one"], (), None, made.write)
    unavailable = preview.Known(0, preview.Overview("unknown", size=3, why="unavailable"))
    shown.begin()
    shown.ask(preview.Look(0))
    shown.ask(preview.Draw(0, 0, 1))
    assert [made.next()[0] for _ in range(3)] == [
        unavailable, unavailable, preview.Unshown(0, "unavailable"),
    ]  # fmt: skip


def asks_after_the_end(shown: Showing) -> None:
    shown.close()
    shown.ask(preview.Draw(1, 0, 1))


def begins_after_the_end(shown: Showing) -> None:
    shown.close()
    shown.begin()
    shown.ask(preview.Draw(1, 0, 1))


@pytest.mark.parametrize("late", [asks_after_the_end, begins_after_the_end])
def test_after_the_end_nothing_can_be_seen(late: Callable[[Showing], None], made: Made) -> None:
    shown = showing(made)
    late(shown)
    assert made.next() == (preview.Unshown(1, "unavailable"), b"")
    assert made.renderers == []


def test_the_end_ends_the_renderer_and_what_it_still_says_is_not_passed_on(made: Made) -> None:
    shown = showing(made, b"one")
    shown.begin()
    made.next()
    (renderer,) = made.renderers
    shown.close()
    shown.close()
    renderer.join()
    assert renderer.is_closed
    shown._pass_on(preview.Unshown(0, "crashed"), b"")
    assert made.answers.empty()


def test_what_was_drawn_or_read_is_seen_and_nothing_else(made: Made) -> None:
    shown = showing(made)
    shown._pass_on(preview.Known(0, preview.Overview("text", rows=5)), b"")
    assert shown.seen() == frozenset()
    shown._pass_on(preview.RowsRead(1, 0, (preview.Row("", "line"),)), b"")
    assert shown.seen() == {3}  # as the window counts
    shown.ask(preview.Draw(0, 0, 1))  # of which only the digest is known
    shown._pass_on(preview.Drawn(0, 0, 1, 1), b"abc")
    assert shown.seen() == {1, 3}
    shown.close()
    assert shown.seen() == {1, 3}
