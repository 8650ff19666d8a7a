"""Files that a page names."""

import json
import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from agent.chosen_files import ChosenFiles, Grounds
from agent.errors import FileUnusable, UserCancelled
from agent.operations import named_file
from agent.operations.approval import Approval
from agent.operations.named_file import FileNotChosen, KeyFileNotChosen
from protocol import prompts
from protocol.messages import FILE_NOT_FOUND, SignRequest
from tests.support import people
from tests.support.memory_store import MemoryStore
from tests.support.people import Step, allows, raises

REFUSES = raises(UserCancelled())


@pytest.fixture
def act(tmp_path: Path) -> Path:
    path = tmp_path.resolve() / "act.pdf"
    path.write_bytes(b"deed")
    return path


def approval(tmp_path: Path, *steps: Step, **more: Any) -> Approval:
    return people.approval(tmp_path / "state", MemoryStore({}), *steps, **more)


def asked(of: Approval) -> list[prompts.AllowFile]:
    return [prompt for prompt in people.person_of(of).asked if isinstance(prompt, prompts.AllowFile)]


def events(of: Approval) -> list[str]:
    if not of.journal.path.exists():
        return []
    return [json.loads(line)["event"] for line in of.journal.path.read_text("utf-8").splitlines()]


def request(path: object, **changes: Any) -> SignRequest:
    return SignRequest(documents=(), detached=True, file=str(path), **changes)


def read(wanted: SignRequest, someone: Approval) -> SignRequest:
    """As signing does it for commonUtils."""
    return named_file.read(wanted, named_file.allowed(wanted, someone))


def test_the_person_is_asked_about_a_path_that_a_page_made_up(tmp_path: Path, act: Path) -> None:
    someone = approval(tmp_path, allows)
    assert named_file.allowed(request(act), someone) == act
    (prompt,) = asked(someone)
    assert (prompt.path, prompt.caller.site, prompt.language) == (
        str(act),
        "kds.example.kz",
        someone.language,
    )
    assert prompt.hours == 24
    assert events(someone) == ["asked", "decided"]
    assert str(act) not in someone.journal.path.read_text("utf-8")


def test_a_yes_lasts_for_the_site_that_got_it(tmp_path: Path, act: Path) -> None:
    named_file.allowed(request(act), approval(tmp_path, allows))
    again = approval(tmp_path)
    assert named_file.allowed(request(act), again) == act
    assert asked(again) == []
    other = approval(tmp_path, allows, origin="https://other.kz")
    named_file.allowed(request(act), other)
    assert len(asked(other)) == 1


@pytest.mark.parametrize("origin", [None, "null", "http://kds.example.kz"])
def test_who_is_no_site_is_asked_about_each_time(tmp_path: Path, act: Path, origin: str | None) -> None:
    for _ in range(2):
        someone = approval(tmp_path, allows, origin=origin)
        assert named_file.allowed(request(act), someone) == act
        assert len(asked(someone)) == 1


def test_without_a_record_the_person_is_asked_each_time(tmp_path: Path, act: Path) -> None:
    for _ in range(2):
        someone = approval(tmp_path, allows, chosen_files=None)
        named_file.allowed(request(act), someone)
        assert len(asked(someone)) == 1


def test_a_no_tells_nothing_and_is_noted(tmp_path: Path, act: Path) -> None:
    for path in (act, act.with_name("nothing.pdf"), Path("/etc/shadow"), Path("/dev/zero")):
        someone = approval(tmp_path, REFUSES)
        with pytest.raises(UserCancelled):
            read(request(path), someone)
        assert len(asked(someone)) == 1
    assert events(someone) == ["asked", "decided"] * 4


def test_a_made_up_path_is_not_looked_up_before_the_yes(
    tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = os.path.realpath

    def spy(path: str) -> str:
        looked.append(path)
        return str(real(path))

    def watched(prompt: prompts.ToWindow) -> Any:
        assert looked == []
        return prompts.Allowed()

    monkeypatch.setattr(os.path, "realpath", spy)
    named_file.allowed(request(act), approval(tmp_path, watched))  # type: ignore[arg-type]
    assert looked == [str(act)]


@pytest.mark.parametrize("named", ["", "act.pdf", "~/act.pdf", "/a\0b", "/" + 5000 * "a", "/\udc80"])
def test_what_is_no_path_is_not_found_and_nobody_is_asked(tmp_path: Path, named: str) -> None:
    someone = approval(tmp_path)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        read(SignRequest(documents=(), detached=True, file=named), someone)
    assert events(someone) == []


def test_a_chosen_file_that_is_gone_is_not_found_without_a_question(tmp_path: Path, act: Path) -> None:
    named_file.allowed(request(act), approval(tmp_path, allows))
    act.unlink()
    someone = approval(tmp_path)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        read(request(act), someone)
    assert asked(someone) == []


def test_a_made_up_path_to_nothing_is_not_found_after_the_yes(tmp_path: Path) -> None:
    someone = approval(tmp_path, allows)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        read(request(tmp_path / "nothing" / "act.pdf"), someone)
    assert len(asked(someone)) == 1


def test_the_document_is_read_and_named(tmp_path: Path, act: Path) -> None:
    found = read(request(act), approval(tmp_path, allows))
    assert (found.documents, found.names, found.file) == ((b"deed",), ("act.pdf",), str(act))


def test_a_link_that_is_allowed_leads_where_it_led(tmp_path: Path, act: Path) -> None:
    link = tmp_path / "link.pdf"
    link.symlink_to(act)
    assert read(request(link), approval(tmp_path, allows)).file == str(act)
    other = tmp_path / "other.pdf"
    other.write_bytes(b"another deed")
    link.unlink()
    link.symlink_to(other)
    again = approval(tmp_path)
    assert read(request(link), again).documents == (b"deed",)
    assert asked(again) == []


@pytest.mark.parametrize("origin", ["https://kds.example.kz", None])
@pytest.mark.parametrize("name", [b"a\nb.pdf", b"\xff.pdf"])
def test_a_link_to_a_name_that_can_not_be_told_is_refused(
    tmp_path: Path, name: bytes, origin: str | None
) -> None:
    (tmp_path / os.fsdecode(name)).write_bytes(b"deed")
    link = tmp_path / "link.pdf"
    link.symlink_to(tmp_path / os.fsdecode(name))
    with pytest.raises(FileUnusable, match="can't be told"):
        read(request(link), approval(tmp_path, allows, origin=origin))


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path, act: Path) -> None:
    named_file.allowed(request(act), approval(tmp_path, allows))
    (tmp_path / "secret").write_bytes(b"secret")
    act.unlink()
    act.symlink_to(tmp_path / "secret")
    with pytest.raises(FileUnusable, match="no regular file"):
        read(request(act), approval(tmp_path))


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    folder, hidden = tmp_path.resolve() / "inbox", tmp_path.resolve() / "hidden"
    for each in (folder, hidden):
        each.mkdir()
        (each / "act.pdf").write_bytes(each.name.encode())
    path = folder / "act.pdf"
    assert read(request(path), approval(tmp_path, allows)).documents == (b"inbox",)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(hidden)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        read(request(path), approval(tmp_path))


def test_what_is_no_regular_file_is_refused_after_the_yes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as endpoint:
        endpoint.bind(str(tmp_path / "socket"))
        places = [
            tmp_path,
            tmp_path / "pipe",
            tmp_path / "socket",
            Path("/dev/zero"),
            Path("/proc/self/environ"),
        ]
        for path in places:
            someone = approval(tmp_path, allows)
            with pytest.raises(FileUnusable, match="no regular file"):
                read(request(path), someone)
            assert len(asked(someone)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_after_the_yes(tmp_path: Path, act: Path) -> None:
    act.chmod(0)
    with pytest.raises(FileUnusable, match="can't be read"):
        read(request(act), approval(tmp_path, allows))


def test_a_folder_that_can_be_passed_but_not_listed_is_no_obstacle(tmp_path: Path, act: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir()
    act = act.rename(folder / "act.pdf").resolve()
    folder.chmod(0o111)
    try:
        assert read(request(act), approval(tmp_path, allows)).documents == (b"deed",)
    finally:
        folder.chmod(0o700)


def test_a_large_file_is_hashed_and_not_held(
    tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_file, "MOST_HELD_BYTES", 3)
    found = read(request(act), approval(tmp_path, allows))
    (large,) = found.large
    assert (found.documents, large.size) == ((), 4)
    assert len(large.digests) > 1


def test_limits_are_told(tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_file, "MOST_HELD_BYTES", 3)
    attached = SignRequest(documents=(), detached=False, file=str(act))
    with pytest.raises(FileUnusable, match="only be signed detached"):
        read(attached, approval(tmp_path, allows))
    monkeypatch.setattr(named_file, "MOST_HASHED_BYTES", 3)
    with pytest.raises(FileUnusable, match="over 3 octets"):
        read(request(act), approval(tmp_path))


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def grows(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        with act.open("ab") as stream:
            stream.write(b"more")
        return found

    someone = approval(tmp_path, allows)
    monkeypatch.setattr(named_file.os, "fstat", grows)
    with pytest.raises(FileUnusable, match="changed"):
        read(request(act), someone)


def test_a_record_that_can_not_be_written_means_one_more_question(tmp_path: Path, act: Path) -> None:
    (tmp_path / "chosen.json.lock").mkdir()
    someone = approval(tmp_path, allows, chosen_files=ChosenFiles(tmp_path / "chosen.json"))
    assert named_file.allowed(request(act), someone) == act


# --- where a path counts only if our chooser gave it --------------------------------------------------------------------

CHOSEN: list[Literal["chosen-key", "chosen-file"]] = ["chosen-key", "chosen-file"]
Kind = Literal["chosen-key", "chosen-file"]


def entries(of: Approval) -> list[dict[str, Any]]:
    """What the journal says, without what is another each time."""
    lines = of.journal.path.read_text("utf-8").splitlines() if of.journal.path.exists() else []
    varying = ("previous", "time", "id")
    return [{k: v for k, v in json.loads(line).items() if k not in varying} for line in lines]


def refused(named: object, kind: Kind, someone: Approval) -> str:
    """The code of the refusal, which no window came before."""
    with pytest.raises(KeyFileNotChosen if kind == "chosen-key" else FileNotChosen) as caught:
        named_file.chosen(str(named), kind, someone)
    assert people.person_of(someone).asked == []
    return caught.value.code


@pytest.mark.parametrize("kind", CHOSEN)
def test_what_our_chooser_gave_counts_for_a_day(tmp_path: Path, act: Path, kind: Kind) -> None:
    someone = approval(tmp_path)
    named_file.remember(someone, str(act), kind)
    given_at = someone.now()
    assert named_file.chosen(str(act), kind, someone) == act
    for hours, counts in ((23, True), (24, False)):
        later = approval(tmp_path, now=lambda hours=hours: given_at + timedelta(hours=hours, seconds=1))
        if counts:
            assert named_file.chosen(str(act), kind, later) == act
        else:
            refused(act, kind, later)


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_path_that_was_given_in_another_way_is_refused(tmp_path: Path, act: Path, kind: Kind) -> None:
    others: list[Grounds] = ["chosen-key", "chosen-file", "allowed"]
    for grounds in others:
        if grounds != kind:
            named_file.remember(approval(tmp_path), str(act), grounds)
    named_file.remember(approval(tmp_path, origin="https://other.kz"), str(act), kind)
    refused(act, kind, approval(tmp_path))


@pytest.mark.parametrize("kind", CHOSEN)
def test_of_what_was_not_chosen_nothing_is_looked_up_and_nothing_differs(
    tmp_path: Path, act: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    for name in ("stat", "lstat", "open"):
        was = getattr(os, name)

        def spy(path: Any, *more: Any, was: Any = was, **others: Any) -> Any:
            looks.append(path)
            return was(path, *more, **others)

        monkeypatch.setattr(os, name, spy)
    heard = []
    for number, named in enumerate(
        (act, act.with_name("nothing.pdf"), "/etc/shadow", tmp_path, "/dev/zero", "", "~", "/a\0b", "/\udc80")
    ):
        someone = people.approval(tmp_path / f"state-{number}", MemoryStore({}))
        heard.append((refused(named, kind, someone), entries(someone)))
        assert not any(str(named) in (str(each), repr(each)) for each in looks)
    (code, noted) = heard[0]
    assert heard == [(code, noted)] * len(heard)
    assert [(entry["event"], entry.get("code", "")) for entry in noted] == [("asked", ""), ("failed", code)]
    assert {entry["action"] for entry in noted} == {"allow_file"}
    assert len(looks) > 0  # the journal was written, so the spies work


@pytest.mark.parametrize("kind", CHOSEN)
@pytest.mark.parametrize("origin", ["null", "http://kds.example.kz", None])
def test_a_choice_for_who_is_no_site_counts_for_nothing(
    tmp_path: Path, act: Path, kind: Kind, origin: str | None
) -> None:
    someone = approval(tmp_path, origin=origin)
    assert named_file.remember(someone, str(act), kind) == act
    refused(act, kind, someone)


def test_without_a_record_nothing_was_chosen(tmp_path: Path, act: Path) -> None:
    refused(act, "chosen-file", approval(tmp_path, chosen_files=None))


def test_a_chosen_link_leads_where_it_led_whatever_is_done_to_it(tmp_path: Path, act: Path) -> None:
    link, other = tmp_path.resolve() / "link.pdf", tmp_path.resolve() / "other.pdf"
    other.write_bytes(b"another deed")
    link.symlink_to(act)
    someone = approval(tmp_path)
    named_file.remember(someone, str(link), "chosen-file")
    link.unlink()
    link.symlink_to(other)
    assert named_file.chosen(str(link), "chosen-file", someone) == act
    refused(other, "chosen-file", someone)


def test_a_choice_serves_signing_in_every_dialect_and_a_yes_does_not(tmp_path: Path, act: Path) -> None:
    named_file.remember(approval(tmp_path), str(act), "chosen-file")
    assert read(request(act), approval(tmp_path)).documents == (b"deed",)
    paper = act.with_name("paper.pdf")
    paper.write_bytes(b"paper")
    assert read(request(paper), approval(tmp_path, allows)).documents == (b"paper",)
    assert read(request(paper), approval(tmp_path)).documents == (b"paper",)
    refused(paper, "chosen-file", approval(tmp_path))


def test_a_key_file_that_was_chosen_is_asked_about_before_it_is_signed(tmp_path: Path, act: Path) -> None:
    named_file.remember(approval(tmp_path), str(act), "chosen-key")
    someone = approval(tmp_path, allows)
    named_file.allowed(request(act), someone)
    assert len(asked(someone)) == 1
