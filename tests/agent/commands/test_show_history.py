"""`qalamsap history`."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pypdfium2
import pytest

from agent import history
from agent.commands import show_history
from agent.journal import Journal
from agent.operations.approval import Recorded
from agent.words import texts
from tests.support.command_line import CommandLine

AT = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
SITE = {"kind": "site", "origin": "https://kds.example.kz", "site": "kds.example.kz", "action": "sign", "count": 2, "digests": ["0a" * 32]}  # fmt: skip
OWNER = {"certificate": "ab" * 32, "owner": "ТЕСТОВ ТЕСТ"}
PROGRAM = {"kind": "program", "origin": "", "site": "", "action": "log_in", "count": 1, "digests": []}


@pytest.fixture
def journal(run: CommandLine) -> Journal:
    book = Journal(run.state_dir / "journal.jsonl")
    book.write("asked", "1", AT, SITE)
    book.write("signed", "1", AT + timedelta(seconds=9), {**SITE, **OWNER})
    book.write("asked", "2", AT + timedelta(days=3), {**PROGRAM, "site": "=HYPERLINK(1)\x1b[2J"})
    book.write("failed", "2", AT + timedelta(days=3), {**PROGRAM, "code": "timed-out"})
    return book


def ask(run: CommandLine, *words: object, language: str = "en") -> int:
    return run("history", *words, "--state-dir", run.state_dir, "--language", language)


def test_what_was_signed_comes_newest_first_and_can_not_command_a_terminal(
    run: CommandLine, journal: Journal
) -> None:
    assert ask(run) == 0
    newest, older, last = run.out.splitlines()
    assert "Failed (timed-out)" in newest
    assert "\x1b" not in newest
    assert "Signed  kds.example.kz  Sign documents (2)  ТЕСТОВ ТЕСТ" in older
    assert last == "Found 2 operations"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["kds"], 1),
        (["тестов", "kds"], 1),
        (["--outcome", "failed"], 1),
        (["--since", "2026-11-25"], 1),
        (["--until", "2026-11-22"], 0),
        (["0a0a"], 1),
    ],
)
def test_it_can_be_searched(run: CommandLine, journal: Journal, words: list[str], found: int) -> None:
    assert ask(run, *words, "--json") == 0
    assert len(json.loads(run.out)) == found


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_spreadsheet_gets_all_of_it_and_no_formula(
    run: CommandLine, journal: Journal, tmp_path: Path, language: str
) -> None:
    assert ask(run, "--csv", tmp_path / "list.csv", language=language) == 0
    octets = (tmp_path / "list.csv").read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    head, failed, signed = csv.reader(io.StringIO(octets.decode("utf-8-sig")), delimiter=";")
    assert len(set(head)) == len(head) == 9
    assert failed[1].startswith("'=")
    assert signed[1:2] + signed[3:4] + signed[5:] == [
        "kds.example.kz",
        "2",
        "ТЕСТОВ ТЕСТ",
        "0a" * 32,
        "ab" * 32,
        "",
    ]


def test_documents_that_were_left_out_are_counted_and_named(
    run: CommandLine, journal: Journal, tmp_path: Path
) -> None:
    some = {**SITE, "count": 3, "digests": ["0c" * 32] * 3}
    at = AT + timedelta(days=4)
    journal.write("asked", "3", at, some)
    journal.write("decided", "3", at, {**some, **OWNER, "decision": "approved", "left_out": ["0d" * 32]})
    journal.write("signed", "3", at, {**some, **OWNER, "count": 2, "digests": ["0c" * 32] * 2})
    assert ask(run) == 0
    assert "Sign documents (2/3)" in run.out.splitlines()[0]
    assert ask(run, "--csv", tmp_path / "list.csv") == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "list.csv").read_text("utf-8-sig")), delimiter=";"))
    assert (rows[1][3], rows[1][8]) == ("2", "0d" * 32)
    assert ask(run, "--pdf", tmp_path / "list.pdf") == 0
    document = pypdfium2.PdfDocument(tmp_path / "list.pdf")
    assert "2/3" in document[0].get_textpage().get_text_range()


def test_operations_are_found_by_the_document_itself(
    run: CommandLine, journal: Journal, tmp_path: Path
) -> None:
    act = run.file("act.txt", b"an act")
    digest = hashlib.sha256(b"an act").hexdigest()
    at = AT + timedelta(days=4)
    journal.write("asked", "3", at, {**SITE, "count": 1, "digests": [digest]})
    assert run.sign(act) == 0
    assert ask(run, "--file", act, "--json") == 0
    assert {each["outcome"] for each in json.loads(run.out)} == {"signed", "unfinished"}
    assert ask(run, "--file", act.with_name("act.txt.cms"), "--outcome", "signed", "--json") == 0
    (found,) = json.loads(run.out)  # the message has the document inside
    assert found["digests"] == [digest]
    assert ask(run, "--file", act, "--pdf", tmp_path / "list.pdf") == 0
    text = pypdfium2.PdfDocument(tmp_path / "list.pdf")[0].get_textpage().get_text_range()
    assert "Only this document: act.txt" in text
    assert ask(run, "--file", run.file("other.txt", b"an Act")) == 0
    assert "Nothing was found." in run.out
    assert "give the original" in run.out
    for missing in (run.folder, run.folder / "missing"):
        assert ask(run, "--file", missing) == 5


def test_a_pdf_has_every_operation_and_says_what_it_is_a_list_of(
    run: CommandLine, journal: Journal, tmp_path: Path
) -> None:
    assert ask(run, "--pdf", tmp_path / "list.pdf", "--since", "2026-11-01", "тест", language="ru") == 0
    document = pypdfium2.PdfDocument(tmp_path / "list.pdf")
    text = document[0].get_textpage().get_text_range()
    for part in (
        "Журнал операций",
        "Период: с 01.11.2026",
        "Поиск: тест",
        "Найдена 1 операция",
        "kds.example.kz",
        "ТЕСТОВ ТЕСТ",
    ):
        assert part in text.replace("\r\n", " ")


def test_too_long_for_a_pdf_is_said(
    run: CommandLine, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show_history, "MAX_DRAWN", 1)
    assert ask(run, "--pdf", tmp_path / "list.pdf") == 5
    assert not (tmp_path / "list.pdf").exists()


def test_a_place_that_can_not_be_written_is_said(run: CommandLine, journal: Journal, tmp_path: Path) -> None:
    assert ask(run, "--csv", tmp_path / "no" / "list.csv") == 7
    assert "can't be written" in run.err


def test_the_chain_is_checked(run: CommandLine, journal: Journal) -> None:
    assert ask(run, "--verify") == 0
    assert "records: 4" in run.out
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"count":2', b'"count":3', 1))
    assert ask(run, "--verify") == 1
    assert "broken in line 2" in run.out


def test_without_a_journal_nothing_is_found(run: CommandLine) -> None:
    assert ask(run) == 0
    assert run.out.strip() == "Nothing was found."


def test_a_day_that_is_none_is_wrong_usage(run: CommandLine) -> None:
    assert ask(run, "--since", "yesterday") == 64


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_there_are_words_for_all_that_is_recorded(language: texts.Language) -> None:
    words = texts.load(language).entries
    recorded = {item for each in get_args(Recorded) for item in (get_args(each) or (each,))}
    assert {f"history.action.{name}" for name in recorded} <= words.keys()
    assert {f"history.outcome.{name}" for name in get_args(history.Outcome)} <= words.keys()
