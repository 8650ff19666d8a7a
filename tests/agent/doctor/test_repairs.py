import sys
from pathlib import Path
from typing import get_args

import pytest

from agent import control, paths
from agent.doctor import repairs
from agent.doctor.finding import Finding, Repair
from agent.errors import BadInput
from agent.paths import Paths
from protocol.control import State

pytestmark = pytest.mark.service

USUAL = paths.resolve()


def finding(repair, path=""):
    return Finding("agent", "x", "trouble", "", repair=repair, path=path)


def program(source):
    """A program that is given the words of the command."""
    return [sys.executable, "-c", source]


def test_every_repair_is_a_fixed_command():
    for repair in get_args(Repair):
        words = repairs.words_of(finding(repair, "/k.p12"), USUAL)
        assert bool(words) == bool(repair)
    assert repairs.words_of(finding("install-trust"), USUAL) == ("trust", "install")
    assert repairs.words_of(finding("make-private", "/k.p12"), USUAL) == (
        "doctor",
        "--make-private",
        "/k.p12",
    )


def test_an_agent_of_another_folder_is_named(tmp_path):
    words = repairs.words_of(finding("restart-agent"), paths.resolve(tmp_path))
    assert words == ("restart", "--state-dir", str(tmp_path))


def test_the_command_line_knows_every_command(tmp_path, capsys):
    """Each is parsed by the real program; --help keeps it from doing anything."""
    from agent import __main__

    for repair in filter(None, get_args(Repair)):
        words = repairs.words_of(finding(repair, "/k.p12"), paths.resolve(tmp_path))
        with pytest.raises(SystemExit) as ended:
            __main__.main([*words, "--help"])
        assert ended.value.code == 0
    capsys.readouterr()


def test_what_the_command_says_is_told():
    done = repairs.mend(finding("renew-trust"), USUAL, program("import sys; print('said', *sys.argv[1:])"))
    assert done == repairs.Outcome(is_done=True, detail="said trust renew")
    failed = repairs.mend(
        finding("renew-trust"), USUAL, program("import sys; print('no', file=sys.stderr); sys.exit(7)")
    )
    assert failed == repairs.Outcome(is_done=False, detail="no")


def test_one_that_hangs_or_is_not_there_is_not_done():
    slow = repairs.mend(finding("renew-trust"), USUAL, program("import time; time.sleep(20)"), limit_s=0.3)
    assert (slow.is_done, slow.detail[:8]) == (False, "not done")
    assert not repairs.mend(finding("renew-trust"), USUAL, ["/no/such"]).is_done
    assert not repairs.mend(finding("start-agent"), USUAL, ["/no/such"]).is_done


def test_nothing_is_done_without_a_repair():
    with pytest.raises(BadInput):
        repairs.mend(finding(""), USUAL, program("raise SystemExit(0)"))


def test_the_agent_is_started_and_waited_for(tmp_path, monkeypatch):
    answers = [control.NotRunning("not yet"), State("ready", "ru", "1", 1)]

    def ask(_path, _command):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(repairs.control, "ask", ask)
    started = tmp_path / "started"
    source = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(1)"
    assert repairs.mend(finding("start-agent"), USUAL, program(source)).is_done
    assert answers == []
    child = repairs._started.pop()
    assert child.wait(10) == 0


def test_an_agent_that_ends_at_once_or_never_answers_is_not_running(tmp_path):
    places = Paths(tmp_path, tmp_path)
    ended = repairs._start(program("raise SystemExit(7)"), places)
    assert (ended.is_done, ended.detail[:22]) == (False, "the agent ended with 7")
    silent = repairs._start(program("import time; time.sleep(20)"), places, limit_s=0.5)
    assert (silent.is_done, "in time" in silent.detail) == (False, True)


def test_the_home_is_not_spelled_out():
    assert (
        repairs.shortened("/home/aigerim/a.p12 and /home/aigerim", Path("/home/aigerim")) == "~/a.p12 and ~"
    )
