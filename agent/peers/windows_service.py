"""Windows: the service of the broker, as agents see it: whether there is one, which process it is, and what an agent lets it do.

    service.is_installed()     whether this computer has it, running or not just now
    service.process()          the number of its process while it runs
    let_it_share()             gives the service the one right that handing over a connection takes, over this process alone

Who the broker is, is the word of the service control manager: only administrators make services and say which program they are. No secret
is needed for it, and nothing that the broker says of itself counts. The right is given to the service's own identity
(S-1-5-80 and what follows of its name), which Windows gives to the process of that service and to no other.

All calls are those of advapi32.dll; none was tried on Windows: installer/windows/CHECKLIST.md says how to.
"""

import contextlib
import ctypes
import hashlib
import struct
import sys
from collections.abc import Iterator
from typing import Any, Final

from agent.peers.windows import PROCESS_DUP_HANDLE

NAME: Final = "QalamsapBroker"
DOOR_PORT: Final = 13578
"""Where agents register, on 127.0.0.1. Who takes it while the broker is away is believed by nobody."""

_CONNECT: Final = 1  # SC_MANAGER_CONNECT
_QUERY: Final = 4 | 1  # SERVICE_QUERY_STATUS, SERVICE_QUERY_CONFIG; everybody who logged on here has them
_DISABLED: Final = 4
_RUNNING: Final = 4
_START_TYPE: Final = struct.Struct("<II")  # the beginning of QUERY_SERVICE_CONFIGW: type, start type
_MAX_CONFIG_BYTES: Final = 8192  # as QueryServiceConfigW has it
_STATUS: Final = struct.Struct(
    "<9I"
)  # SERVICE_STATUS_PROCESS; the state is the second, the process the eighth
_KERNEL_OBJECT, _DACL = 6, 4  # SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION
_GRANT, _BY_SID = 1, 0  # GRANT_ACCESS, TRUSTEE_IS_SID
_THIS_PROCESS: Final = -1  # GetCurrentProcess


class _Trustee(ctypes.Structure):
    """TRUSTEE_W"""

    _fields_ = (
        ("multiple", ctypes.c_void_p),
        ("operation", ctypes.c_int),
        ("form", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("name", ctypes.c_void_p),
    )


class _Access(ctypes.Structure):
    """EXPLICIT_ACCESS_W"""

    _fields_ = (
        ("permissions", ctypes.c_uint32),
        ("mode", ctypes.c_int),
        ("inheritance", ctypes.c_uint32),
        ("trustee", _Trustee),
    )


class Service:
    """`library` is advapi32; another one only in tests."""

    def __init__(self, name: str = NAME, library: Any = None) -> None:
        self._name = name
        self._library = library

    def is_installed(self) -> bool:
        """Whether there is such a service, which is not switched off."""
        try:
            with self._opened() as (library, service):
                buffer, needed = ctypes.create_string_buffer(_MAX_CONFIG_BYTES), ctypes.c_uint32()
                if not library.QueryServiceConfigW(service, buffer, len(buffer), ctypes.byref(needed)):
                    return False
                return bool(_START_TYPE.unpack_from(buffer.raw)[1] != _DISABLED)
        except OSError:
            return False

    def process(self) -> int | None:
        """The number of the service's process; None while it does not run."""
        try:
            with self._opened() as (library, service):
                buffer, needed = ctypes.create_string_buffer(_STATUS.size), ctypes.c_uint32()
                if not library.QueryServiceStatusEx(service, 0, buffer, len(buffer), ctypes.byref(needed)):
                    return None
                fields = _STATUS.unpack(buffer.raw)
                return fields[7] or None if fields[1] == _RUNNING else None
        except OSError:
            return None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """Raises OSError."""
        library = self._library or _advapi32()
        with contextlib.ExitStack() as stack:
            manager = library.OpenSCManagerW(None, None, _CONNECT)
            if not manager:
                raise OSError("the service control manager is not there")
            stack.callback(library.CloseServiceHandle, manager)
            service = library.OpenServiceW(manager, self._name, _QUERY)
            if not service:
                raise OSError("there is no such service")
            stack.callback(library.CloseServiceHandle, service)
            yield library, service


def sid(name: str = NAME) -> bytes:
    """The identity of a service: authority 5, 80, and the SHA-1 of its name in capitals as five numbers."""
    digest = hashlib.sha1(name.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return bytes((1, 6)) + struct.pack(">Q", 5)[2:] + struct.pack("<I", 80) + digest


def let_it_share(library: Any = None, free: Any = None) -> None:
    """Lets the broker's service put handles into this process, beside what others may. `free` is LocalFree. OSError."""
    library = library or _advapi32()
    free = free or _local_free()
    with contextlib.ExitStack() as stack:
        present, descriptor, made = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        process = ctypes.c_void_p(_THIS_PROCESS)
        if library.GetSecurityInfo(
            process, _KERNEL_OBJECT, _DACL, None, None, ctypes.byref(present), None, ctypes.byref(descriptor)
        ):
            raise OSError("what others may do with this process can't be read")
        stack.callback(free, descriptor)
        if not present:
            return  # everybody may do everything already; a list of one entry would shut the person out
        identity = ctypes.create_string_buffer(sid(), len(sid()))
        trustee = _Trustee(None, 0, _BY_SID, 0, ctypes.addressof(identity))
        access = _Access(PROCESS_DUP_HANDLE, _GRANT, 0, trustee)
        if library.SetEntriesInAclW(1, ctypes.byref(access), present, ctypes.byref(made)):
            raise OSError("no right can be added")
        stack.callback(free, made)
        if library.SetSecurityInfo(process, _KERNEL_OBJECT, _DACL, None, None, made, None):
            raise OSError("the right can't be given")


def _advapi32() -> Any:
    """OSError where there is none."""
    if sys.platform != "win32":
        raise OSError("no services on this system")
    library = ctypes.WinDLL("advapi32", use_last_error=True)
    handle, number, text, place = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_wchar_p, ctypes.c_void_p
    for name, result, arguments in (
        ("OpenSCManagerW", handle, (text, text, number)),
        ("OpenServiceW", handle, (handle, text, number)),
        ("CloseServiceHandle", ctypes.c_int, (handle,)),
        ("QueryServiceConfigW", ctypes.c_int, (handle, place, number, place)),
        ("QueryServiceStatusEx", ctypes.c_int, (handle, ctypes.c_int, place, number, place)),
        ("GetSecurityInfo", number, (handle, ctypes.c_int, number, place, place, place, place, place)),
        ("SetEntriesInAclW", number, (number, place, place, place)),
        ("SetSecurityInfo", number, (handle, ctypes.c_int, number, place, place, place, place)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _local_free() -> Any:
    """OSError where there is none."""
    if sys.platform != "win32":
        raise OSError("no memory of Windows on this system")
    free = ctypes.WinDLL("kernel32").LocalFree
    free.restype, free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
    return free
