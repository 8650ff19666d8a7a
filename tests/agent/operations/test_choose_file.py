"""The chooser of files."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import FileUnusable, UserCancelled
from agent.operations import choose_file, named_file
from agent.operations.approval import Approval
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
    assert named_file.read(request, later).documents == (b"deed",)
    assert people.person_of(later).asked == []


def test_a_chosen_folder_gives_no_right_to_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "act.pdf").write_bytes(b"deed")
    choose_file.choose(ChooseFileRequest("folder"), approval(tmp_path, chooses(tmp_path)))
    for named in (tmp_path / "act.pdf", tmp_path):
        later = approval(tmp_path, allows)
        named_file.allowed(str(named), "sign", later)
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


def test_the_chooser_starts_where_the_page_says_if_there_is_such_a_folder(tmp_path: Path) -> None:
    (tmp_path / "act.pdf").write_bytes(b"deed")
    starts = {
        str(tmp_path): str(tmp_path),
        str(tmp_path / "act.pdf"): str(tmp_path),
        str(tmp_path / "nowhere"): "",
        "": "",
        "relative": "",
        "/a\0b": "",
        f"/{tmp_path}": "",
        "\\\\server\\share": "",
    }
    for named, expected in starts.items():
        someone = approval(tmp_path, chooses("/x"))
        choose_file.choose(ChooseFileRequest("any", named), someone)
        assert question(someone).folder == expected, named


def test_a_caller_that_is_no_site_gets_the_path_and_nothing_is_remembered(tmp_path: Path) -> None:
    someone = approval(tmp_path, chooses("/home/a/act.pdf"), origin=None)
    assert choose_file.choose(ChooseFileRequest("any"), someone).path == "/home/a/act.pdf"
    assert not (tmp_path / "state" / "chosen-files.json").exists()
