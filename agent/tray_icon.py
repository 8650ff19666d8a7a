"""The tray icon as a child process: it is told the state and sends commands. Its death matters to nobody.

A crashed icon is started again a few times and then left alone: a desktop without a tray must not cost a process a second.
"""

import asyncio
import contextlib
import importlib.util
import logging
import os
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from typing import TypeAlias

from agent import logs, paths, programs, workers
from protocol import control, pipes
from protocol.errors import ProtocolError

MAX_STARTS = 4
GRACE_S = 2.0
COMMAND = programs.icon()

_log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[control.Command], control.State | control.Refused]


def can_show() -> bool:
    """Whether an icon makes sense here: Qt is installed (looked up, not loaded) and there is a display."""
    has_display = sys.platform in {"win32", "darwin"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return has_display and importlib.util.find_spec("PySide6") is not None


class TrayIcon:
    """Keeps the icon's process alive while that makes sense. `handler` gets its commands, `on_end` is called whenever it ended."""

    def __init__(
        self, handler: Handler, command: Sequence[str] = COMMAND, on_end: Callable[[], None] = lambda: None
    ) -> None:
        self._handler = handler
        self._on_end = on_end
        self._command = tuple(command)
        self._state: control.State | None = None
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep_alive())

    def show(self, state: control.State) -> None:
        """Tells the icon the state, now or as soon as it is there."""
        if state != self._state:
            self._state = state
            self._tell()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _tell(self) -> None:
        process, state = self._process, self._state
        if process is not None and process.stdin is not None and state is not None:
            with contextlib.suppress(OSError, RuntimeError):
                process.stdin.write(pipes.pack_json(control.to_message(state)))

    async def _keep_alive(self) -> None:
        for _ in range(MAX_STARTS):
            try:
                process = await self._start()
            except OSError as error:
                logs.note(_log, logging.WARNING, "the tray icon can't be started", error=error)
                return
            self._process = process
            try:
                self._tell()
                await self._obey(process)
            finally:
                self._process = None
                self._on_end()
                await _end(process)
            logs.note(_log, logging.INFO, "tray icon ended", status=process.returncode)
            if process.returncode == 0:
                return  # it was asked to go
        logs.note(_log, logging.WARNING, "the tray icon keeps ending, going on without one")

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=paths.CODE_ROOT,
            env=workers.environment(),
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    async def _obey(self, process: Process) -> None:
        assert process.stdout is not None
        try:
            while True:
                kind, length = pipes.unpack_header(await process.stdout.readexactly(pipes.HEADER_BYTES))
                payload = await process.stdout.readexactly(length)
                message = control.from_message(pipes.unpack_json(payload)) if kind == pipes.JSON else None
                if isinstance(message, control.Command):
                    self._handler(message)
        except asyncio.IncompleteReadError:
            return
        except ProtocolError as error:
            logs.note(_log, logging.WARNING, "the tray icon talks nonsense", error=error)


async def _end(process: Process) -> None:
    """Closes its input, which tells it to go, and sees to it that it goes."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
