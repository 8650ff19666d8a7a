"""Windows for tests on other systems: its certificate stores behind real C function pointers, and its registry in memory."""

import ctypes
import dataclasses
import itertools
from typing import Any, Self

from agent.localhost import windows
from agent.localhost.windows import Context, Crypt32

USER, MACHINE = windows.CERT_SYSTEM_STORE_CURRENT_USER, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE
_WHERE = USER | MACHINE


@dataclasses.dataclass
class Held:
    """One certificate in one store."""

    der: bytes
    properties: dict[int, bytes] = dataclasses.field(default_factory=dict)


class Certificates:
    """Plays crypt32.dll. `stores` is what it holds; `contexts` are those handed out and not yet freed.

    A person's store shows the machine's certificates, too, as Windows' does. `refuses` maps a function's name to the error that it
    fails with.
    """

    def __init__(self) -> None:
        self.stores: dict[int, list[Held]] = {USER: [], MACHINE: []}
        self.refuses: dict[str, int] = {}
        self.open: dict[int, tuple[int, bool]] = {}
        self.contexts: dict[int, tuple[Held, int, Any]] = {}
        self.error = 0
        self._handles = itertools.count(0x7FFF00000010, 16)  # beyond 32 bits: a handle cut short is not found
        self._callbacks = []
        functions = {}
        for name, (result, *arguments) in windows.SIGNATURES.items():
            # A callback can't return a pointer with a type, so its address is taken, which can.
            plain = ctypes.CFUNCTYPE(ctypes.c_void_p if name.startswith("CertEnum") else result, *arguments)
            callback = plain(getattr(self, name))
            self._callbacks.append(callback)
            address = ctypes.cast(callback, ctypes.c_void_p).value
            assert address is not None
            functions[name] = ctypes.CFUNCTYPE(result, *arguments)(address)
        self.library = Crypt32(functions, lambda: self.error)

    def _fails(self, name: str) -> bool:
        self.error = self.refuses.get(name, 0)
        return bool(self.error)

    def CertOpenStore(self, provider: int, encoding: int, key: Any, flags: int, name: str) -> int | None:
        assert (provider, encoding, key) == (windows.CERT_STORE_PROV_SYSTEM_W, 0, None)
        assert name == "Root"
        assert flags & windows.CERT_STORE_OPEN_EXISTING_FLAG
        if self._fails("CertOpenStore"):
            return None
        handle = next(self._handles)
        self.open[handle] = flags & _WHERE, not flags & windows.CERT_STORE_READONLY_FLAG
        return handle

    def CertCloseStore(self, store: int, flags: int) -> int:
        assert flags == 0
        del self.open[store]
        return 1

    def _shown(self, store: int) -> list[tuple[int, Held]]:
        where, _ = self.open[store]
        order = (USER, MACHINE) if where == USER else (MACHINE,)
        return [(each, held) for each in order for held in self.stores[each]]

    def _context(self, held: Held, where: int) -> int:
        octets = (ctypes.c_ubyte * len(held.der)).from_buffer_copy(held.der)
        context = Context(
            windows.X509_ASN_ENCODING, ctypes.cast(octets, ctypes.POINTER(ctypes.c_ubyte)), len(held.der)
        )
        address = ctypes.addressof(context)
        self.contexts[address] = held, where, (octets, context)
        return address

    def CertEnumCertificatesInStore(self, store: int, previous: Any) -> int | None:
        shown = self._shown(store)
        index = 0
        if previous:
            held = self.contexts.pop(ctypes.addressof(previous.contents))[0]
            index = next(number for number, (_, each) in enumerate(shown) if each is held) + 1
        return self._context(shown[index][1], shown[index][0]) if index < len(shown) else None

    def CertAddEncodedCertificateToStore(  # noqa: PLR0917  # as Windows has it
        self, store: int, encoding: int, der: int, size: int, disposition: int, out: Any
    ) -> int:
        assert (encoding, disposition) == (windows.X509_ASN_ENCODING, windows.CERT_STORE_ADD_USE_EXISTING)
        where, writes = self.open[store]
        assert writes
        if self._fails("CertAddEncodedCertificateToStore"):
            return 0
        octets = ctypes.string_at(der, size)
        held = next((each for each in self.stores[where] if each.der == octets), None)
        if held is None:
            held = Held(octets)
            self.stores[where].append(held)
        out[0] = ctypes.cast(self._context(held, where), ctypes.POINTER(Context))
        return 1

    def CertDeleteCertificateFromStore(self, context: Any) -> int:
        held, where, _ = self.contexts.pop(ctypes.addressof(context.contents))
        if self._fails("CertDeleteCertificateFromStore"):
            return 0
        self.stores[where].remove(held)
        return 1

    def CertFreeCertificateContext(self, context: Any) -> int:
        del self.contexts[ctypes.addressof(context.contents)]
        return 1

    def CertGetCertificateContextProperty(self, context: Any, number: int, out: int | None, size: Any) -> int:
        if self._fails("CertGetCertificateContextProperty"):
            return 0
        value = self.contexts[ctypes.addressof(context.contents)][0].properties.get(number)
        if value is None:
            self.error = windows.CRYPT_E_NOT_FOUND
            return 0
        if out:
            assert size[0] >= len(value)
            ctypes.memmove(out, value, len(value))
        size[0] = len(value)
        return 1

    def CertSetCertificateContextProperty(self, context: Any, number: int, flags: int, blob: int) -> int:
        assert flags == 0
        if self._fails("CertSetCertificateContextProperty"):
            return 0
        given = windows.Blob.from_address(blob)
        octets = ctypes.string_at(given.octets, given.size)
        self.contexts[ctypes.addressof(context.contents)][0].properties[number] = octets
        return 1


class _Handle(str):
    """An open key, by its path; closed at the end of a block."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


class Winreg:
    """The part of the module `winreg` that we use, over one hive: {key: {name: text}}. Names of keys are compared as Windows does.

    `refuses` is the error that every change raises, if one is set.
    """

    HKEY_LOCAL_MACHINE = "HKLM"
    KEY_READ, KEY_SET_VALUE, REG_SZ = 0x20019, 2, 1

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, object]] = {"software": {}, "software\\policies": {}}
        self.refuses: OSError | None = None

    @staticmethod
    def _handle(key: str) -> "_Handle":
        return _Handle(key.lower())

    def OpenKey(self, hive: str, key: str, reserved: int = 0, access: int = KEY_READ) -> Any:
        assert (hive, reserved) == (self.HKEY_LOCAL_MACHINE, 0)
        if access & self.KEY_SET_VALUE and self.refuses:
            raise self.refuses
        if key.lower() not in self.keys:
            raise FileNotFoundError(2, "no such key")
        return self._handle(key)

    def CreateKey(self, hive: str, key: str) -> Any:
        assert hive == self.HKEY_LOCAL_MACHINE
        if self.refuses:
            raise self.refuses
        words = key.lower().split("\\")
        for length in range(1, len(words) + 1):
            self.keys.setdefault("\\".join(words[:length]), {})
        return self._handle(key)

    def QueryInfoKey(self, handle: str) -> tuple[int, int, int]:
        below = [key for key in self.keys if key.rpartition("\\")[0] == handle]
        return len(below), len(self.keys[handle]), 0

    def EnumValue(self, handle: str, index: int) -> tuple[str, object, int]:
        name = list(self.keys[handle])[index]
        return name, self.keys[handle][name], self.REG_SZ

    def SetValueEx(self, handle: str, name: str, reserved: int, kind: int, text: str) -> None:
        assert (reserved, kind) == (0, self.REG_SZ)
        self.keys[handle][name] = text

    def DeleteValue(self, handle: str, name: str) -> None:
        if name not in self.keys[handle]:
            raise FileNotFoundError(2, "no such value")
        del self.keys[handle][name]

    def DeleteKey(self, hive: str, key: str) -> None:
        assert hive == self.HKEY_LOCAL_MACHINE
        assert not self.QueryInfoKey(key.lower())[0], "Windows refuses to delete a key with keys below it"
        del self.keys[key.lower()]
