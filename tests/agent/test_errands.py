"""What the daemon fetches for a worker; the worker's standard input is a list here."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from agent import errands
from agent.errands import Errands, NoFetch, WorkerInput
from agent.errors import Unreachable
from agent.fetch import Question, unreachable
from protocol import messages, pipes, prompts, work
from protocol.errors import ProtocolError
from tests.support import stage

LARGEST_TOKEN_BYTES = (
    8 * 1024
)  # the national ones have less than 2000 octets, our simulator's of RSA less than 3000


class Sheet:
    """In a StreamWriter's place: keeps what is written, and gives way to other tasks while it does."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.octets = bytearray()
        self.is_broken = is_broken

    def write(self, octets: bytes) -> None:
        self.octets += octets

    async def drain(self) -> None:
        if self.is_broken:
            raise BrokenPipeError
        await asyncio.sleep(0)

    def messages(self) -> list[tuple[Any, bytes]]:
        """Each message with its octets."""
        found: list[tuple[Any, bytes]] = []
        at = 0
        while at < len(self.octets):
            kind, length = pipes.unpack_header(self.octets[at : at + pipes.HEADER_BYTES])
            payload = bytes(self.octets[at + pipes.HEADER_BYTES : at + pipes.HEADER_BYTES + length])
            at += pipes.HEADER_BYTES + length
            if kind == pipes.JSON:
                found.append((work.from_message(pipes.unpack_json(payload)), b""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + payload)
        return found


class FakeFetch:
    """Answers with what `answer` says; waits for `may_answer` first. Once stopped it waits no more."""

    def __init__(self, answer: Callable[[Question], bytes], *, waits: bool = False) -> None:
        self.answer = answer
        self.may_answer = threading.Event()
        self.is_stopped = False
        self.asked = threading.Semaphore(0)
        self.questions: list[Question] = []
        if not waits:
            self.may_answer.set()

    def __call__(self, question: Question) -> bytes:
        self.questions.append(question)
        self.asked.release()
        assert self.may_answer.wait(20)
        if self.is_stopped:
            raise unreachable("stopped")
        return self.answer(question)

    def stop(self) -> None:
        self.is_stopped = True
        self.may_answer.set()


def sink_of(sheet: Sheet) -> WorkerInput:
    return WorkerInput(cast("asyncio.StreamWriter", sheet))


async def all_done(running: Errands) -> None:
    while running._tasks:
        await asyncio.wait(running._tasks)


def carry_out(fetch: FakeFetch, *orders: tuple[work.Fetch, bytes]) -> list[tuple[Any, bytes]]:
    sheet = Sheet()

    async def scenario() -> None:
        running = Errands(fetch, sink_of(sheet))
        for order, body in orders:
            running.take(order, body)
        await all_done(running)
        await running.close()

    stage.run(scenario())
    return sorted(sheet.messages(), key=lambda each: each[0].number)


def order(
    number: int = 1, url: str = "http://ocsp.pki.gov.kz/", body: bytes = b"?"
) -> tuple[work.Fetch, bytes]:
    return work.Fetch(number, "ocsp", url, len(body)), body


def test_the_question_is_asked_as_it_came_and_its_answer_goes_back() -> None:
    fetch = FakeFetch(lambda question: question.body * 300_000)
    ((told, answer),) = carry_out(fetch, order(7, body=b"ab"))
    assert fetch.questions == [Question("ocsp", "http://ocsp.pki.gov.kz/", b"ab")]
    assert told == work.Fetched(7, 600_000)
    assert answer == b"ab" * 300_000


def test_a_failure_goes_back_in_words() -> None:
    def fail(_: Question) -> bytes:
        raise unreachable("too-slow", "ocsp.pki.gov.kz")

    assert carry_out(FakeFetch(fail), order()) == [(work.Fetched(1, 0, "too-slow: ocsp.pki.gov.kz"), b"")]


def test_an_approval_has_so_many_questions_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MAX_FETCHES", 5)
    fetch = FakeFetch(lambda _: b"x")
    told = carry_out(fetch, *(order(number) for number in range(7)))
    assert [message.failure for message, _ in told] == [""] * 5 + ["too-many"] * 2
    assert len(fetch.questions) == 5


def test_each_document_of_the_longest_request_may_get_a_timestamp() -> None:
    """Asked as a worker does it, one after the other."""
    fetch, sheet = FakeFetch(lambda _: b"token"), Sheet()

    async def scenario() -> None:
        running = Errands(fetch, sink_of(sheet))
        for number in range(messages.MAX_DOCUMENTS):
            running.take(*order(number))
            await all_done(running)

    stage.run(scenario())
    assert [message.failure for message, _ in sheet.messages()] == [""] * messages.MAX_DOCUMENTS
    assert messages.MAX_DOCUMENTS * LARGEST_TOKEN_BYTES < work.MAX_FETCHED_BYTES


def test_a_worker_that_asks_without_waiting_is_refused() -> None:
    fetch = FakeFetch(lambda _: b"x")
    told = carry_out(fetch, *(order(number) for number in range(errands.MAX_WAITING + 2)))
    assert [message.failure for message, _ in told] == [""] * errands.MAX_WAITING + ["too-many"] * 2


def test_an_approval_has_so_many_octets_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MAX_FETCHED_BYTES", 25)
    told = carry_out(FakeFetch(lambda _: bytes(10)), *(order(number) for number in range(3)))
    assert sorted(message.failure for message, _ in told) == ["", "", "too-many"]


def test_an_address_that_is_too_long_is_not_asked() -> None:
    fetch = FakeFetch(lambda _: b"x")
    ((told, _),) = carry_out(fetch, order(url="http://pki.gov.kz/" + "x" * work.MAX_URL_CHARS))
    assert told.failure == "bad-url"
    assert fetch.questions == []


@pytest.mark.parametrize("size", [-1, work.MAX_QUESTION_BYTES + 1])
def test_a_question_that_is_too_long_is_nonsense(size: int) -> None:
    with pytest.raises(ProtocolError):
        errands.check(work.Fetch(1, "ocsp", "http://pki.gov.kz/", size))
    errands.check(work.Fetch(1, "ocsp", "http://pki.gov.kz/", work.MAX_QUESTION_BYTES))


def test_a_few_are_asked_at_once_and_the_loop_goes_on_meanwhile() -> None:
    async def scenario() -> None:
        fetch = FakeFetch(lambda _: b"x", waits=True)
        running = Errands(fetch, sink_of(Sheet()))
        for number in range(10):
            running.take(*order(number))
        for _ in range(errands.MAX_AT_ONCE):
            await asyncio.to_thread(fetch.asked.acquire)
        assert len(fetch.questions) == errands.MAX_AT_ONCE
        fetch.may_answer.set()
        await all_done(running)
        assert len(fetch.questions) == 10

    stage.run(scenario())


def test_closing_stops_what_is_on_its_way_and_tells_the_worker_nothing() -> None:
    async def scenario() -> None:
        fetch, sheet = FakeFetch(lambda _: b"x", waits=True), Sheet()
        running = Errands(fetch, sink_of(sheet))
        running.take(*order())
        await asyncio.to_thread(fetch.asked.acquire)
        await running.close()
        assert fetch.is_stopped
        assert sheet.messages() == []

    stage.run(scenario())


def test_a_worker_that_takes_no_answer_is_no_error() -> None:
    async def scenario() -> None:
        running = Errands(FakeFetch(lambda _: b"x"), sink_of(Sheet(is_broken=True)))
        running.take(*order())
        await all_done(running)

    stage.run(scenario())


def test_messages_and_their_octets_are_not_mixed_up() -> None:
    async def scenario() -> None:
        sheet = Sheet()
        sink = sink_of(sheet)
        long = bytes(3 * pipes.CHUNK_BYTES)
        sends = [sink.send(work.Fetched(number, len(long)), long) for number in range(2)]
        await asyncio.gather(*sends, sink.send(prompts.Waiting(3)))
        assert sheet.messages() == [
            (work.Fetched(0, len(long)), long),
            (work.Fetched(1, len(long)), long),
            (prompts.Waiting(3), b""),
        ]

    stage.run(scenario())


def test_without_a_fetch_everything_is_offline() -> None:
    fetch = NoFetch()
    fetch.stop()
    with pytest.raises(Unreachable, match="offline"):
        fetch(Question("ocsp", "http://pki.gov.kz/"))
