"""A worker's two pipes, with the test at the daemon's ends of them."""

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from agent import algorithms, daemon_pipe
from agent.daemon_pipe import Daemon
from agent.errors import TimedOut, Unreachable
from agent.fetch import Question
from agent.rules import Rules
from agent.user.base import PageLeft
from agent.user.scripted import ScriptedAnswer, ScriptedUser
from protocol import messages, pipes, prompts, work
from protocol.errors import ProtocolError
from protocol.v1 import codec as own

RULES = Rules().sent()


@dataclass
class Ends:
    daemon: Daemon
    to_worker: io.FileIO
    from_worker: io.FileIO
    user: ScriptedUser

    def send(self, message: work.ToWorker, *contents: bytes) -> None:
        octets = pipes.pack_json(work.to_message(message))
        for content in contents:
            for start in range(0, len(content), pipes.CHUNK_BYTES):
                piece = content[start : start + pipes.CHUNK_BYTES]
                octets += pipes.pack_header(pipes.DATA, len(piece)) + piece
        view = memoryview(octets)
        while view:
            view = view[self.to_worker.write(view) :]

    def sends(self, message: work.ToWorker, *contents: bytes) -> threading.Thread:
        """Likewise while the worker reads: a pipe takes no more than 64 KiB."""
        thread = threading.Thread(target=self.send, args=(message, *contents))
        thread.start()
        return thread

    def heard(self) -> Any:
        frame = pipes.read_frame(self.from_worker)
        assert frame is not None
        return work.from_message(pipes.unpack_json(frame[1])) if frame[0] == pipes.JSON else bytes(frame[1])


@pytest.fixture
def ends() -> Iterator[Ends]:
    source, to_worker = os.pipe()
    from_worker, sink = os.pipe()
    files = [
        io.FileIO(source, "rb"),
        io.FileIO(sink, "wb"),
        io.FileIO(to_worker, "wb"),
        io.FileIO(from_worker, "rb"),
    ]
    user = ScriptedUser(ScriptedAnswer("cancel"))
    yield Ends(Daemon(files[0], files[1]), files[2], files[3], user)
    for file in reversed(files):
        file.close()


def begin(frame: bytes = b"", *attachments: work.Attachment, **more: Any) -> work.Begin:
    return work.Begin("site", "https://a.kz", "ru", len(frame), attachments=attachments, rules=RULES, **more)


def test_a_frame_and_what_came_before_it_arrive_whole(ends: Ends) -> None:
    frame, small = bytes(range(256)) * 2000, b"small"
    announced = (work.Attachment("empty", 0), work.Attachment("small", len(small)))
    sending = ends.sends(begin(frame, *announced), frame, b"", small)
    begun = ends.daemon.begin()
    sending.join()
    assert begun is not None
    assert bytes(begun.frame) == frame
    assert begun.attachments == {"empty": b"", "small": small}


def test_what_is_too_much_for_memory_is_hashed_as_it_comes_and_the_smallest_are_kept(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_pipe, "MAX_IN_MEMORY_BYTES", 1000)
    contents = {"large": b"x" * 700_000, "small": b"small", "next": b"n" * 990, "beyond": b"b" * 991}
    announced = [work.Attachment(name, len(content)) for name, content in contents.items()]
    sending = ends.sends(begin(b"", *announced), *contents.values())
    begun = ends.daemon.begin()
    sending.join()
    assert begun is not None
    held = {}
    for name, content in contents.items():
        found = begun.attachments[name]
        assert isinstance(found, messages.LargeDocument)
        assert found.size == len(content)
        assert dict(found.digests)[algorithms.SHA256.oid] == hashlib.sha256(content).digest()
        held[name] = found.octets
    assert held == {"large": None, "small": b"small", "next": b"n" * 990, "beyond": None}


def test_a_spare_that_is_not_needed_is_told_by_the_end(ends: Ends) -> None:
    ends.to_worker.close()
    assert ends.daemon.begin() is None


def test_a_daemon_that_ends_in_the_middle_left(ends: Ends) -> None:
    ends.send(begin(b"four", work.Attachment("a", 10)), b"four", b"half")
    ends.to_worker.close()
    assert ends.daemon.begin() is None


@pytest.mark.parametrize(
    ("message", "contents"),
    [
        (prompts.Waiting(1), ()),
        (begin(b"abc"), (b"abcd",)),
        (work.Begin("site", "", "ru", 1 << 40, rules=RULES), ()),
    ],
    ids=["no beginning", "more than announced", "more than can be"],
)
def test_nonsense_is_told(ends: Ends, message: work.ToWorker, contents: tuple[bytes, ...]) -> None:
    ends.send(message, *contents)
    with pytest.raises(ProtocolError):
        ends.daemon.begin()


def test_a_reply_and_what_goes_with_it_leave_whole(ends: Ends) -> None:
    made = b"m" * (pipes.CHUNK_BYTES + 5)
    reply = own.Encoded("да", (("first", made), ("second", b"")))
    sending = threading.Thread(target=ends.daemon.reply, args=(reply, "done"))
    sending.start()
    announced = (work.Attachment("first", len(made)), work.Attachment("second", 0))
    assert ends.heard() == work.Reply(4, "done", announced)
    assert ends.heard() == "да".encode()
    assert ends.heard() + ends.heard() == made
    sending.join()


def test_progress_is_not_told_of_every_step_but_of_the_last(ends: Ends) -> None:
    for number in range(1, 1001):
        ends.daemon.notice(work.Progress(number, 1000))
    ends.daemon.notice(work.Stage("approval"))
    heard = [ends.heard()]
    while heard[-1] != work.Stage("approval"):
        heard.append(ends.heard())
    assert heard[0] == work.Progress(1, 1000)
    assert heard[-2] == work.Progress(1000, 1000)
    assert len(heard) < 100


def test_documents_of_a_series_come_one_by_one(ends: Ends) -> None:
    ends.daemon.listen(ends.user)
    documents = ends.daemon.documents(2, lambda: None)
    ends.send(work.NextDocument(5), b"first")
    assert next(documents) == b"first"
    assert ends.heard() == work.Ready()
    ends.send(work.NextDocument(0))
    assert next(documents) == b""
    with pytest.raises(StopIteration):
        next(documents)


def test_a_page_that_leaves_ends_what_waits_for_it(ends: Ends) -> None:
    ends.daemon.listen(ends.user)
    documents = ends.daemon.documents(2, lambda: None)
    ends.to_worker.close()
    with pytest.raises(PageLeft):
        next(documents)
    with pytest.raises(PageLeft):
        ends.daemon.fetch(Question("ocsp", "http://a.kz/", b"?"))
    with pytest.raises(PageLeft):
        ends.user.still_there()


def test_a_page_that_does_not_send_its_next_document_keeps_nobody_waiting(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_pipe, "SERIES_GAP_S", 0.05)
    monkeypatch.setattr(daemon_pipe, "_LOOK_S", 0.01)
    ends.daemon.listen(ends.user)
    with pytest.raises(TimedOut):
        next(ends.daemon.documents(1, lambda: None))


def test_questions_get_the_answers_to_their_numbers(ends: Ends) -> None:
    ends.daemon.listen(ends.user)
    answers: dict[str, Any] = {}

    def ask(url: str) -> None:
        try:
            answers[url] = ends.daemon.fetch(Question("ocsp", url, b"?"))
        except Unreachable as error:
            answers[url] = error.detail

    threads = []
    numbers = {}
    for url in ("http://a.kz/", "http://b.kz/"):
        threads.append(threading.Thread(target=ask, args=(url,)))
        threads[-1].start()
        order = ends.heard()
        assert ends.heard() == b"?"
        numbers[order.url] = order.number
    ends.send(work.Fetched(numbers["http://b.kz/"], 0, "too-slow"))
    ends.send(work.Fetched(numbers["http://a.kz/"], 2), b"ok")
    for thread in threads:
        thread.join(5)
    assert answers == {"http://a.kz/": b"ok", "http://b.kz/": "too-slow"}
