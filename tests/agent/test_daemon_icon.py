"""The daemon and the icon that it started: what only that icon can say, what the person is reminded of through it, and what ends with it."""

import asyncio
import contextlib
import datetime as dt
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import control as endpoint
from agent import daemon, paths
from agent.key_library import KeyLibrary
from protocol import control
from tests.agent.test_daemon import open_page, prepared, tell
from tests.support import agents, known_keys, stage

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="an icon is started where DISPLAY is set"),
]
LIMIT_S = 30.0

# `qalamsap run` with fake workers, an icon of the test's, and reminders at once: python -c ... PORT_OF_DIRECTOR ICON flags
LAUNCH = f"""
import argparse, dataclasses, sys
from agent import config, daemon, tray_icon
daemon.REMIND_FIRST_S = daemon.REMIND_EVERY_S = 0.05
tray_icon.can_show = lambda: True
parser = argparse.ArgumentParser()
config.add_arguments(parser)
settings = config.load(parser.parse_args(sys.argv[3:]))
children = dataclasses.replace(
    daemon.programs(settings),
    worker=(sys.executable, {str(stage.FAKE_WORKER)!r}, sys.argv[1]),
    tray_icon=(sys.executable, "-c", sys.argv[2], {str(paths.CODE_ROOT)!r}),
)
sys.exit(daemon.run(settings, children))
"""
# An icon that follows the language, which a test can set: it watches the session from the start, is shown in Kazakh, hidden in Russian,
# and breaks in English. It says what it is told of keys.
ICON = """
import sys
sys.path.insert(0, sys.argv[1])
from protocol import control, pipes
stdin = open(0, "rb", buffering=0)
def say(*values):
    sys.stdout.buffer.write(pipes.pack_json(control.to_message(control.Command(*values))))
    sys.stdout.flush()
before = ""
say("watch-session")
while (frame := pipes.read_frame(stdin)) is not None:
    state = control.from_message(pipes.unpack_json(frame[1]))
    if state.language == "en":
        sys.exit(1)
    if state.language != before:
        before = state.language
        say("icon", "shown" if before == "kk" else "hidden")
    if state.ending:
        say("reminded", " ".join(key for line in state.ending for key in line.keys) + " stranger")
"""


@contextlib.contextmanager
def running(state_dir: Path, director_port: int = 0, *flags: str) -> Iterator[agents.RunningAgent]:
    (state_dir / "language").write_text("ru\n")
    command = [sys.executable, "-c", LAUNCH, str(director_port), ICON, "--state-dir", str(state_dir)]
    environment = {"HOME": str(state_dir), "PATH": os.environ["PATH"], "PYTHONPATH": str(paths.CODE_ROOT)}
    with agents.running([*command, "--port", "0", *flags], state_dir, environment) as agent:
        yield agent


def wait_for(agent: agents.RunningAgent, seen: Callable[[control.State], bool]) -> control.State:
    """The state that the test waits for."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        state = tell(agent, "query")
        if seen(state):
            return state
        time.sleep(0.02)
    raise AssertionError(f"it never came to that: {state}")


def test_it_knows_whether_its_icon_is_seen(tmp_path: Path) -> None:
    with running(prepared(tmp_path)) as agent:
        assert wait_for(agent, lambda state: state.is_session_watched).icon == "hidden"
        tell(agent, "set-language", "kk")
        wait_for(agent, lambda state: state.icon == "shown")
        tell(agent, "set-language", "ru")
        wait_for(agent, lambda state: state.icon == "hidden")
        tell(agent, "set-language", "kk")
        wait_for(agent, lambda state: state.icon == "shown")
        tell(agent, "set-language", "en")
        wait_for(agent, lambda state: state.icon == "hidden" and not state.is_session_watched)


def test_without_an_icon_there_is_none_to_be_seen(tmp_path: Path) -> None:
    with running(prepared(tmp_path), 0, "--tray", "off") as agent:
        assert (tell(agent, "query").icon, tell(agent, "query").is_session_watched) == ("off", False)


@pytest.mark.parametrize("command", [("watch-session", ""), ("icon", "shown"), ("reminded", "aa")])
def test_nobody_else_can_claim_to_be_the_icon(tmp_path: Path, command: tuple[str, str]) -> None:
    with running(prepared(tmp_path), 0, "--tray", "off") as agent:
        answer = endpoint.ask(tmp_path / "control.sock", control.Command(*command))  # type: ignore[arg-type]
        assert isinstance(answer, control.Refused)
        assert (tell(agent, "query").icon, tell(agent, "query").is_session_watched) == ("off", False)


def test_a_reminder_waits_for_an_icon_that_is_seen_and_then_counts_as_told(tmp_path: Path) -> None:
    library = KeyLibrary(paths.resolve(tmp_path).key_library)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=10)
    keys = [known_keys.known_key(number, not_after=soon, iin=str(number), owner=str(number)) for number in (1, 2, 3, 4)]  # fmt: skip
    prepared(tmp_path)
    library.remember(known_keys.known_file(*keys))
    with running(tmp_path) as agent:
        wait_for(agent, lambda state: state.is_session_watched)
        for _ in range(5):  # long enough to be told of, were it seen
            assert tell(agent, "query").ending == ()
            time.sleep(0.05)
        assert library.read().told == {}
        tell(agent, "set-language", "kk")
        wait_for(agent, lambda _: len(library.read().told) == len(keys))  # three first, then the fourth
        assert library.read().told == {key.fingerprint: 14 for key in keys}
        wait_for(agent, lambda state: state.ending == ())


def test_a_reminder_is_not_repeated_while_it_can_not_be_noted(tmp_path: Path) -> None:
    library = KeyLibrary(paths.resolve(tmp_path).key_library)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    prepared(tmp_path)
    library.remember(known_keys.known_file(known_keys.known_key(1, not_after=soon)))
    lock = library.path.with_name(library.path.name + ".lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()  # so that nothing can be written to the record, not even by root
    with running(tmp_path) as agent:
        tell(agent, "set-language", "kk")
        deadline = time.monotonic() + LIMIT_S
        while "can't be noted" not in "".join(agent.log) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "can't be noted" in "".join(agent.log)
        for _ in range(5):
            assert tell(agent, "query").ending == ()
            time.sleep(0.05)
        lock.rmdir()
        wait_for(agent, lambda _: library.read().told == {known_keys.known_key(1).fingerprint: 3})


def test_an_icon_that_vanishes_closes_the_key_and_no_other_stays_open(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        folder = prepared(tmp_path)
        (folder / "config.toml").write_text("unlock_minutes = 10\n")
        with running(folder, await director.open()) as agent:
            await asyncio.to_thread(wait_for, agent, lambda state: state.is_session_watched)
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                assert (await actor.event("begin"))["unlock_minutes"] == 10
                await actor.event("frame")
                await actor.order("reply", text="signed", holds_s=600)
                await page.recv()
                await actor.order("idle")
                await asyncio.to_thread(wait_for, agent, lambda state: state.unlocked_owner != "")
                await asyncio.to_thread(tell, agent, "set-language", "en")
                await asyncio.to_thread(wait_for, agent, lambda state: state.unlocked_owner == "")
                await actor.event("end")
                await actor.gone()
            # Started anew it breaks again and again, and is given up: nobody watches.
            await asyncio.to_thread(wait_for, agent, lambda state: not state.is_session_watched)
        await director.close()

    stage.run(scenario())


def test_ending_keys_are_as_many_as_one_message_says_and_are_due_until_they_are_noted(tmp_path: Path) -> None:
    library = KeyLibrary(tmp_path / "library.json")
    keys = [known_keys.known_key(number, days=number, iin=str(number)) for number in range(1, 6)]
    library.remember(known_keys.known_file(*keys))
    told = [line.days_left for line in daemon.ending_keys(library, known_keys.AT)]
    assert told == list(range(1, control.MOST_ENDING + 1))
    assert [line.days_left for line in daemon.ending_keys(library, known_keys.AT)] == told
