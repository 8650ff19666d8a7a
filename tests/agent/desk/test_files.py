"""The page of files: what files are, which commands are run over them, and what is told of it."""

import dataclasses
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.desk import files
from agent.desk.files import FilesPage, Step
from agent.errors import BadInput
from agent.words import texts
from protocol import pipes
from protocol.desk import files as page
from protocol.desk import messages
from tests.support import authority, desks
from tests.support.command_line import CommandLine
from tests.support.desks import Sent

LIMIT_S = 20.0

# Says what it is told to by the test: a line of JSON for each call, "say" what it prints, "complain" on standard error, then ends
# with "status"; with "stays" not before a file "go" is there, or somebody ends it.
_PROGRAM = """
import json, pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # as windows do: whoever runs the tests may have switched it off
folder = pathlib.Path(__file__).parent
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
found = json.loads((folder / "script").read_text())
print(found.get("say", ""), flush=True)
print(found.get("complain", ""), file=sys.stderr, flush=True)
try:
    (folder / "ready").touch()
    while found.get("stays") and not (folder / "go").exists():
        time.sleep(0.01)
except KeyboardInterrupt:
    sys.exit(4)
sys.exit(found.get("status", 0))
"""
VERDICT = {"verdict": "valid", "format": "cms", "is_partial": False, "verified_at": "2026-11-27T10:00:00Z", "signers": []}  # fmt: skip


@dataclasses.dataclass
class World:
    folder: Path
    shown: FilesPage
    sent: Sent

    def file(self, name: str, content: bytes = b"act") -> Path:
        path = self.folder / "files" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def script(self, **facts: Any) -> None:
        (self.folder / "script").write_text(json.dumps(facts))

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def add(self, *paths: Path, wish: page.Wish = "") -> page.Listed:
        self.shown.take(page.Add(tuple(map(str, paths)), wish))
        (listed,) = self.sent.take()
        assert isinstance(listed, page.Listed)
        return listed

    def wait(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + LIMIT_S
        while not done():
            assert time.monotonic() < until, self.sent.messages
            time.sleep(0.01)

    def do(self, start: page.Start) -> tuple[dict[str, page.File], page.Ended]:
        """What came of each file, by its name, and how it ended."""
        self.shown.take(start)
        self.wait(lambda: any(isinstance(one, page.Ended) for one in self.sent.messages))
        told = self.sent.take()
        changed = {Path(one.file.path).name: one.file for one in told if isinstance(one, page.Changed)}
        return changed, told[-1]


@pytest.fixture
def world(tmp_path: Path) -> World:
    desk, sent = desks.desk(tmp_path)
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    desk.command = (sys.executable, str(program))
    return World(tmp_path, files.make(desk), sent)


# --- what files are -----------------------------------------------------------------------------------------------


@pytest.fixture
def signed(run: CommandLine) -> CommandLine:
    assert run.sign(run.file("act.pdf", b"%PDF act")) == 0
    assert run.sign(run.file("note.txt"), "--detached") == 0
    return run


@pytest.mark.parametrize(
    ("name", "content", "kind", "best"),
    [
        ("a.pdf", b"%PDF-1.7\n1 0 obj", "pdf", "pdf"),
        ("b.pdf", b"%PDF-1.7\n<< /ByteRange [0 1 2 3] >>", "signed-pdf", "pdf"),
        ("c.xml", b'\xef\xbb\xbf<?xml version="1.0"?><act/>', "xml", "xml"),
        ("d.xml", b'<a><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></a>', "signed-xml", "xml"),
        ("e.docx", b"PK\3\4 something", "other", "cms"),
        ("f.bin", b"", "other", "cms"),
        ("g.jws", b"eyJhbGciOiJSUzI1NiJ9.YQ.YQ", "jws", "cms"),
    ],
)
def test_a_look_at_a_file_tells_what_it_is(
    world: World, name: str, content: bytes, kind: page.Kind, best: page.Format
) -> None:
    found = files.look(world.file(name, content))
    assert (found.kind, found.size, found.formats[0]) == (kind, len(content), best)
    assert found.wishes[0] == "sign"


def test_a_signature_with_its_document_inside_and_one_beside_it_are_told_apart(signed: CommandLine) -> None:
    inside, beside = files.look(signed.folder / "act.pdf.cms"), files.look(signed.folder / "note.txt.cms")
    assert inside.kind == "cms"
    assert {"cosign", "timestamp", "verify", "card"} <= set(inside.wishes)
    assert (beside.kind, beside.document) == ("detached-cms", str(signed.folder / "note.txt"))
    assert "verify" in beside.wishes


def test_a_damaged_signature_is_one_all_the_same(signed: CommandLine) -> None:
    octets = (signed.folder / "note.txt.cms").read_bytes()
    found = files.look(signed.file("broken.cms", octets[: len(octets) // 2]))
    assert found.kind == "cms"
    assert "verify" in found.wishes


def test_what_cannot_be_read_is_refused_and_a_folder_gives_what_lies_in_it(world: World) -> None:
    world.file("b.txt")
    world.file("a.txt")
    world.file(".hidden")
    (world.folder / "files" / "below").mkdir()
    listed = world.add(world.folder / "files", world.folder / "missing")
    assert [Path(file.path).name for file in listed.files] == ["a.txt", "b.txt"]
    assert listed.refused == 1
    assert world.add(world.folder / "files").files == listed.files  # once each


def test_a_name_that_no_text_can_say_is_refused(world: World) -> None:
    path = world.folder / "files" / "\udcff.txt"
    path.parent.mkdir()
    try:
        path.write_bytes(b"act")
    except OSError:
        pytest.skip("needs a file system that takes any octets for a name")
    assert world.add(path).refused == 1


def test_a_list_that_is_full_takes_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAX_FILES", 2)
    listed = world.add(*(world.file(name) for name in ("a", "b", "c", "d")))
    assert (len(listed.files), listed.over) == (2, 2)


def test_a_list_of_long_names_is_full_before_it_is_more_than_a_message_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (world.file(name) for name in ("a" * 200, "b", "c"))
    monkeypatch.setattr(files, "_LIST_BYTES", files._octets_of(str(first)) + files._octets_of(str(second)))
    listed = world.add(first, second, third)
    assert ([file.path for file in listed.files], listed.over) == ([str(first), str(second)], 1)
    assert world.add(third).over == 1
    world.shown.take(page.Remove((str(first),)))
    world.sent.take()
    assert [file.path for file in world.add(third).files] == [str(second), str(third)]


def test_the_longest_list_is_a_message(world: World) -> None:
    """With everything that may come of its files, and names that take the most room."""
    name = "/" + "\x01Қ" * 300
    room, listed = files._LIST_BYTES, []
    while (room := room - files._octets_of(name)) >= 0 and len(listed) < page.MAX_FILES:
        found = page.File(
            name,
            2**40,
            "detached-cms",
            files.wishes("detached-cms", has_document=True),
            files.formats("other"),
        )
        told = {"result": "timestamped", "verdict": "indeterminate", "code": "timestamp-failed"}
        detail = files._told("\x01\U0001f4dc" * 5000)
        listed.append(
            dataclasses.replace(found, document=name, made=name, detail=detail, lacks_timestamp=True, **told)
        )
    assert len(listed) > 300
    assert pipes.pack_json(messages.to_message(page.Listed(tuple(listed), "sign", 1000, 1000)))


def test_what_the_person_wants_is_said_once(world: World) -> None:
    assert world.add(world.file("a"), wish="verify").wish == "verify"
    world.shown.opened()
    assert world.sent.take() == [page.Listed((files.look(world.folder / "files" / "a"),))]


def test_files_are_taken_off_the_list(world: World) -> None:
    path = world.file("a")
    world.add(path)
    world.shown.take(page.Remove((str(path), "/never/there")))
    assert world.sent.take() == [page.Listed(())]


def test_a_detached_signature_gets_its_document_from_the_list_or_from_the_person(
    world: World, signed: CommandLine
) -> None:
    signature = world.file("note.txt.sig", (signed.folder / "note.txt.cms").read_bytes())
    alone = world.add(signature).files[0]
    assert (alone.document, "verify" in alone.wishes, "timestamp" in alone.wishes) == ("", False, True)
    document = world.folder / "note.txt"
    document.write_bytes(b"act")
    assert world.add(document).files[0].document == str(document)
    other = world.file("other.txt")
    world.shown.take(page.Pair(str(signature), str(other)))
    (listed,) = world.sent.take()
    assert listed.files[0].document == str(other)
    with pytest.raises(BadInput):
        world.shown.take(page.Pair(str(signature), str(world.folder / "missing")))


def test_what_was_found_with_one_document_is_not_said_of_another(world: World, signed: CommandLine) -> None:
    signature = world.file("note.txt.sig", (signed.folder / "note.txt.cms").read_bytes())
    first, second = world.file("first.txt"), world.file("second.txt")
    world.add(signature)
    world.shown.take(page.Pair(str(signature), str(first)))
    world.shown._note(str(signature), {"verdict": "valid"}, result="verified", verdict="valid")
    world.sent.take()
    world.shown.take(page.Pair(str(signature), str(second)))
    (listed,) = world.sent.take()
    assert (listed.files[0].result, listed.files[0].verdict) == ("", "")
    world.shown.take(page.Ask(str(signature)))
    assert world.sent.take() == []


def test_a_document_is_not_exchanged_under_way(world: World, signed: CommandLine) -> None:
    signature = world.file("note.txt.sig", (signed.folder / "note.txt.cms").read_bytes())
    first, second = world.file("first.txt"), world.file("second.txt")
    world.add(signature)
    world.shown.take(page.Pair(str(signature), str(first)))
    world.shown._job = object()  # type: ignore[assignment]
    with pytest.raises(BadInput):
        world.shown.take(page.Pair(str(signature), str(second)))
    world.shown._job = None
    world.sent.take()
    world.shown.opened()
    assert world.sent.take()[0].files[0].document == str(first)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_and_not_waited_for(world: World) -> None:
    os.mkfifo(world.folder / "act.pdf")
    listed = world.add(world.folder / "act.pdf", world.file("real.pdf"))
    assert ([Path(file.path).name for file in listed.files], listed.refused) == (["real.pdf"], 1)


def test_files_that_could_not_be_named_count_as_refused(world: World) -> None:
    world.shown.take(page.Add((str(world.file("a")),), refused=2))
    (listed,) = world.sent.take()
    assert (len(listed.files), listed.refused) == (1, 2)


# --- which commands -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("GOST512_a.p12", authority.path("gost2015-head").read_bytes()),
        ("GOST512_a.p12.old", authority.path("gost2015-head").read_bytes()),  # a copy under its old password
        ("act.pdf", authority.path("gost2015-head").read_bytes()),
        ("empty.pfx", b""),
        ("key.pem", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"),
    ],
)
def test_a_key_file_is_never_a_document_to_be_signed(world: World, name: str, content: bytes) -> None:
    (found,) = world.add(world.file(name, content), wish="sign").files
    assert (found.kind, found.wishes, found.formats) == ("key-file", (), ())
    with pytest.raises(BadInput):
        world.shown.take(page.Start("sign"))


def test_beside_a_key_file_the_documents_are_signed_and_it_is_not(world: World) -> None:
    act, key = world.file("act.pdf", b"%PDF-1.7"), world.file("k.p12")
    world.add(act, key)
    world.script(
        say=json.dumps({"event": "signed", "file": str(act), "signature": "/a.cms", "lacks_timestamp": False})
    )
    found, ended = world.do(page.Start("sign"))
    assert ({name: file.result for name, file in found.items()}, ended.skipped) == ({"act.pdf": "signed"}, 1)
    assert str(key) not in world.calls()[0]


def a_file(path: str, kind: page.Kind, document: str = "") -> page.File:
    found = page.File(path, 1, kind, files.wishes(kind, has_document=bool(document)), files.formats(kind))
    return dataclasses.replace(found, document=document)


def words(steps: Sequence[Step]) -> list[str]:
    return [" ".join(step.words) for step in steps]


COMMON = "--window --json --free-name"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (page.Start("sign"), f"sign --format=cms {COMMON} --language=ru -- /a.pdf /b.pdf"),
        (
            page.Start("sign", "cms", is_detached=True, with_timestamp=True, folder="/out"),
            f"sign --format=cms --detached {COMMON} --timestamp=if-possible --out=/out --language=ru -- /a.pdf /b.pdf",
        ),
        (
            page.Start("sign", "pdf", is_detached=True, with_stamp=True, with_timestamp=True),
            f"sign --format=pdf --stamp=-1 {COMMON} --timestamp=if-possible --language=ru -- /a.pdf /b.pdf",
        ),
        (
            page.Start("sign", "xml", with_timestamp=True, with_stamp=True),
            f"sign --format=xml {COMMON} --language=ru -- /a.pdf /b.pdf",
        ),
    ],
)
def test_all_documents_are_signed_by_one_command(start: page.Start, expected: str) -> None:
    chosen = [a_file("/a.pdf", "pdf"), a_file("/b.pdf", "pdf")]
    (step,) = files.steps(start, chosen, (), "ru")
    assert " ".join(step.words) == expected
    assert step.files == ("/a.pdf", "/b.pdf")


def test_a_signer_is_added_to_each_kind_in_its_own_way() -> None:
    chosen = [
        a_file("/a.cms", "cms"),
        a_file("/b.pdf", "signed-pdf"),
        a_file("/c.sig", "detached-cms", "/c"),
        a_file("/d.cms", "cms"),
    ]
    steps = files.steps(page.Start("cosign", with_timestamp=True), chosen, ("--state-dir", "/s"), "kk")
    rest = "--timestamp=if-possible --state-dir /s --language=kk --"
    assert words(steps) == [
        f"sign --cosign {COMMON} {rest} /a.cms /d.cms",
        f"sign --format=pdf {COMMON} {rest} /b.pdf",
        f"sign --cosign --document=/c {COMMON} {rest} /c.sig",
    ]


def test_the_other_wishes_take_one_file_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "a.cms.card.pdf").touch()
    name = str(tmp_path / "a.cms")
    chosen = [a_file(name, "cms"), a_file("/c.sig", "detached-cms", "/c")]
    assert words(files.steps(page.Start("verify"), chosen, (), "ru")) == [
        f"verify --json --language=ru -- {name}",
        "verify --json --document=/c --language=ru -- /c.sig",
    ]
    assert words(files.steps(page.Start("timestamp"), chosen, (), "ru")) == [
        f"timestamp --out={name} -- {name}",
        "timestamp --out=/c.sig -- /c.sig",
    ]
    cards = files.steps(page.Start("card"), chosen, (), "ru")
    assert [step.made for step in cards] == [f"{name}.card (2).pdf", "/c.sig.card.pdf"]
    moved = files.steps(page.Start("timestamp", folder=str(tmp_path)), [a_file("/x/a", "cms")] * 2, (), "ru")
    assert [step.made for step in moved] == [str(tmp_path / "a"), str(tmp_path / "a (2)")]


# --- what comes of it ---------------------------------------------------------------------------------------------


def test_signing_says_of_each_file_what_came_of_it(world: World) -> None:
    one, two, three = (world.file(name) for name in ("a", "b", "c"))
    world.add(one, two, three)
    events = [
        {"event": "progress", "done": 1, "total": 3},
        {"event": "signed", "file": str(one), "signature": f"{one}.cms", "lacks_timestamp": True},
        {"event": "left-out", "file": str(two)},
        {"event": "error", "code": "storage-failed", "detail": "no room"},
    ]
    world.script(say="\n".join(map(json.dumps, events)) + "\nnot JSON", status=7)
    world.shown.take(page.Start("sign"))
    world.wait(lambda: isinstance(world.sent.messages[-1], page.Ended))
    told = world.sent.take()
    assert [one for one in told if isinstance(one, page.Working)] == [
        page.Working("sign", 0, 3, is_asking=True),
        page.Working("sign", 1, 3, is_asking=True),
    ]
    found = {Path(one.file.path).name: one.file for one in told if isinstance(one, page.Changed)}
    assert (found["a"].result, found["a"].made, found["a"].lacks_timestamp) == ("signed", f"{one}.cms", True)
    assert found["b"].result == "left-out"
    assert (found["c"].result, found["c"].code, found["c"].detail) == ("failed", "storage-failed", "no room")
    assert told[-1] == page.Ended("sign")
    assert world.calls()[0][-4:] == ["--", str(one), str(two), str(three)]
    assert "--state-dir" in world.calls()[0]


def test_a_file_that_was_not_written_takes_no_other_with_it(world: World) -> None:
    one, two, three = (world.file(name) for name in ("a", "b", "c"))
    world.add(one, two, three)
    trouble = {"code": "storage-failed", "detail": "no room", "file": str(two)}
    events = [
        {"event": "signed", "file": str(one), "signature": f"{one}.cms", "lacks_timestamp": False},
        {"event": "failed", **trouble},
        {"event": "signed", "file": str(three), "signature": f"{three}.cms", "lacks_timestamp": False},
        {"event": "error", **trouble},
    ]
    world.script(say="\n".join(map(json.dumps, events)), status=7)
    found, ended = world.do(page.Start("sign"))
    assert {name: file.result for name, file in found.items()} == {
        "a": "signed",
        "b": "failed",
        "c": "signed",
    }
    assert (found["b"].code, found["b"].detail, ended) == ("storage-failed", "no room", page.Ended("sign"))


def test_only_the_file_that_can_not_be_signed_is_blamed(world: World) -> None:
    one, two = world.file("a"), world.file("b")
    world.add(one, two)
    trouble = {"event": "error", "code": "bad-input", "detail": "not XML", "file": str(two)}
    world.script(say=json.dumps(trouble), status=5)
    found, _ended = world.do(page.Start("sign"))
    assert {name: file.result for name, file in found.items()} == {"a": "stopped", "b": "failed"}
    assert (found["a"].code, found["b"].code) == ("", "bad-input")


def test_a_person_who_cancels_ends_it_without_an_error(world: World) -> None:
    world.add(world.file("a"))
    world.script(say=json.dumps({"event": "error", "code": "cancelled", "detail": ""}), status=4)
    found, ended = world.do(page.Start("sign"))
    assert (found["a"].result, found["a"].code) == ("stopped", "")
    assert ended == page.Ended("sign", 0, "cancelled")


def test_a_command_that_crashes_is_an_internal_error(world: World) -> None:
    world.add(world.file("a"))
    world.script(status=1)
    found, _ = world.do(page.Start("sign"))
    assert (found["a"].result, found["a"].code) == ("failed", "internal")


def test_a_command_that_cannot_be_started_is_one_too(world: World) -> None:
    world.add(world.file("a"))
    world.shown.desk.command = ("/no/such/program",)
    found, _ = world.do(page.Start("sign"))
    assert found["a"].code == "internal"


def test_verifying_tells_the_verdict_and_then_the_report_in_words(world: World, signed: CommandLine) -> None:
    path = signed.folder / "act.pdf.cms"
    world.add(path, world.file("plain.txt"))
    world.script(say=json.dumps(VERDICT, indent=2), status=0)
    found, ended = world.do(page.Start("verify"))
    assert (found["act.pdf.cms"].result, found["act.pdf.cms"].verdict) == ("verified", "valid")
    assert ended == page.Ended("verify", skipped=1)
    world.shown.take(page.Ask(str(path)))
    world.shown.take(page.Ask("/never/there"))
    (told,) = world.sent.take()
    assert told.report.word == "Проверка пройдена"
    world.shown.desk.language = "en"
    world.shown.take(page.Ask(str(path)))
    assert world.sent.take()[0].report.facts[0].label == "Kind"


@pytest.mark.parametrize(
    ("wish", "script", "expected"),
    [
        (
            "verify",
            {"say": json.dumps(VERDICT | {"verdict": "invalid"}), "status": 1},
            ("verified", "", "invalid"),
        ),
        ("verify", {"status": 5, "complain": "first\nqalamsap verify: broken"}, ("failed", "bad-input", "")),
        ("verify", {"status": 1, "say": "Traceback"}, ("failed", "internal", "")),
        ("card", {"say": "/a.card.pdf", "status": 2}, ("drawn", "", "indeterminate")),
        ("card", {"status": 1, "complain": "no font"}, ("failed", "storage-failed", "")),
        ("timestamp", {"say": "/a", "status": 0}, ("timestamped", "", "")),
        ("timestamp", {"status": 7}, ("failed", "timestamp-failed", "")),
    ],
)
def test_exit_codes_tell_what_came_of_the_other_wishes(
    world: World,
    signed: CommandLine,
    wish: page.Wish,
    script: dict[str, Any],
    expected: tuple[page.Result, str, page.Verdict],
) -> None:
    world.add(signed.folder / "act.pdf.cms")
    world.script(**script)
    found, _ = world.do(page.Start(wish))
    file = found["act.pdf.cms"]
    assert (file.result, file.code, file.verdict) == expected
    if "complain" in script:
        assert file.detail == script["complain"].splitlines()[-1]


def test_a_job_is_stopped_and_no_second_one_runs_beside_it(world: World) -> None:
    world.add(world.file("a"), world.file("b"))
    world.script(stays=True)
    world.shown.take(page.Start("sign"))
    world.wait((world.folder / "ready").exists)
    world.shown.take(page.Start("sign"))
    world.shown.opened()
    assert world.sent.take()[-1] == page.Working("sign", 0, 2, is_asking=True)
    world.shown.take(page.Stop())
    world.wait(lambda: any(isinstance(one, page.Ended) for one in world.sent.messages))
    told = world.sent.take()
    assert told[-1] == page.Ended("sign", 0, "cancelled")
    assert {one.file.result for one in told if isinstance(one, page.Changed)} == {"stopped"}
    assert len(world.calls()) == 1
    world.shown.take(page.Stop())  # nothing runs


def test_a_window_that_closes_ends_the_job(world: World) -> None:
    world.add(world.file("a"))
    world.script(stays=True)
    world.shown.take(page.Start("sign"))
    world.wait((world.folder / "ready").exists)
    world.shown.close()
    assert not [one for one in threading.enumerate() if one.name == "job of the page files"]
    assert isinstance(world.sent.messages[-1], page.Ended)


def test_files_that_are_done_with_make_room_for_others(world: World) -> None:
    one, two = world.file("a"), world.file("b")
    world.add(one)
    assert len(world.add(two).files) == 2
    world.script(status=1)
    world.do(page.Start("sign"))
    third = world.file("c")
    assert [file.path for file in world.add(third).files] == [str(third)]


def test_what_no_file_allows_is_refused(world: World) -> None:
    world.add(world.file("a"))
    with pytest.raises(BadInput):
        world.shown.take(page.Start("verify"))


def test_a_file_that_left_the_list_meanwhile_is_told_of_no_more(world: World) -> None:
    path = world.file("a")
    world.add(path)
    world.script(stays=True, say=json.dumps({"event": "signed", "file": "/elsewhere", "signature": "", "lacks_timestamp": False}))  # fmt: skip
    world.shown.take(page.Start("sign"))
    world.shown.take(page.Remove((str(path),)))
    (world.folder / "go").touch()
    world.wait(lambda: isinstance(world.sent.messages[-1], page.Ended))
    assert not [one for one in world.sent.take() if isinstance(one, page.Changed)]


@pytest.mark.process
def test_the_real_command_verifies(world: World, signed: CommandLine) -> None:
    world.shown.desk.command = (sys.executable, "-m", "agent")
    (world.folder / "state").mkdir(exist_ok=True)
    (world.folder / "state" / "config.toml").write_text("offline = true\n")
    path = signed.folder / "note.txt.cms"
    world.add(path)
    found, _ = world.do(page.Start("verify"))
    assert (found["note.txt.cms"].result, found["note.txt.cms"].verdict) == ("verified", "indeterminate")
    world.shown.take(page.Ask(str(path)))
    (told,) = world.sent.take()
    signer = told.report.signers[0]
    labels = [fact.label for fact in signer.facts]
    assert labels[:2] == ["Владелец ключа", "ИИН"]
    assert signer.sentence == "Подпись не подтверждена"
    assert signer.notes


def test_of_what_a_command_quotes_at_length_the_beginning_is_told(world: World) -> None:
    world.add(world.file("a"))
    world.script(
        say=json.dumps({"event": "error", "code": "bad-input", "detail": "x" * 10**6 + "\x1b"}), status=5
    )
    found, _ = world.do(page.Start("sign"))
    assert found["a"].detail == "x" * 199 + "…"


def test_the_longest_report_is_a_message() -> None:
    """Names, reasons and timestamps are a stranger's to write: as many and as long as they like."""
    long = "\U0001f4dc\x01" * 10**4
    moment = "2026-11-27T09:00:00Z"
    signer: dict[str, Any] = {
        "verdict": "invalid",
        "subject": {"common_name": long, "patronymic": long, "iin": long, "bin": long, "organisation": long, "roles": [long, "head"] * 1000},
        "algorithm": long, "covers": long, "reasons": ["digest-mismatch", long] * 1000, "signing_time": moment,
        "certificate": {"not_before": moment, "not_after": moment}, "trust": {"anchor": long},
        "timestamps": [{"time": moment, "proves": False}] * 1000,
        "revocation": {"state": "revoked", "revoked_at": moment},
    }  # fmt: skip
    words = texts.load("kk")
    report = files.report_of(VERDICT | {"verdict": "invalid", "signers": [signer] * 60}, words)
    assert pipes.pack_json(messages.to_message(page.Told("/" + "\x01" * 4095, report)))
    facts = [fact.value for fact in report.signers[0].facts if fact.label == words("fact.timestamp")]
    assert len(facts) == 11
    assert facts[-1] == words("count.more", count=990)
    assert report.signers[0].facts[0].value.endswith("…")
    assert len(report.signers[0].notes) <= 4


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_report_is_said_in_full(language: texts.Language) -> None:
    certificate = {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}
    signer: dict[str, Any] = {
        "verdict": "invalid",
        "subject": {"common_name": "АХМЕТОВА АЙГЕРІМ", "patronymic": "", "iin": "850101400001", "bin": "", "organisation": "", "roles": ["head"]},
        "algorithm": "RSA", "covers": "#part", "reasons": ["digest-mismatch", "revocation-revoked"],
        "signing_time": "2026-11-27T09:00:00Z", "certificate": certificate, "trust": {"anchor": "НУЦ"},
        "timestamps": [{"time": "2026-11-27T09:00:00Z", "proves": True}, {"proves": False}],
        "revocation": {"state": "revoked", "revoked_at": "2026-11-01T00:00:00Z"},
    }  # fmt: skip
    nobody = signer | {
        "subject": None,
        "certificate": None,
        "signing_time": None,
        "trust": None,
        "timestamps": [],
    }
    nobody["revocation"] = {"state": "not-checked", "revoked_at": None}
    found = VERDICT | {"verdict": "invalid", "signers": [signer, nobody, *[nobody] * page.MAX_SIGNERS]}
    words = texts.load(language)
    report = files.report_of(found, words)
    assert len(report.signers) == page.MAX_SIGNERS
    assert report.more == 2
    first = report.signers[0]
    assert {words(f"fact.{name}") for name in ("iin", "role", "valid", "signed", "timestamp", "covers", "anchor", "revocation")} < {
        fact.label for fact in first.facts
    }  # fmt: skip
    assert first.notes[0] == f"{words('reason.digest-mismatch')} [{words.section('digest-mismatch', 'cms')}]"
    assert words.advice("revocation-revoked") in first.notes
    assert [fact.value for fact in first.facts if fact.label == words("fact.timestamp")][1] == words(
        "timestamp.invalid"
    )
    assert report.signers[1].facts[0].value == words("card.not_named")
