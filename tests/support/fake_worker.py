"""A worker process without keys or windows: it does what the test (tests.support.stage) tells it over a socket of its own.

Started as `python fake_worker.py PORT [with-window]`; with a window it has a child that it speaks to over two pipes. It speaks protocol.work on its pipes like a real one, reports to the test what happens,
and carries out orders: shown, stage WHAT, fetch URL, reply TEXT (and linger, or hold a key), idle, half-reply, nonsense, crash, ignore-end.
"""

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from protocol import pipes, prompts, work

WINDOW = (sys.executable, "-c", "import sys; sys.stdin.read()")


class FakeWorker:
    def __init__(self, port: int, *, has_window: bool) -> None:
        self.stdin = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
        self.stdout = open(1, "wb", buffering=0, closefd=False)  # noqa: SIM115
        self.port = port
        self.ignores_end = False
        self.window = (
            subprocess.Popen(WINDOW, stdin=subprocess.PIPE, stdout=subprocess.PIPE) if has_window else None
        )

    def run(self) -> None:
        first = pipes.read_frame(self.stdin)
        if first is None:
            return  # a spare that was not needed
        begin = work.from_message(pipes.unpack_json(first[1]))
        assert isinstance(begin, work.Begin)
        self.director = socket.create_connection(("127.0.0.1", self.port))
        self.take_up(begin)
        threading.Thread(target=self.obey, daemon=True).start()
        while True:
            got = pipes.read_frame(self.stdin)
            if got is None:
                self.report("end")
                if self.ignores_end:
                    threading.Event().wait()
                os._exit(0)
            message = work.from_message(pipes.unpack_json(got[1]))
            if isinstance(message, work.Begin):
                self.take_up(message)
                continue
            if isinstance(message, work.Fetched):
                answer = self.read_data(message.body_bytes)
                facts = {"octets": len(answer), "sha256": hashlib.sha256(answer).hexdigest()}
                self.report("fetched", number=message.number, failure=message.failure, **facts)
                continue
            if isinstance(message, work.LetGo):
                self.report("let-go")
                continue
            assert isinstance(message, prompts.Waiting)
            self.report("waiting", count=message.count)

    def take_up(self, begin: work.Begin) -> None:
        """What an approval begins with."""
        facts = {"process": os.getpid(), "turn": begin.turn, "waiting": begin.waiting}
        if self.window is not None:
            facts["window"] = self.window.pid
        self.report(
            "begin",
            **facts,
            kind=begin.kind,
            origin=begin.origin,
            language=begin.language,
            is_flat_on=begin.is_flat_on,
            unlock_minutes=begin.unlock_minutes,
            rules=dataclasses.asdict(begin.rules),
        )
        frame = bytearray()
        largest = 0
        while len(frame) < begin.frame_bytes:
            got = pipes.read_frame(self.stdin)
            assert got is not None
            assert got[0] == pipes.DATA
            frame += got[1]
            largest = max(largest, len(got[1]))
        self.report("frame", octets=len(frame), sha256=hashlib.sha256(frame).hexdigest(), largest=largest)
        for attachment in begin.attachments:
            octets = self.read_data(attachment.size)
            digest = hashlib.sha256(octets).hexdigest()
            self.report("attachment", name=attachment.name, octets=len(octets), sha256=digest)

    def read_data(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            got = pipes.read_frame(self.stdin)
            assert got is not None
            assert got[0] == pipes.DATA
            data += got[1]
        assert len(data) == length
        return bytes(data)

    def report(self, event: str, **facts: object) -> None:
        self.director.sendall(json.dumps({"event": event, **facts}).encode() + b"\n")

    def obey(self) -> None:
        for line in self.director.makefile("rb"):
            order = json.loads(line)
            match order["order"]:
                case "shown":
                    self.say(prompts.Shown())
                    self.say(prompts.Activity())
                case "stage":
                    self.say(work.Stage(order["what"]))
                    self.say(work.Progress(1, 2))
                case "fetch":
                    body = order.get("body", "").encode()
                    stated = order.get("stated", len(body))
                    self.say(work.Fetch(order["number"], order.get("kind", "ocsp"), order["url"], stated))
                    if body:
                        self.stdout.write(pipes.pack_header(pipes.DATA, len(body)) + body)
                case "reply":
                    text = order["text"].encode() * order.get("times", 1)
                    holds_s = order.get("holds_s", 0)
                    self.reply(text, order.get("outcome", "done"), order.get("attachments", {}), holds_s)
                    if not order.get("linger") and not holds_s:
                        os._exit(0)
                case "idle":
                    self.say(work.Idle())
                case "half-reply":
                    self.say(work.Reply(100, "done"))
                    self.stdout.write(pipes.pack_header(pipes.DATA, 100) + b"half")
                    os._exit(0)
                case "nonsense":
                    self.stdout.write(b"Traceback (most recent call last)")
                case "crash":
                    os._exit(3)
                case "ignore-end":
                    self.ignores_end = True
                    self.report("ignoring")

    def reply(
        self,
        text: bytes,
        outcome: Literal["done", "cancelled", "failed"],
        attachments: dict[str, int],
        holds_s: int = 0,
    ) -> None:
        """The text, and attachments of so many octets."""
        announced = tuple(work.Attachment(name, size) for name, size in attachments.items())
        self.say(work.Reply(len(text), outcome, announced, holds_s, "ТЕСТОВ ТЕСТ" if holds_s else ""))
        for content in (text, *(bytes(size) for size in attachments.values())):
            for start in range(0, len(content), pipes.CHUNK_BYTES):
                chunk = content[start : start + pipes.CHUNK_BYTES]
                data = memoryview(pipes.pack_header(pipes.DATA, len(chunk)) + chunk)
                while data:
                    data = data[self.stdout.write(data) :]

    def say(self, message: work.FromWorker) -> None:
        self.stdout.write(pipes.pack_json(work.to_message(message)))


if __name__ == "__main__":
    FakeWorker(int(sys.argv[1]), has_window="with-window" in sys.argv).run()
