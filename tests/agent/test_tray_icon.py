"""The icon's process is told the state, obeyed, and not missed when it dies."""

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

from agent import paths, tray_icon
from agent.tray_icon import TrayIcon
from protocol import control
from tests.support import stage

STATE = control.State("ready", "ru", "1.2.3", 13579)

# An icon that asks for a pause when it hears that the agent is ready, and leaves when it is told of the pause.
POLITE = """
import sys
sys.path.insert(0, sys.argv[1])
from protocol import control, pipes
stdin = open(0, "rb", buffering=0)
while True:
    frame = pipes.read_frame(stdin)
    if frame is None:
        break
    state = control.from_message(pipes.unpack_json(frame[1]))
    if state.state == "paused":
        break
    sys.stdout.buffer.write(pipes.pack_json(control.to_message(control.Command("pause"))))
    sys.stdout.flush()
"""
STUBBORN = "import sys, threading; sys.stdout.buffer.write(b'nonsense'); sys.stdout.flush(); threading.Event().wait()"


def command(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script, str(paths.CODE_ROOT), *arguments)


def test_the_icon_hears_the_state_and_its_commands_are_obeyed() -> None:
    async def scenario() -> None:
        heard: asyncio.Queue[control.Command] = asyncio.Queue()

        def obey(given: control.Command) -> control.State:
            heard.put_nowait(given)
            return STATE

        icon = TrayIcon(obey, command(POLITE))
        icon.show(STATE)
        icon.start()
        assert await heard.get() == control.Command("pause")
        icon.show(control.State("paused", "ru", "1.2.3", 13579))
        assert icon._task is not None
        await icon._task  # it left of its own will and is not started again
        await icon.stop()
        assert heard.empty()

    stage.run(scenario())


def test_the_same_state_is_told_once() -> None:
    async def scenario() -> None:
        heard: asyncio.Queue[control.Command] = asyncio.Queue()

        def obey(given: control.Command) -> control.State:
            heard.put_nowait(given)
            return STATE

        icon = TrayIcon(obey, command(POLITE))
        icon.start()
        icon.show(STATE)
        await heard.get()
        icon.show(STATE)
        icon.show(control.State("asking", "ru", "1.2.3", 13579))
        await heard.get()
        await icon.stop()
        assert heard.empty()

    stage.run(scenario())


def test_an_icon_that_keeps_dying_is_given_up(tmp_path: Path) -> None:
    script = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(1)"

    async def scenario() -> None:
        icon = TrayIcon(lambda _: STATE, command(script))
        icon.start()
        assert icon._task is not None
        await icon._task
        icon.show(STATE)
        await icon.stop()

    stage.run(scenario())
    assert (tmp_path / "starts").read_text() == "x" * tray_icon.MAX_STARTS


def test_an_icon_that_talks_nonsense_or_does_not_go_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_icon, "GRACE_S", 0.1)
    monkeypatch.setattr(tray_icon, "MAX_STARTS", 2)

    async def scenario() -> None:
        icon = TrayIcon(lambda _: STATE, command(STUBBORN))
        icon.start()
        assert icon._task is not None
        await icon._task
        await icon.stop()

    stage.run(scenario())


def test_a_program_that_is_not_there_is_no_trouble() -> None:
    async def scenario() -> None:
        icon = TrayIcon(lambda _: STATE, ("/nonexistent/icon",))
        icon.start()
        assert icon._task is not None
        await icon._task
        await icon.stop()

    stage.run(scenario())


def test_stopping_ends_the_icon() -> None:
    async def scenario() -> None:
        is_there = asyncio.Event()

        def obey(_: control.Command) -> control.State:
            is_there.set()
            return STATE

        icon = TrayIcon(obey, command(POLITE))
        icon.show(STATE)
        icon.start()
        await is_there.wait()
        process = icon._process
        assert process is not None
        await icon.stop()
        assert process.returncode is not None

    stage.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="displays are looked for on Linux only")
def test_an_icon_needs_a_display_and_qt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not tray_icon.can_show()
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not tray_icon.can_show()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert tray_icon.can_show()
