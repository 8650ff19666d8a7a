"""Places for icons, and who shows messages, on a private bus without a screen."""

import asyncio
import contextlib
import subprocess
import sys

import pytest

pytest.importorskip("PySide6.QtDBus", reason="needs tool: PySide6")
pytest.importorskip("dbus_fast", reason="needs tool: dbus-fast")

from dbus_fast.aio import MessageBus

from tests.support import display
from tests.tray.test_icon_qt import LIMIT_S, Messages, Watcher

pytestmark = pytest.mark.display

LOOK = """
import sys
from PySide6.QtWidgets import QApplication
from tray import tray_host
application = QApplication(["test", "-platform", "offscreen"])
host = tray_host.TrayHost()
host.changed.connect(lambda is_there: print("there" if is_there else "none", host.is_on_bus, flush=True))
host.start()
application.exec()
"""
ASK = """
import sys
from PySide6.QtCore import QCoreApplication
from tray import tray_host
application = QCoreApplication([])
server = tray_host.MessageServer()
def hear(is_there):
    print(is_there, flush=True)
    if sys.stdin.readline():
        server.ask(hear)
    else:
        application.quit()
server.ask(hear)
application.exec()
"""


@contextlib.asynccontextmanager
async def looking(script):
    """The script at work on a bus; what it prints next, and what it reads."""
    with display.session_bus() as address:
        bus = await MessageBus(address).connect()
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "DBUS_SESSION_BUS_ADDRESS": address}
        command = [sys.executable, "-c", script]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with display.child(command, env=environment, **pipes) as program:

            async def line():
                read = asyncio.to_thread(program.stdout.readline)
                return (await asyncio.wait_for(read, LIMIT_S)).decode().strip()

            try:
                yield program, bus, line
            finally:
                bus.disconnect()


def test_a_place_is_there_as_long_as_a_panel_says_so():
    async def look():
        async with looking(LOOK) as (_program, bus, line):
            assert await line() == "none False"
            watcher = Watcher(has_host=False)
            bus.export("/StatusNotifierWatcher", watcher)
            await bus.request_name("org.kde.StatusNotifierWatcher")
            watcher.has_host = True
            watcher.StatusNotifierHostRegistered()
            assert await line() == "there True"
            watcher.has_host = False
            watcher.StatusNotifierHostUnregistered()
            assert await line() == "none True"
            watcher.has_host = True
            watcher.StatusNotifierHostRegistered()
            assert await line() == "there True"
            await bus.release_name("org.kde.StatusNotifierWatcher")
            assert await line() == "none False"

    asyncio.run(look())


def test_a_program_that_holds_the_name_and_answers_nothing_is_no_place():
    async def look():
        async with looking(LOOK) as (_program, bus, line):
            assert await line() == "none False"
            await bus.request_name("org.kde.StatusNotifierWatcher")  # nothing lies at its path
            bus.export("/org/freedesktop/Notifications", Messages())
            watcher = Watcher()
            bus.export("/StatusNotifierWatcher", watcher)
            watcher.StatusNotifierHostRegistered()
            assert await line() == "there True"  # and no other line before it

    asyncio.run(look())


def test_messages_are_shown_where_somebody_says_that_they_do():
    async def look():
        async with looking(ASK) as (program, bus, line):
            assert await line() == "False"
            bus.export("/org/freedesktop/Notifications", Messages())
            await bus.request_name("org.freedesktop.Notifications")
            program.stdin.write(b"again\n")
            program.stdin.flush()
            assert await line() == "True"

    asyncio.run(look())
