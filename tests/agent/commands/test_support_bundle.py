"""`qalamsap support-bundle`: nothing is saved that was not shown, unless a script says so."""

import argparse
import io
import zipfile
from pathlib import Path

import pytest

from agent import __main__ as program
from agent.commands import exit_codes, support_bundle
from agent.doctor import examination
from agent.errors import BadInput, UserCancelled
from agent.support.bundle import BundleNotWritten
from tests.support import examined


@pytest.fixture(autouse=True)
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "computer"
    folder.mkdir()
    one = examined.computer(folder)
    monkeypatch.setattr(examination, "computer", lambda *_: one)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


class Person:
    """Answers what they are asked, in order; then end of input."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    support_bundle.add_arguments(parser)
    return parser.parse_args(["--language", "en", *words])


def saved() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_the_person_sees_what_is_in_it_before_it_is_saved(capsys: pytest.CaptureFixture[str]) -> None:
    person = Person("v", "s")
    assert support_bundle.run(parsed(), person) == exit_codes.DONE
    (name,) = saved()
    assert name.startswith("qalamsap-support-")
    assert all(name in question for question in person.asked)
    shown = capsys.readouterr().out
    assert shown.index("What is in it:") < shown.index("What was left out:") < shown.index("= program.txt =")
    assert f"Saved: {name}" in shown
    with zipfile.ZipFile(name) as archive:
        for part in archive.namelist():
            for line in archive.read(part).decode().splitlines():
                assert line in shown  # to the last line


@pytest.mark.parametrize("answers", [(), ("",), ("n",), ("v",), ("v", "yes")])
def test_whoever_does_not_say_save_saves_nothing(answers: tuple[str, ...]) -> None:
    with pytest.raises(UserCancelled):
        support_bundle.run(parsed(), Person(*answers))
    assert saved() == []


@pytest.mark.parametrize(("language", "view", "save"), [("kk", "К", "с"), ("ru", "в", "С"), ("en", "V", "s")])
def test_the_letters_are_those_that_the_question_names(language: str, view: str, save: str) -> None:
    person = Person(view, save)
    assert support_bundle.run(parsed("--language", language), person) == exit_codes.DONE
    assert person.asked[0].startswith(f"{view.lower()}: ")
    assert f" {save.lower()}: " in person.asked[0]
    assert len(saved()) == 1


def test_show_prints_all_of_it_and_saves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert support_bundle.run(parsed("--show")) == exit_codes.DONE
    shown = capsys.readouterr().out
    for name in ("program", "examination", "log", "events", "files"):
        assert f" {name}.txt " in shown
    assert "certificate_days" in shown
    assert saved() == []


def test_a_script_saves_it_where_it_wants() -> None:
    assert support_bundle.run(parsed("--yes", "-o", "a.zip")) == exit_codes.DONE
    assert saved() == ["a.zip"]
    assert Path("a.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(BundleNotWritten, match="already"):
        support_bundle.run(parsed("--yes", "-o", "a.zip"))


def test_a_second_one_has_a_name_of_its_own() -> None:
    support_bundle.run(parsed("--yes"))
    support_bundle.run(parsed("--yes"))
    assert len(saved()) == 2


def test_where_nobody_can_be_asked_nothing_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("s\n"))
    with pytest.raises(BadInput, match="--yes"):
        support_bundle.run(parsed())
    assert saved() == []


def test_the_command_line_knows_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        program.main(["support-bundle", "--yes", "--language", "en", "-o", "none/a.zip"])
        == exit_codes.NOT_POSSIBLE
    )
    assert "can't be written" in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", Person("no"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert program.main(["support-bundle", "--language", "en"]) == exit_codes.CANCELLED
