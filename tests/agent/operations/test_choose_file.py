"""The chooser of files."""

import json
import os
import typing
from pathlib import Path
from typing import Any

import pytest

from agent.chosen_files import Grounds
from agent.errors import FileUnusable, UserCancelled
from agent.operations import choose_file, named_file
from agent.operations.approval import Approval
from agent.recent_keys import UsedKey
from protocol import prompts
from protocol.messages import ChooseFileRequest, FileChosen, SignRequest
from tests.support import people
from tests.support.memory_store import MemoryStore
from tests.support.people import Step, allows, chooses, raises


def approval(tmp_path: Path, *steps: Step, **more: Any) -> Approval:
    return people.approval(tmp_path / "state", MemoryStore({}), *steps, **more)


def events(of: Approval) -> list[str]:
    return [json.loads(line)["event"] for line in of.journal.path.read_text("utf-8").splitlines()]


def question(of: Approval) -> prompts.ChooseFile:
    (prompt,) = people.person_of(of).asked
    assert isinstance(prompt, prompts.ChooseFile)
    return prompt


def test_the_page_gets_the_path_and_may_name_it(tmp_path: Path) -> None:
    act = tmp_path.resolve() / "act.pdf"
    act.write_bytes(b"deed")
    someone = approval(tmp_path, chooses(act))
    assert choose_file.choose(ChooseFileRequest("any", language="kk"), someone) == FileChosen(str(act))
    assert (question(someone).kind, question(someone).language) == ("any", "kk")
    assert question(someone).caller.site == "kds.example.kz"
    assert events(someone) == ["asked", "decided"]
    assert "act.pdf" not in someone.journal.path.read_text("utf-8")
    later = approval(tmp_path)
    request = SignRequest(documents=(), detached=True, file=str(act))
    assert named_file.read(request, named_file.allowed(request, later)).documents == (b"deed",)
    assert people.person_of(later).asked == []


@pytest.mark.parametrize(
    ("kind", "grounds"),
    [("any", "chosen-file"), ("certificate", "chosen-file"), ("crl", "chosen-file"),
     ("key", "chosen-key"), ("pkcs12", "chosen-key"), ("jks", "chosen-key")],
)  # fmt: skip
def test_a_choice_is_of_a_key_file_or_of_any_other(
    tmp_path: Path, kind: prompts.FileKind, grounds: Grounds
) -> None:
    act = tmp_path.resolve() / "act.pdf"
    someone = approval(tmp_path, chooses(act))
    choose_file.choose(ChooseFileRequest(kind), someone)
    assert someone.chosen_files is not None
    found = [
        each
        for each in typing.get_args(Grounds)
        if someone.chosen_files.find(someone.origin, str(act), someone.now(), each) is not None
    ]
    assert found == [grounds]


def test_a_chosen_folder_gives_no_right_to_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "act.pdf").write_bytes(b"deed")
    choose_file.choose(ChooseFileRequest("folder"), approval(tmp_path, chooses(tmp_path)))
    for named in (tmp_path / "act.pdf", tmp_path):
        later = approval(tmp_path, allows)
        named_file.allowed(SignRequest(documents=(), detached=True, file=str(named)), later)
        assert len(people.person_of(later).asked) == 1


def test_a_no_is_noted_and_gives_nothing(tmp_path: Path) -> None:
    someone = approval(tmp_path, raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        choose_file.choose(ChooseFileRequest("any"), someone)
    assert events(someone) == ["asked", "decided"]
    assert not (tmp_path / "state" / "chosen-files.json").exists()


def test_a_name_that_json_can_not_say_is_an_error(tmp_path: Path) -> None:
    someone = approval(tmp_path, chooses("/home/\udcff.pdf"))
    with pytest.raises(FileUnusable, match="can't be told"):
        choose_file.choose(ChooseFileRequest("any"), someone)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home is the folder of the test."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.usefixtures("home")
def test_the_chooser_starts_where_the_page_says_if_there_is_such_a_folder(tmp_path: Path) -> None:
    (tmp_path / "act.pdf").write_bytes(b"deed")
    starts = {
        str(tmp_path): str(tmp_path),
        str(tmp_path / "act.pdf"): str(tmp_path),
        str(tmp_path / "nowhere"): "",
        str(tmp_path / "nowhere" / ".."): str(tmp_path),
        str(tmp_path / ".."): "",
        "": "",
        "~": str(tmp_path),
        "~/act.pdf": str(tmp_path),
        "~/nowhere": "",
        "~/..": "",
        "~root": "",
        "relative": "",
        "/a\0b": "",
        f"/{tmp_path}": "",
        "\\\\server\\share": "",
    }
    for named, expected in starts.items():
        someone = approval(tmp_path, chooses("/x"))
        choose_file.choose(ChooseFileRequest("any", named), someone)
        assert question(someone).folder == expected, named


@pytest.mark.usefixtures("home")
def test_who_asks_for_a_key_is_shown_where_keys_lie(tmp_path: Path) -> None:
    def start(kind: prompts.FileKind, named: str = "") -> str:
        someone = approval(tmp_path, chooses("/x"), first_folders=(Path("/keys"),))
        choose_file.choose(ChooseFileRequest(kind, named), someone)
        return question(someone).folder

    assert [start(kind) for kind in ("key", "pkcs12", "jks", "any")] == ["/keys", "/keys", "/keys", ""]
    approval(tmp_path).recent_keys.add(UsedKey("/stick/mine.p12", "ТЕСТОВ", "2049-12-31T00:00:00+00:00"))
    assert start("pkcs12") == "/stick"
    assert start("pkcs12", str(tmp_path)) == str(tmp_path)


def test_outside_the_home_only_what_the_site_was_given_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, home = tmp_path / "stick", tmp_path / "home"
    act = stick / "papers" / "act.pdf"
    for folder in (act.parent, home):
        folder.mkdir(parents=True)
    act.write_bytes(b"deed")
    monkeypatch.setattr(Path, "home", lambda: home)
    looked: list[str] = []
    for name in ("is_dir", "is_file"):
        was = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda path, was=was: (looked.append(str(path)), was(path))[1])

    def start(named: Path | str, origin: str = "https://kds.example.kz") -> str:
        someone = approval(tmp_path, chooses(act), origin=origin)
        looked.clear()
        choose_file.choose(ChooseFileRequest("any", str(named)), someone)
        return question(someone).folder

    for named in (act, act.parent, f"{home}/../stick/papers", f"{home}-of-another", "/proc/self"):
        assert start(named, "null") == ""
        assert str(named) not in looked
        assert os.path.normpath(named) not in looked
    assert start(act) == ""  # from now on the site has it
    assert start(act) == start(act.parent) == start(f"{home}/../stick/papers") == str(act.parent)
    for unseen in (stick, act.with_name("other.pdf")):
        assert start(unseen) == ""
        assert str(unseen) not in looked
    assert start(act.parent, "https://other.kz") == ""


@pytest.mark.parametrize("named", ["//server/share", "/\\server\\share", "/\\server/share"])
def test_no_other_computer_is_looked_at_for_the_folder(
    tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    monkeypatch.setattr(Path, "is_dir", lambda _path: True)
    someone = approval(tmp_path, chooses("/x"))
    choose_file.choose(ChooseFileRequest("any", named), someone)
    assert question(someone).folder == ""


def test_a_caller_that_is_no_site_gets_the_path_and_nothing_is_remembered(tmp_path: Path) -> None:
    someone = approval(tmp_path, chooses("/home/a/act.pdf"), origin=None)
    assert choose_file.choose(ChooseFileRequest("any"), someone).path == "/home/a/act.pdf"
    assert not (tmp_path / "state" / "chosen-files.json").exists()
