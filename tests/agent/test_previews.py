"""What the other side of a renderer makes of its answers; documents that hang, crash and lie."""

import hashlib
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from agent import previews
from agent.previews import Previews
from protocol import preview

FAKE = str(Path(__file__).resolve().parent.parent / "support" / "fake_renderer.py")
COMMAND = (sys.executable, FAKE)

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox that is tested is Linux's"),
]


class Answers:
    """What came, in order."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[preview.Answer, bytes]] = SimpleQueue()
        self.names: set[str] = set()

    def __call__(self, answer: preview.Answer, pixels: bytes) -> None:
        self.names.add(threading.current_thread().name)
        self._queue.put((answer, pixels))

    def next(self) -> preview.Answer:
        return self._queue.get(timeout=30)[0]

    def next_drawing(self) -> tuple[preview.Answer, bytes]:
        return self._queue.get(timeout=30)

    def known(self, document: int) -> preview.Overview:
        answer = self.next()
        assert isinstance(answer, preview.Known), answer
        assert answer.document == document
        return answer.overview

    def is_quiet(self, seconds: float = 0.3) -> bool:
        try:
            self._queue.get(timeout=seconds)
        except Empty:
            return True
        return False


@contextmanager
def opened(
    *documents: tuple[str, bytes], command: tuple[str, ...] = COMMAND, answer_s: float = 10.0
) -> Iterator[tuple[Previews, Answers]]:
    answers = Answers()
    looking = Previews(
        [octets for _, octets in documents], [name for name, _ in documents], answers, command, answer_s
    )
    try:
        looking.begin()
        yield looking, answers
    finally:
        looking.close()


def pid_of(overview: preview.Overview) -> int:
    return int(overview.format.removeprefix("pid "))


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def is_alive(pid: int) -> bool:
    """A process that is there and has not ended; the system takes a moment to end one."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":
            return False
        time.sleep(0.01)
    return True


def test_each_document_is_told_of_in_order_from_a_process_of_its_own() -> None:
    with opened(*((f"{n}.txt", b"line\n" * n) for n in range(6))) as (_, answers):
        known = [answers.known(number) for number in range(6)]
    assert [overview.rows for overview in known] == [0, 1, 2, 3, 4, 5]
    assert len({pid_of(overview) for overview in known}) == 6


def test_a_renderer_gets_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    with opened(("a", b"")) as (_, answers):
        child = pid_of(answers.known(0))
        parent = parent_of(child)
        names = [
            each.partition(b"=")[0] for each in Path(f"/proc/{parent}/environ").read_bytes().split(b"\0")
        ]
    assert [name for name in names if name] == [b"PYTHONPATH"]


def test_large_documents_of_any_buffer_arrive_whole() -> None:
    octets = os.urandom(3_000_000)
    with opened(("a", memoryview(octets)), ("b", b"")) as (_, answers):  # type: ignore[arg-type]
        assert answers.known(0).digest == hashlib.sha256(octets).hexdigest()
        assert answers.known(1).digest == hashlib.sha256(b"").hexdigest()


def test_questions_are_answered_with_the_number_of_the_document() -> None:
    with opened(("a", b"one\ntwo\nthree"), ("b", b"four")) as (looking, answers):
        answers.known(0)
        answers.known(1)
        looking.ask(preview.Read(0, 1, 2))
        assert answers.next() == preview.RowsRead(0, 1, (preview.Row("1", "two"), preview.Row("2", "three")))
        looking.ask(preview.Draw(1, 3, 10))
        assert answers.next_drawing() == (preview.Drawn(1, 3, 10, 2), bytes((3, 0, 255)) * 20)
        looking.ask(preview.Look(1))
        assert answers.known(1).rows == 1


def test_a_question_goes_before_the_overviews_that_are_still_to_come() -> None:
    documents = [("slow", b"")] * 4
    with opened(*documents) as (looking, answers):
        looking.ask(preview.Read(3, 0, 1))
        order = [answers.next() for _ in range(5)]
    numbers = [(type(answer).__name__, answer.document) for answer in order]
    assert numbers.index(("RowsRead", 3)) <= 2, numbers
    assert numbers.index(("Known", 3)) < numbers.index(("RowsRead", 3))
    assert sorted(numbers) == [("Known", n) for n in range(4)] + [("RowsRead", 3)]


def test_a_document_that_hangs_holds_up_no_question_about_another() -> None:
    with opened(("hang", b""), ("b", b"text"), answer_s=2.0) as (looking, answers):
        looking.ask(preview.Read(1, 0, 1))
        answers.known(1)
        assert answers.next() == preview.RowsRead(1, 0, (preview.Row("0", "text"),))
        assert answers.known(0).why == "timed-out"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hang", "timed-out"),
        ("spin", "timed-out"),
        ("crash", "crashed"),
        ("mistake", "crashed"),
        ("ends", "crashed"),
        ("eats", "too-large"),
        ("too-deep", "broken"),
        ("broken", "broken"),
        ("encrypted", "encrypted"),
        ("writes-nonsense", "crashed"),
        ("writes-another-answer", "crashed"),
        ("answers-a-question", "crashed"),
        ("nests", "crashed"),
        ("lies-about-pages", "crashed"),
        ("lies-about-size", "crashed"),
        ("lies-about-parties", "crashed"),
        ("lies-about-signers", "crashed"),
        ("lies-about-form", "crashed"),
    ],
)
def test_a_document_that_can_not_be_opened_is_unknown_and_the_next_is_not(name: str, why: str) -> None:
    with opened((name, b"12345"), ("b", b"text"), answer_s=1.5 if why == "timed-out" else 10.0) as (
        looking,
        answers,
    ):
        assert answers.known(0) == preview.Overview("unknown", size=5, why=why)  # type: ignore[arg-type]
        assert answers.known(1).kind == "text"
        looking.ask(preview.Draw(0, 0, 10))
        assert answers.next() == preview.Unshown(0, why)  # type: ignore[arg-type]
        looking.ask(preview.Look(0))
        assert answers.known(0).why == why


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("lies-about-width", preview.Draw(0, 0, 10)),
        ("lies-about-height", preview.Draw(0, 0, 10)),
        ("gives-too-many-rows", preview.Read(0, 0, 10)),
        ("lies-about-depth", preview.Read(0, 0, 10)),
    ],
)
def test_an_answer_out_of_range_counts_as_a_crash(name: str, question: preview.Question) -> None:
    with opened((name, b"a\nb")) as (looking, answers):
        answers.known(0)
        looking.ask(question)
        assert answers.next() == preview.Unshown(0, "crashed")


def test_pixels_that_do_not_come_end_the_wait_for_them() -> None:
    with opened(("gives-too-few-pixels", b""), answer_s=0.5) as (looking, answers):
        answers.known(0)
        looking.ask(preview.Draw(0, 0, 10))
        assert answers.next_drawing() == (preview.Unshown(0, "timed-out"), b"")


def test_after_a_crash_or_too_long_a_wait_the_document_is_opened_anew() -> None:
    with opened(("drawing", b""), answer_s=1.0) as (looking, answers):
        first = pid_of(answers.known(0))
        for page, why in ((8, "crashed"), (9, "timed-out")):
            looking.ask(preview.Draw(0, page, 4))
            assert answers.next() == preview.Unshown(0, why)  # type: ignore[arg-type]
            looking.ask(preview.Draw(0, 1, 4))
            assert answers.next() == preview.Drawn(0, 1, 4, 2)
        assert not is_alive(first)


def test_texts_are_bounded_and_hide_nothing() -> None:
    with opened(("long", "z\u200bw\x1b[0m\tq".encode() + b"x" * 5000)) as (looking, answers):
        overview = answers.known(0)
        looking.ask(preview.Read(0, 0, 1))
        rows = answers.next()
    assert len(overview.facts) == preview.MAX_LIST
    assert len(overview.facts[0].value) == preview.MAX_FACT
    assert overview.flags == (preview.Flag("launch", "\ufffdfdp.exe now"),)
    assert len(overview.attachments) == preview.MAX_LIST
    assert overview.attachments[0] == "\ufffd" + "y" * (preview.MAX_FACT - 1)
    assert isinstance(rows, preview.RowsRead)
    assert rows.rows[0].value.startswith("z\ufffdw\ufffd[0m qx")
    assert len(rows.rows[0].value) == preview.MAX_TEXT


def test_entries_are_entered_and_left() -> None:
    with opened(("a.zip", b"b.zip\nc.txt"), ("d", b"")) as (looking, answers):
        outer = answers.known(0)
        answers.known(1)
        looking.ask(preview.Leave(0))
        assert answers.next() == preview.Unshown(0, "broken")  # nothing was entered
        looking.ask(preview.Enter(0, 7))
        assert answers.next() == preview.Unshown(0, "broken")
        looking.ask(preview.Enter(0, 0))
        inner = answers.next()
        assert isinstance(inner, preview.Known)
        assert (inner.document, inner.place, inner.overview.kind) == (0, ("b.zip",), "entries")
        looking.ask(preview.Enter(0, 1))
        assert answers.next().place == ("b.zip", "b.zip")  # type: ignore[union-attr]
        looking.ask(preview.Look(0))
        assert answers.next().place == ("b.zip", "b.zip")  # type: ignore[union-attr]
        looking.ask(preview.Leave(0))
        assert answers.next().place == ("b.zip",)  # type: ignore[union-attr]
        looking.ask(preview.Leave(0))
        assert answers.next() == preview.Known(0, outer, ())


def test_few_processes_wait_and_a_document_is_found_as_it_was_left() -> None:
    documents = [("a.zip", b"b.zip\nc.zip")] + [(f"{n}.txt", b"text") for n in range(6)]
    with opened(*documents) as (looking, answers):
        pids = [pid_of(answers.known(number)) for number in range(7)]
        looking.ask(preview.Enter(0, 1))
        assert answers.next().place == ("c.zip",)  # type: ignore[union-attr]
        for number in range(1, 7):
            looking.ask(preview.Read(number, 0, 1))
            assert isinstance(answers.next(), preview.RowsRead)
        looking.ask(preview.Read(0, 0, 2))
        assert answers.next() == preview.RowsRead(
            0, 0, (preview.Row("0", "inside"), preview.Row("1", "c.zip"))
        )
        looking.ask(preview.Leave(0))
        assert answers.known(0).rows == 2
        assert not any(is_alive(pid) for pid in pids[:3])


LINES = b"\n".join(b"line %d" % number for number in range(45))


def test_a_document_that_grows_is_told_of_until_all_of_it_is_known() -> None:
    with opened(("grows", LINES), ("b", b"text")) as (looking, answers):
        grown = [answers.known(0) for _ in range(5)]
        assert answers.known(1).rows == 1
        looking.ask(preview.Read(0, 44, 5))
        assert answers.next() == preview.RowsRead(0, 44, (preview.Row("44", "line 44"),))
    assert [overview.rows for overview in grown] == [10, 20, 30, 40, 45]
    assert [overview.is_growing for overview in grown] == [True] * 4 + [False]
    assert len({pid_of(overview) for overview in grown}) == 1


def test_questions_are_answered_while_a_document_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows for as long as the test wants: each question is asked and answered in the midst of that."""
    monkeypatch.setattr(previews, "MAX_PIECES", 1_000_000)
    with opened(("grows-for-ever", b"a\nb"), ("b", b"text")) as (looking, answers):

        def answer_to(question: preview.Question) -> preview.Answer:
            looking.ask(question)
            while isinstance(answer := answers.next(), preview.Known) and answer.document == 0:
                assert answer.overview.is_growing
            return answer

        answers.known(0)
        assert isinstance(answer_to(preview.Read(1, 0, 1)), preview.Known)  # what it is comes first
        assert answers_of(answers, preview.RowsRead) == preview.RowsRead(1, 0, (preview.Row("0", "text"),))
        assert isinstance(answer_to(preview.Draw(0, 3, 10)), preview.Drawn)
        assert isinstance(answer_to(preview.Draw(1, 3, 10)), preview.Drawn)


def answers_of(answers: Answers, kind: type[preview.Answer]) -> preview.Answer:
    """The next answer of this kind."""
    while not isinstance(answer := answers.next(), kind):
        pass
    return answer


def test_a_document_that_grows_for_ever_is_shown_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MAX_PIECES", 5)
    with opened(("grows-for-ever", b"a\nb"), ("b", b"text")) as (looking, answers):
        grown = [answers.known(0) for _ in range(7)]
        assert [overview.why for overview in grown] == [""] * 6 + ["timed-out"]
        assert not grown[-1].is_growing
        assert answers.known(1).kind == "text"
        looking.ask(preview.Read(0, 0, 1))
        assert answers.next() == preview.RowsRead(0, 0, (preview.Row("0", "a"),))


def test_a_document_of_which_the_rest_crashes_is_shown_in_part() -> None:
    with opened(("grows-and-crashes", b"a\nb\nc"), ("b", b"text")) as (looking, answers):
        assert answers.known(0).is_growing
        rest = answers.known(0)
        assert (rest.why, rest.is_growing, rest.rows) == ("crashed", False, 1)
        assert answers.known(1).kind == "text"
        looking.ask(preview.Read(0, 0, 1))
        assert answers.next() == preview.RowsRead(0, 0, (preview.Row("0", "a"),))
        looking.ask(preview.Read(0, 1, 1))
        assert answers.next() == preview.Unshown(0, "crashed")


def test_a_document_is_read_to_its_end_before_something_in_it_is_entered() -> None:
    with opened(("grows.zip", LINES)) as (looking, answers):
        looking.ask(preview.Enter(0, 0))
        known = []
        while not isinstance(answer := answers.next(), preview.Known) or not answer.place:
            known.append(answer)
    assert [each.overview.is_growing for each in known if isinstance(each, preview.Known)][-1] is False
    assert known[-1] == preview.Known(0, known[-1].overview)  # type: ignore[union-attr]


def test_what_was_not_read_before_that_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "ANSWER_S", 0.05)
    monkeypatch.setattr(previews, "MAX_PIECES", 1_000_000)
    with opened(("grows-for-ever", b"a\nb")) as (looking, answers):
        answers.known(0)
        looking.ask(preview.Enter(0, 0))
        while (outside := answers.next()).overview.is_growing:  # type: ignore[union-attr]
            pass
        assert outside.overview.why == "timed-out"  # type: ignore[union-attr]


def test_a_process_that_nobody_keeps_any_more_is_ended() -> None:
    looking = Previews([b""], ["a"], lambda *_: None, COMMAND)
    looking.close()
    source, sink = os.pipe()
    ended = threading.Event()
    process = previews._Process(io.FileIO(source, "rb"), io.FileIO(sink, "wb"), ended.set, 1.0)
    document = looking._documents[0]
    document.overview = preview.Overview("text", is_growing=True)
    with pytest.raises(previews._Closed):
        looking._finish(0, document, process)
    assert ended.is_set()
    assert process._source.closed
    assert process._sink.closed


def test_opened_anew_it_grows_as_far_as_it_is_asked_about() -> None:
    documents = [("grows.zip", LINES)] + [(f"{n}.txt", b"text") for n in range(4)]
    with opened(*documents) as (looking, answers):
        while answers.known(0).is_growing:
            pass
        for number in range(1, 5):
            answers.known(number)
        looking.ask(preview.Enter(0, 40))
        assert answers.next().place == ("line 40",)  # type: ignore[union-attr]
        for number in range(1, 5):  # others push it out
            looking.ask(preview.Read(number, 0, 1))
            assert isinstance(answers.next(), preview.RowsRead)
        looking.ask(preview.Read(0, 0, 2))
        inside = (preview.Row("0", "inside"), preview.Row("1", "line 40"))
        assert answers.next() == preview.RowsRead(0, 0, inside)
        looking.ask(preview.Leave(0))  # what it lies in is not read to its end in this process
        outside = answers.known(0)
        assert outside.is_growing
        while outside.is_growing:
            outside = answers.known(0)
        assert outside.rows == 45


@pytest.mark.parametrize(
    "question",
    [
        preview.Draw(0, -1, 10),
        preview.Draw(0, preview.MAX_PAGES, 10),
        preview.Draw(0, 0, 0),
        preview.Draw(0, 0, preview.MAX_WIDTH + 1),
        preview.Read(0, -1, 10),
        preview.Read(0, 0, preview.MAX_ROWS + 1),
        preview.Read(0, 0, 0),
        preview.Enter(0, -1),
        preview.Look(1),
        preview.Look(-1),
    ],
)
def test_questions_out_of_range_are_not_passed_on(question: preview.Question) -> None:
    with opened(("a", b"")) as (looking, answers):
        answers.known(0)
        looking.ask(question)
        assert answers.next() == preview.Unshown(question.document, "broken")


def test_closing_ends_every_process_at_once() -> None:
    with opened(("a", b""), ("b", b""), ("hang", b"")) as (looking, answers):
        pids = [pid_of(answers.known(number)) for number in range(2)]
        looking.ask(preview.Draw(2, 0, 10))
        began = time.monotonic()
        looking.close()
        assert time.monotonic() - began < 2
        assert not any(is_alive(pid) for pid in pids)
        looking.close()
        looking.ask(preview.Look(0))
        assert answers.is_quiet()


def test_closing_from_an_answer_is_allowed() -> None:
    got = []

    def close(answer: preview.Answer, _: bytes) -> None:
        got.append(answer)
        looking.close()

    looking = Previews([b"", b""], [], close, COMMAND)
    looking.begin()
    until = time.monotonic() + 10
    while not got and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.2)
    assert len(got) == 1


def test_closed_before_it_began_it_starts_nothing() -> None:
    answers = Answers()
    looking = Previews([b""], ["a"], answers, COMMAND)
    looking.close()
    looking.begin()
    assert answers.is_quiet()


KILLED = """
import os, sys, time
from agent import previews
from tests.agent.test_previews import COMMAND

def tell(answer, _):
    print(answer.overview.format.removeprefix("pid "), flush=True)

looking = previews.Previews([b"", b"", b""], ["a", "b", "spin"], tell, COMMAND)
looking.begin()
time.sleep(60)
"""


def test_everything_ends_with_the_process_that_asked() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        pids = [int(asking.stdout.readline()) for _ in range(2)]
        pids.append(parent_of(pids[0]))
        assert Path(f"/proc/{pids[2]}").exists()
        asking.kill()
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize(
    "command", [("/nonexistent/renderer",), (sys.executable, FAKE, "silent")], ids=["missing", "ends at once"]
)
def test_without_a_renderer_nothing_is_shown(command: tuple[str, ...]) -> None:
    with opened(("a", b"1"), ("b", b"2"), command=command) as (looking, answers):
        for number in range(2):
            overview = answers.known(number)
            assert overview.kind == "unknown"
            assert overview.why in ("unavailable", "crashed")
        looking.ask(preview.Draw(0, 0, 10))
        assert isinstance(answers.next(), preview.Unshown)


@pytest.mark.parametrize("size", [1, 10_000_000], ids=["small", "more than a pipe holds"])
def test_without_a_sandbox_no_document_is_read(size: int) -> None:
    with opened(("a", bytes(size)), command=(*COMMAND, "without-sandbox")) as (looking, answers):
        assert answers.known(0) == preview.Overview("unknown", size=size, why="unavailable")
        looking.ask(preview.Read(0, 0, 1))
        assert answers.next() == preview.Unshown(0, "unavailable")


def test_a_renderer_that_was_ended_from_outside_is_started_again() -> None:
    with opened(("a", b"")) as (looking, answers):
        child = pid_of(answers.known(0))
        os.kill(parent_of(child), 9)
        assert not is_alive(child)
        looking.ask(preview.Read(0, 0, 1))
        assert answers.next() == preview.Unshown(0, "crashed")  # it was at hand, and is gone
        looking.ask(preview.Read(0, 0, 1))
        assert answers.next() == preview.RowsRead(0, 0, ())


def test_where_processes_can_not_divide_each_document_gets_a_renderer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(previews, "_CAN_DIVIDE", False)
    with opened(("a", b"one"), ("crash", b""), ("b", b"two")) as (looking, answers):
        pids = [pid_of(answers.known(0))]
        assert answers.known(1).why == "crashed"
        pids.append(pid_of(answers.known(2)))
        looking.ask(preview.Read(2, 0, 1))
        assert answers.next() == preview.RowsRead(2, 0, (preview.Row("0", "two"),))
        looking.close()
        assert not any(is_alive(pid) for pid in pids)


def test_a_name_does_not_reach_the_renderer_in_an_unbounded_form() -> None:
    with opened(("x" * 100_000, b"")) as (_, answers):
        assert answers.known(0).kind == "text"


@pytest.mark.parametrize(
    ("octets", "may_be"),
    [
        (b"%PDF-1.7 /ByteRange [0 1 2 3]", True),
        (b"junk\n%PDF-1.7 /ByteRange[0 1 2 3]", True),
        (b"%PDF-1.7 /B#79teRange [0 1 2 3]", True),
        (b"%PDF-1.7 /#42yte#52ange\n[0 1 2 3]", True),
        (b"%PDF-1.7 /BleedBox [0 0 1 1]", False),
        (b"PK /ByteRange [0 1 2 3]", False),
        (b"", False),
    ],
)
def test_signed_documents_are_told_from_others(octets: bytes, may_be: bool) -> None:
    assert previews._may_be_signed(octets) is may_be
    assert previews._may_be_signed(memoryview(octets)) is may_be
