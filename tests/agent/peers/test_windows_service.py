"""The broker's service as agents see it, by a library that answers as Windows documents it: nothing of it was tried on Windows."""

import ctypes
import struct
import sys
from typing import Any

import pytest

from agent.peers import windows_service
from agent.peers.windows_service import NAME, Service

AUTOMATIC, DISABLED = 2, 4
RUNNING, STOPPED, STARTING = 4, 1, 2


class FakeManager:
    """advapi32.dll: one service, which starts so, is in that state, and has that process."""

    def __init__(self, start: int = AUTOMATIC, state: int = RUNNING, process: int = 4711) -> None:
        self.start, self.state, self.process = start, state, process
        self.fails = ""
        self.opened: list[int] = []

    def OpenSCManagerW(self, computer: None, database: None, access: int) -> int:
        assert (computer, database, access) == (None, None, 1)
        return self._open(10) if self.fails != "manager" else 0

    def OpenServiceW(self, manager: int, name: str, access: int) -> int:
        assert (manager, access) == (10, 5)
        return self._open(11) if name == NAME and self.fails != "service" else 0

    def _open(self, handle: int) -> int:
        self.opened.append(handle)
        return handle

    def CloseServiceHandle(self, handle: int) -> int:
        self.opened.remove(handle)
        return 1

    def QueryServiceConfigW(self, service: int, buffer: Any, size: int, needed: Any) -> int:
        assert (service, size) == (11, 8192)
        buffer[:8] = struct.pack("<II", 0x10, self.start)
        needed._obj.value = 8
        return int(self.fails != "config")

    def QueryServiceStatusEx(self, service: int, level: int, buffer: Any, size: int, needed: Any) -> int:
        assert (service, level, size) == (11, 0, 36)
        buffer[:36] = struct.pack("<9I", 0x10, self.state, 5, 0, 0, 0, 0, self.process, 0)
        needed._obj.value = 36
        return int(self.fails != "status")


def test_a_service_is_there_unless_it_is_switched_off() -> None:
    assert Service(library=FakeManager()).is_installed()
    assert Service(library=FakeManager(state=STOPPED, process=0)).is_installed()
    assert not Service(library=FakeManager(start=DISABLED)).is_installed()
    assert not Service("Another", FakeManager()).is_installed()


def test_its_process_is_the_one_that_the_manager_says_and_only_while_it_runs() -> None:
    assert Service(library=FakeManager()).process() == 4711
    assert Service(library=FakeManager(state=STARTING)).process() is None
    assert Service(library=FakeManager(state=STOPPED, process=0)).process() is None
    assert Service(library=FakeManager(process=0)).process() is None


@pytest.mark.parametrize("fails", ["manager", "service", "config", "status"])
def test_what_the_manager_does_not_say_is_not_so_and_nothing_stays_open(fails: str) -> None:
    manager = FakeManager()
    manager.fails = fails
    service = Service(library=manager)
    assert service.is_installed() is (fails == "status")
    assert service.process() == (4711 if fails == "config" else None)
    assert manager.opened == []


def test_the_identity_of_a_service_is_made_of_its_name() -> None:
    # The one that Windows documents: S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464
    made = windows_service.sid("TrustedInstaller")
    assert made[:8] == b"\x01\x06\0\0\0\0\0\x05"
    assert struct.unpack("<6I", made[8:]) == (
        80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464,
    )  # fmt: skip
    assert windows_service.sid("qalamsapbroker") == windows_service.sid()


class FakeSecurity:
    """advapi32.dll's lists of rights; places in memory are numbers here."""

    def __init__(self, present: int | None = 100, fails: str = "") -> None:
        self.present, self.fails = present, fails
        self.given: list[tuple[int, int, int, bytes]] = []
        self.set: list[tuple[Any, ...]] = []
        self.freed: list[int | None] = []

    def GetSecurityInfo(self, process: Any, kind: int, what: int, *places: Any) -> int:
        assert (process.value, kind, what) == (ctypes.c_void_p(-1).value, 6, 4)
        places[2]._obj.value, places[4]._obj.value = self.present, 200
        return int(self.fails == "get")

    def SetEntriesInAclW(self, count: int, access: Any, present: Any, made: Any) -> int:
        found = access._obj
        assert (count, present.value) == (1, self.present)
        assert (found.trustee.form, found.inheritance) == (0, 0)
        identity = ctypes.string_at(found.trustee.name, 32)
        self.given.append((found.permissions, found.mode, found.trustee.operation, identity))
        made._obj.value = 300
        return int(self.fails == "entries")

    def SetSecurityInfo(self, process: Any, kind: int, what: int, *places: Any) -> int:
        self.set.append((process.value, kind, what, places[2].value))
        return int(self.fails == "set")

    def free(self, place: Any) -> None:
        self.freed.append(place.value)


def test_the_service_gets_one_right_beside_what_others_have() -> None:
    security = FakeSecurity()
    windows_service.let_it_share(security, security.free)
    assert security.given == [(0x40, 1, 0, windows_service.sid())]
    assert security.set == [(ctypes.c_void_p(-1).value, 6, 4, 300)]
    assert sorted(security.freed) == [200, 300]


def test_where_everybody_may_do_everything_nothing_is_taken_away() -> None:
    security = FakeSecurity(present=None)
    windows_service.let_it_share(security, security.free)
    assert (security.given, security.set, security.freed) == ([], [], [200])


@pytest.mark.parametrize(("fails", "freed"), [("get", []), ("entries", [200]), ("set", [300, 200])])
def test_a_right_that_can_not_be_given_is_an_error(fails: str, freed: list[int]) -> None:
    security = FakeSecurity(fails=fails)
    with pytest.raises(OSError):
        windows_service.let_it_share(security, security.free)
    assert security.freed == freed


@pytest.mark.skipif(sys.platform == "win32", reason="what is not there elsewhere")
def test_elsewhere_there_are_no_services() -> None:
    assert not Service().is_installed()
    assert Service().process() is None
    with pytest.raises(OSError):
        windows_service.let_it_share()
    with pytest.raises(OSError):
        windows_service.let_it_share(FakeSecurity())
