"""Only what the program itself wrote goes from its log into a bundle."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import logs
from agent.support import log_lines
from agent.support.redaction import Redaction

START = "2026-11-27 08:48:01,123"


@pytest.fixture
def rules() -> Redaction:
    return Redaction(Path("/home/aigul"), ("aigul",))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "agent.log"


@pytest.fixture
def noting(log: Path) -> Iterator[logging.Logger]:
    root, ours = logging.getLogger(), logging.getLogger("agent")
    levels = root.level, ours.level
    logs.set_up("debug", log, to_standard_error=False)
    yield logging.getLogger("agent.x")
    logs.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def test_what_the_program_logs_is_read_back(log: Path, rules: Redaction, noting: logging.Logger) -> None:
    logs.note(noting, logging.INFO, "listening", port=13579, version="0.6.0")
    try:
        raise FileNotFoundError("/home/aigul/secret")
    except FileNotFoundError as error:
        logs.note(noting, logging.ERROR, "internal error", error=error, origin="https://kds.example.kz")
    logging.getLogger("asyncio").error("Task got %s", "secret")
    found = log_lines.read(log, rules)
    listening, internal, story, library = found.lines
    assert listening.endswith(" 1000 INFO agent.x: listening port=13579 version=0.6.0")
    assert internal.endswith(" 1900 ERROR agent.x: internal error origin=https://site-1")
    assert story.startswith("  error FileNotFoundError at test_log_lines.py:")
    assert library.endswith(" 1999 ERROR asyncio: a warning of the library, text left out")
    assert found.events == {
        "listening": 1, "internal error": 1, "a warning of the library, text left out": 1,
    }  # fmt: skip
    assert found.first <= found.last
    assert found.first.startswith("20")
    assert "line" not in rules.taken_out


@pytest.mark.parametrize(
    "line",
    [
        "password=correct-horse",
        f"{START} 1000 INFO agent.x: somebody wrote this by hand",
        f"{START} 1000 INFO agent.x: listeningport",
        f"{START} 1000 SECRET agent.x: listening",
        "  error secret words at x",
        "  after СЕРИКОВА",
        f"{START} 1000 INFO agent.x: \x1b[31mlistening",
        "",
    ],
)
def test_a_line_that_is_none_of_ours_is_left_out_and_counted(log: Path, rules: Redaction, line: str) -> None:
    log.write_text(f"{line}\n{START} 1001 INFO agent.daemon: stopping\n")
    found = log_lines.read(log, rules)
    assert found.lines == [f"{START} 1001 INFO agent.daemon: stopping"]
    assert rules.taken_out["line"] == 1


def test_of_our_line_only_known_facts_stay(log: Path, rules: Redaction) -> None:
    log.write_text(
        f"{START} INFO agent.x: call origin=https://a.kz frame=secret method=870101300123 path=/home/aigul/act.pdf words port=1\n"
    )
    (line,) = log_lines.read(log, rules).lines
    assert line == f"{START} 1300 INFO agent.x: call origin=https://site-1 method=? path=~/… port=1"
    assert rules.taken_out["line"] == 2


def test_a_fact_that_is_lost_entries_stays(log: Path, rules: Redaction) -> None:
    log.write_text(f"{START} 1300 INFO agent.x: call lost=3\n")
    assert log_lines.read(log, rules).lines[0].endswith("call lost=3")


def test_the_longest_event_is_meant() -> None:
    assert log_lines.event_of("the key was closed meanwhile process=1") == "the key was closed meanwhile"
    assert log_lines.event_of("the key was closed code=x") == "the key was closed"
    assert log_lines.event_of("the key was") == ""


def test_older_files_come_first_and_only_the_last_lines_stay(
    log: Path, rules: Redaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("agent.log.3", "agent.log.1", "agent.log")):
        log.with_name(name).write_text(f"{START} 1000 INFO agent.x: listening port={number}\n")
    assert [line[-1] for line in log_lines.read(log, rules).lines] == ["0", "1", "2"]
    monkeypatch.setattr(log_lines, "MAX_LINES", 2)
    found = log_lines.read(log, rules)
    assert [line[-1] for line in found.lines] == ["1", "2"]
    assert found.events["listening"] == 3


def test_a_line_without_an_end_is_cut(log: Path, rules: Redaction) -> None:
    log.write_text(f"{START} 1000 INFO agent.x: listening source={'x' * 5000}")
    (line,) = log_lines.read(log, rules).lines
    assert len(line) <= log_lines.MAX_LINE_CHARS


def test_a_log_that_is_not_there_is_empty_and_one_that_can_not_be_read_says_so(
    log: Path, rules: Redaction
) -> None:
    assert log_lines.read(log, rules).lines == []
    log.mkdir()
    assert log_lines.read(log, rules).lines == ["(agent.log can't be read: Is a directory)"]


@pytest.mark.parametrize(
    ("fact", "shown"),
    [
        ("port=13579", "port=13579"),
        ("status=-15", "status=-15"),
        ("count=correct-horse", "count=?"),
        ("octets=870101300123", "octets=?"),
        ("method=signXml", "method=signXml"),
        ("method=set-language", "method=set-language"),
        ("method=", "method="),
        ("method=correct-horse-battery", "method=?"),
    ],
)
def test_a_fact_has_the_form_of_its_kind(log: Path, rules: Redaction, fact: str, shown: str) -> None:
    log.write_text(f"{START} 1300 INFO agent.x: call {fact}\n")
    assert log_lines.read(log, rules).lines[0].endswith(f": call {shown}")
