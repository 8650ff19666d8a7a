"""What a desktop says over D-Bus when it locks, as another program says it there."""

import subprocess
import sys

import pytest

pytest.importorskip("PySide6.QtDBus", reason="needs tool: PySide6")

from tests.support import display
from tests.support.program_lines import next_line

pytestmark = pytest.mark.display

LISTEN = """
import sys
from PySide6.QtCore import QCoreApplication
from tray.session import SessionWatch
application = QCoreApplication([])
watch = SessionWatch(lambda: print("locked", flush=True))
print("watching" if watch.can_watch else "blind", flush=True)
application.exec()
"""
SAVER = "org.freedesktop.ScreenSaver.ActiveChanged"


@pytest.fixture(params=["session", "system"])
def buses(request):
    """One private bus, in the place of the one that is asked for; the other one is not there."""
    with display.session_bus() as address:
        nowhere = "unix:path=/nowhere"
        yield (
            {
                "DBUS_SESSION_BUS_ADDRESS": address if request.param == "session" else nowhere,
                "DBUS_SYSTEM_BUS_ADDRESS": address if request.param == "system" else nowhere,
            },
            address,
        )


def say(address, path, signal, *arguments):
    display.need("dbus-send")
    command = ["dbus-send", f"--bus={address}", "--type=signal", path, signal, *arguments]
    subprocess.run(command, check=True, timeout=10)


def listening(environment):
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **environment}
    return display.child([sys.executable, "-c", LISTEN], env=environment, stdout=subprocess.PIPE)


def test_a_lock_is_told_and_an_unlock_is_not(buses):
    environment, address = buses
    is_session = environment["DBUS_SESSION_BUS_ADDRESS"] == address
    with listening(environment) as program:
        assert next_line(program.stdout) == "watching\n"
        if is_session:
            say(address, "/org/freedesktop/ScreenSaver", SAVER, "boolean:false")
            say(address, "/org/freedesktop/ScreenSaver", SAVER, "boolean:true")
            say(address, "/any", "org.gnome.ScreenSaver.ActiveChanged", "boolean:true")
        else:
            manager = "org.freedesktop.login1.Manager.PrepareForSleep"
            say(address, "/org/freedesktop/login1", manager, "boolean:false")
            say(address, "/org/freedesktop/login1", manager, "boolean:true")
            say(address, "/org/freedesktop/login1/session/_31", "org.freedesktop.login1.Session.Lock")
        assert [next_line(program.stdout) for _ in range(2)] == ["locked\n"] * 2
        program.terminate()
        assert program.stdout.read() == b""


def test_without_a_bus_it_says_that_it_is_blind():
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/no", "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/no"}
    with listening(nowhere) as program:
        assert next_line(program.stdout) == "blind\n"
