"""Files that a page names."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from agent.chosen_files import ChosenFiles
from agent.errors import FileUnusable, UserCancelled
from agent.operations import named_file
from agent.operations.approval import Approval
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


def test_the_person_is_asked_about_a_path_that_a_page_made_up(tmp_path: Path, act: Path) -> None:
    someone = approval(tmp_path, allows)
    assert named_file.allowed(str(act), "sign", someone) == act
    (prompt,) = asked(someone)
    assert (prompt.path, prompt.use, prompt.caller.site) == (str(act), "sign", "kds.example.kz")
    assert prompt.hours == 24
    assert events(someone) == ["asked", "decided"]
    assert str(act) not in someone.journal.path.read_text("utf-8")


def test_a_yes_lasts_for_the_site_that_got_it(tmp_path: Path, act: Path) -> None:
    named_file.allowed(str(act), "sign", approval(tmp_path, allows))
    again = approval(tmp_path)
    assert named_file.allowed(str(act), "sign", again) == act
    assert asked(again) == []
    other = approval(tmp_path, allows, origin="https://other.kz")
    named_file.allowed(str(act), "sign", other)
    assert len(asked(other)) == 1


@pytest.mark.parametrize("origin", [None, "null", "http://kds.example.kz"])
def test_who_is_no_site_is_asked_about_each_time(tmp_path: Path, act: Path, origin: str | None) -> None:
    for _ in range(2):
        someone = approval(tmp_path, allows, origin=origin)
        assert named_file.allowed(str(act), "open_key", someone) == act
        assert len(asked(someone)) == 1


def test_without_a_record_the_person_is_asked_each_time(tmp_path: Path, act: Path) -> None:
    for _ in range(2):
        someone = approval(tmp_path, allows, chosen_files=None)
        named_file.allowed(str(act), "sign", someone)
        assert len(asked(someone)) == 1


def test_a_no_tells_nothing_and_is_noted(tmp_path: Path, act: Path) -> None:
    for path in (act, act.with_name("nothing.pdf"), Path("/etc/shadow"), Path("/dev/zero")):
        someone = approval(tmp_path, REFUSES)
        with pytest.raises(UserCancelled):
            named_file.read(request(path), someone)
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
    named_file.allowed(str(act), "sign", approval(tmp_path, watched))  # type: ignore[arg-type]
    assert looked == [str(act)]


@pytest.mark.parametrize("named", ["", "act.pdf", "~/act.pdf", "/a\0b", "/" + 5000 * "a", "/\udc80"])
def test_what_is_no_path_is_not_found_and_nobody_is_asked(tmp_path: Path, named: str) -> None:
    someone = approval(tmp_path)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        named_file.read(SignRequest(documents=(), detached=True, file=named), someone)
    assert events(someone) == []


def test_a_chosen_file_that_is_gone_is_not_found_without_a_question(tmp_path: Path, act: Path) -> None:
    named_file.allowed(str(act), "sign", approval(tmp_path, allows))
    act.unlink()
    someone = approval(tmp_path)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        named_file.read(request(act), someone)
    assert asked(someone) == []


def test_a_made_up_path_to_nothing_is_not_found_after_the_yes(tmp_path: Path) -> None:
    someone = approval(tmp_path, allows)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        named_file.read(request(tmp_path / "nothing" / "act.pdf"), someone)
    assert len(asked(someone)) == 1


def test_the_document_is_read_and_named(tmp_path: Path, act: Path) -> None:
    found = named_file.read(request(act), approval(tmp_path, allows))
    assert (found.documents, found.names, found.file) == ((b"deed",), ("act.pdf",), str(act))


def test_a_link_that_is_allowed_leads_where_it_led(tmp_path: Path, act: Path) -> None:
    link = tmp_path / "link.pdf"
    link.symlink_to(act)
    assert named_file.read(request(link), approval(tmp_path, allows)).file == str(act)
    other = tmp_path / "other.pdf"
    other.write_bytes(b"another deed")
    link.unlink()
    link.symlink_to(other)
    again = approval(tmp_path)
    assert named_file.read(request(link), again).documents == (b"deed",)
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
        named_file.read(request(link), approval(tmp_path, allows, origin=origin))


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path, act: Path) -> None:
    named_file.allowed(str(act), "sign", approval(tmp_path, allows))
    (tmp_path / "secret").write_bytes(b"secret")
    act.unlink()
    act.symlink_to(tmp_path / "secret")
    with pytest.raises(FileUnusable, match="no regular file"):
        named_file.read(request(act), approval(tmp_path))


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    folder, hidden = tmp_path.resolve() / "inbox", tmp_path.resolve() / "hidden"
    for each in (folder, hidden):
        each.mkdir()
        (each / "act.pdf").write_bytes(each.name.encode())
    path = folder / "act.pdf"
    assert named_file.read(request(path), approval(tmp_path, allows)).documents == (b"inbox",)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(hidden)
    with pytest.raises(FileUnusable, match=FILE_NOT_FOUND):
        named_file.read(request(path), approval(tmp_path))


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
                named_file.read(request(path), someone)
            assert len(asked(someone)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_after_the_yes(tmp_path: Path, act: Path) -> None:
    act.chmod(0)
    with pytest.raises(FileUnusable, match="can't be read"):
        named_file.read(request(act), approval(tmp_path, allows))


def test_a_folder_that_can_be_passed_but_not_listed_is_no_obstacle(tmp_path: Path, act: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir()
    act = act.rename(folder / "act.pdf").resolve()
    folder.chmod(0o111)
    try:
        assert named_file.read(request(act), approval(tmp_path, allows)).documents == (b"deed",)
    finally:
        folder.chmod(0o700)


def test_a_large_file_is_hashed_and_not_held(
    tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_file, "MOST_HELD_BYTES", 3)
    found = named_file.read(request(act), approval(tmp_path, allows))
    (large,) = found.large
    assert (found.documents, large.size) == ((), 4)
    assert len(large.digests) > 1


def test_limits_are_told(tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_file, "MOST_HELD_BYTES", 3)
    attached = SignRequest(documents=(), detached=False, file=str(act))
    with pytest.raises(FileUnusable, match="only be signed detached"):
        named_file.read(attached, approval(tmp_path, allows))
    monkeypatch.setattr(named_file, "MOST_HASHED_BYTES", 3)
    with pytest.raises(FileUnusable, match="over 3 octets"):
        named_file.read(request(act), approval(tmp_path))


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
        named_file.read(request(act), someone)


def test_a_record_that_can_not_be_written_means_one_more_question(tmp_path: Path, act: Path) -> None:
    (tmp_path / "chosen.json.lock").mkdir()
    someone = approval(tmp_path, allows, chosen_files=ChosenFiles(tmp_path / "chosen.json"))
    assert named_file.allowed(str(act), "sign", someone) == act
