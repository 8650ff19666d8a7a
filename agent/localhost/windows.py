r"""Trust on Windows: its root store, which Chrome, Edge, Yandex Browser and Firefox read, and the browsers' policies in its registry.

    LocalMachine\Root    for everybody, takes an administrator, asks nobody: what the MSI for machines uses
    CurrentUser\Root     for one person: Windows itself asks them, when an authority comes and when it goes

Every authority is put in with Windows' own limit on its purpose, "server authentication", beside the one in the certificate itself. Calls
go to crypt32.dll by ctypes: `certutil.exe` writes in the language of the system, and antivirus programs watch for it. The functions are
documented under their names on learn.microsoft.com; tests hold the constants against the headers and play the library.
"""

import contextlib
import ctypes
import dataclasses
import hashlib
import importlib
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from agent.errors import StorageFailed
from agent.localhost.errors import NeedsRoot, StoreFailed
from agent.localhost.report import State
from agent.localhost.system_store import Anchor

STORE: Final = "windows-root"
BROWSERS: Final = "Chrome, Edge, Yandex Browser, Firefox"
SERVERS_ONLY: Final = bytes.fromhex("300a06082b06010505070301")
"""ExtKeyUsageSyntax with the one purpose id-kp-serverAuth (RFC 5280 section 4.2.1.12), DER."""

# wincrypt.h and winerror.h
CERT_STORE_PROV_SYSTEM_W: Final = 10
CERT_SYSTEM_STORE_CURRENT_USER: Final = 1 << 16
CERT_SYSTEM_STORE_LOCAL_MACHINE: Final = 2 << 16
CERT_STORE_READONLY_FLAG: Final = 0x8000
CERT_STORE_OPEN_EXISTING_FLAG: Final = 0x4000
CERT_STORE_ADD_USE_EXISTING: Final = 2
X509_ASN_ENCODING: Final = 1
CERT_ENHKEY_USAGE_PROP_ID: Final = 9
CERT_FRIENDLY_NAME_PROP_ID: Final = 11
ERROR_ACCESS_DENIED: Final = 5
ERROR_CANCELLED: Final = 1223
CRYPT_E_NOT_FOUND: Final = 0x80092004

_USERS = "S-1-5-32-545"  # everybody who may log on; the group's name is another in each language
_LIMIT_S = 60
_FACILITY_WIN32 = 0x80070000  # an HRESULT that carries an error of Windows in its lower half


class Blob(ctypes.Structure):
    """CRYPT_DATA_BLOB."""

    _fields_ = (("size", ctypes.c_uint32), ("octets", ctypes.c_void_p))


class Context(ctypes.Structure):
    """CERT_CONTEXT, as far as we read it."""

    _fields_ = (
        ("encoding", ctypes.c_uint32),
        ("octets", ctypes.POINTER(ctypes.c_ubyte)),
        ("size", ctypes.c_uint32),
        ("info", ctypes.c_void_p),
        ("store", ctypes.c_void_p),
    )


_CONTEXT = ctypes.POINTER(Context)
# What each function returns, and what it takes. On 64 bits Windows has one calling convention, so CFUNCTYPE is right for it.
SIGNATURES: Final[Mapping[str, tuple[Any, ...]]] = {
    "CertOpenStore": (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_wchar_p),
    "CertCloseStore": (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32),
    "CertEnumCertificatesInStore": (_CONTEXT, ctypes.c_void_p, _CONTEXT),
    "CertAddEncodedCertificateToStore": (
        ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(_CONTEXT),
    ),
    "CertDeleteCertificateFromStore": (ctypes.c_int, _CONTEXT),
    "CertFreeCertificateContext": (ctypes.c_int, _CONTEXT),
    "CertGetCertificateContextProperty": (
        ctypes.c_int, _CONTEXT, ctypes.c_uint32, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32),
    ),
    "CertSetCertificateContextProperty": (ctypes.c_int, _CONTEXT, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Crypt32:
    """The functions, by name, and the error of the one called last on this thread."""

    functions: Mapping[str, Callable[..., Any]]
    last_error: Callable[[], int]

    def call(self, name: str, *arguments: Any) -> Any:
        return self.functions[name](*arguments)


def crypt32() -> Crypt32:
    """Windows' own. Raises StorageFailed elsewhere."""
    if sys.platform != "win32":
        raise StorageFailed("this system has no crypt32.dll")
    library = ctypes.WinDLL("crypt32", use_last_error=True)
    functions = {
        name: ctypes.CFUNCTYPE(*types, use_last_error=True)((name, library))
        for name, types in SIGNATURES.items()
    }
    return Crypt32(functions, ctypes.get_last_error)


def is_administrator() -> bool:
    """Whether this process may change what the whole machine trusts."""
    if sys.platform != "win32":
        return False
    return bool(ctypes.WinDLL("shell32").IsUserAnAdmin())


def system_folder() -> Path:
    """Asked of Windows: no variable of the environment leads to another program."""
    buffer = ctypes.create_unicode_buffer(32768)
    if sys.platform == "win32":
        ctypes.WinDLL("kernel32").GetSystemDirectoryW(buffer, len(buffer))
    return Path(buffer.value)


def let_everybody_read(folder: Path, icacls: str | None = None) -> None:
    """Lets every person of the computer read the folder and all in it. Python gives folders that it makes private to their maker alone, which
    for a machine's TLS identity is nobody who serves with it. `icacls` is another program than the system's only in tests.

    Raises StorageFailed.
    """
    program = icacls or str(system_folder() / "icacls.exe")
    command = [program, str(folder), "/grant", f"*{_USERS}:(OI)(CI)RX", "/T", "/Q"]
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=_LIMIT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StorageFailed(f"the TLS identity can't be shared: {error}") from error
    if done.returncode != 0:
        raise StorageFailed(f"the TLS identity can't be shared: icacls ended with {done.returncode}")


@dataclasses.dataclass(frozen=True, slots=True)
class RootStore:
    """The steps of `system_store` on Windows. `library` is another than Windows' own only in tests."""

    library: Crypt32 = dataclasses.field(default_factory=crypt32)

    @property
    def store(self) -> str:
        return STORE

    @property
    def browsers(self) -> str:
        return BROWSERS

    def place(self, *, machine_wide: bool) -> str:
        return "LocalMachine\\Root" if machine_wide else "CurrentUser\\Root"

    def state(self, anchor: Anchor, *, machine_wide: bool) -> State:
        """For a person a certificate of the machine counts too, as it does for their browsers. Raises StoreFailed."""
        with self._opened(machine_wide=machine_wide, writes=False) as store:
            for context in self._contexts(store):
                if _sha256(context) == anchor.sha256:
                    usage = self._property(context, CERT_ENHKEY_USAGE_PROP_ID)
                    # Without a limit of the store's own, the one in the certificate itself holds.
                    return State.TRUSTED if usage in (None, SERVERS_ONLY) else State.PARTLY
        return State.ABSENT

    def add(self, anchor: Anchor, *, machine_wide: bool) -> None:
        """Windows asks the person where it is their own store. Raises StoreFailed, NeedsRoot, StorageFailed."""
        try:
            der = ssl.PEM_cert_to_DER_cert(anchor.path.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise StorageFailed(f"'{anchor.path}' is no certificate") from error
        with self._opened(machine_wide=machine_wide, writes=True) as store:
            context = _CONTEXT()
            arguments = (X509_ASN_ENCODING, der, len(der), CERT_STORE_ADD_USE_EXISTING, ctypes.byref(context))
            if not self.library.call("CertAddEncodedCertificateToStore", store, *arguments):
                raise self._failure("the authority was not added")
            try:
                self._set_property(context, CERT_ENHKEY_USAGE_PROP_ID, SERVERS_ONLY)
                self._set_property(
                    context, CERT_FRIENDLY_NAME_PROP_ID, f"{anchor.name}\0".encode("utf-16-le")
                )
            finally:
                self.library.call("CertFreeCertificateContext", context)

    def delete(self, name: str, sha256: str, *, machine_wide: bool) -> bool:
        """Raises StoreFailed, NeedsRoot; StoreFailed too for a person's certificate that the machine has as well: Windows shows
        them as one, and the machine's must stay."""
        if not machine_wide and self._is_held(sha256, machine_wide=True):
            raise StoreFailed(f"'{name}' is in the machine's store, too: it is taken out there first")
        with self._opened(machine_wide=machine_wide, writes=True) as store:
            previous = None
            while context := self.library.call("CertEnumCertificatesInStore", store, previous):
                if _sha256(context) == sha256:
                    # Ends the walk: the call frees the context, whether it succeeds or not.
                    if not self.library.call("CertDeleteCertificateFromStore", context):
                        raise self._failure(f"'{name}' was not taken out")
                    return True
                previous = context
        return False

    def _is_held(self, sha256: str, *, machine_wide: bool) -> bool:
        with self._opened(machine_wide=machine_wide, writes=False) as store:
            return any(_sha256(context) == sha256 for context in self._contexts(store))

    @contextlib.contextmanager
    def _opened(self, *, machine_wide: bool, writes: bool) -> Iterator[int]:
        flags = CERT_SYSTEM_STORE_LOCAL_MACHINE if machine_wide else CERT_SYSTEM_STORE_CURRENT_USER
        flags |= CERT_STORE_OPEN_EXISTING_FLAG | (0 if writes else CERT_STORE_READONLY_FLAG)
        store = self.library.call("CertOpenStore", CERT_STORE_PROV_SYSTEM_W, 0, None, flags, "Root")
        if not store:
            raise self._failure(f"{self.place(machine_wide=machine_wide)} can't be opened")
        try:
            yield store
        finally:
            self.library.call("CertCloseStore", store, 0)

    def _contexts(self, store: int) -> Iterator[Any]:
        """Every certificate, good until the next one is asked for."""
        context = None
        try:
            while context := self.library.call("CertEnumCertificatesInStore", store, context):
                yield context
        finally:
            if context:  # the walk was left early
                self.library.call("CertFreeCertificateContext", context)

    def _property(self, context: Any, number: int) -> bytes | None:
        size = ctypes.c_uint32(0)
        if not self.library.call(
            "CertGetCertificateContextProperty", context, number, None, ctypes.byref(size)
        ):
            if self.library.last_error() & 0xFFFFFFFF == CRYPT_E_NOT_FOUND:
                return None
            raise self._failure("a certificate's purpose can't be read")
        buffer = ctypes.create_string_buffer(size.value)
        if not self.library.call(
            "CertGetCertificateContextProperty", context, number, buffer, ctypes.byref(size)
        ):
            raise self._failure("a certificate's purpose can't be read")
        return buffer.raw[: size.value]

    def _set_property(self, context: Any, number: int, octets: bytes) -> None:
        buffer = ctypes.create_string_buffer(octets, len(octets))
        blob = Blob(len(octets), ctypes.cast(buffer, ctypes.c_void_p))
        if not self.library.call("CertSetCertificateContextProperty", context, number, 0, ctypes.byref(blob)):
            raise self._failure("the authority was added, but not limited to TLS servers")

    def _failure(self, what: str) -> StoreFailed | NeedsRoot:
        error = self.library.last_error() & 0xFFFFFFFF
        plain = error & 0xFFFF if error & 0xFFFF0000 == _FACILITY_WIN32 else error
        if plain == ERROR_ACCESS_DENIED:
            return NeedsRoot(f"{what}: Windows lets administrators do that only")
        if plain == ERROR_CANCELLED:
            return StoreFailed(f"{what}: the person said no to Windows")
        return StoreFailed(f"{what}: error 0x{error:08x} of Windows")


def _sha256(context: Any) -> str:
    certificate = context.contents
    return hashlib.sha256(ctypes.string_at(certificate.octets, certificate.size)).hexdigest()


def _registry() -> Any:
    """The module of the standard library, which is there on Windows only. Raises StorageFailed."""
    try:
        return importlib.import_module("winreg")
    except ImportError as error:
        raise StorageFailed("this system has no registry") from error


@dataclasses.dataclass(frozen=True, slots=True)
class PolicyKeys:
    """HKEY_LOCAL_MACHINE for `registry_policies`. `registry` is another than the system's only in tests."""

    registry: Any = dataclasses.field(default_factory=_registry)

    def values(self, key: str) -> Mapping[str, object] | None:
        """Raises StoreFailed, NeedsRoot."""
        with _named(key):
            try:
                handle = self.registry.OpenKey(self.registry.HKEY_LOCAL_MACHINE, key)
            except FileNotFoundError:
                return None
            with handle:
                _, count, _ = self.registry.QueryInfoKey(handle)
                pairs = [self.registry.EnumValue(handle, index) for index in range(count)]
        return {name: data for name, data, _ in pairs}

    def put(self, key: str, name: str, text: str) -> None:
        """Raises StoreFailed, NeedsRoot."""
        with _named(key), self.registry.CreateKey(self.registry.HKEY_LOCAL_MACHINE, key) as handle:
            self.registry.SetValueEx(handle, name, 0, self.registry.REG_SZ, text)

    def delete_value(self, key: str, name: str) -> None:
        """Raises StoreFailed, NeedsRoot."""
        with _named(key), contextlib.suppress(FileNotFoundError), self._to_write(key) as handle:
            self.registry.DeleteValue(handle, name)

    def delete_if_empty(self, key: str) -> None:
        """Raises StoreFailed, NeedsRoot."""
        with _named(key), contextlib.suppress(FileNotFoundError):
            with self._to_write(key) as handle:
                keys, values, _ = self.registry.QueryInfoKey(handle)
            if not keys and not values:
                self.registry.DeleteKey(self.registry.HKEY_LOCAL_MACHINE, key)

    def _to_write(self, key: str) -> Any:
        access = self.registry.KEY_READ | self.registry.KEY_SET_VALUE
        return self.registry.OpenKey(self.registry.HKEY_LOCAL_MACHINE, key, 0, access)


@contextlib.contextmanager
def _named(key: str) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise NeedsRoot(f"HKEY_LOCAL_MACHINE\\{key} can be changed by administrators only") from error
    except OSError as error:
        raise StoreFailed(f"HKEY_LOCAL_MACHINE\\{key}: {error.strerror}") from error
