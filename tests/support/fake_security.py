"""`security` of macOS, played: keychains and trust settings in memory, the words and the answers of security(1)."""

import dataclasses
import hashlib
import plistlib
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from agent.localhost.macos import Output

DONE = Output(0, b"", b"")
NOT_FOUND = Output(
    44, b"", b"security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.\n"
)
NO_SETTINGS = Output(1, b"", b"SecTrustSettingsCreateExternalRepresentation: No Trust Settings were found.\n")
DENIED = Output(1, b"", b"SecTrustSettingsSetTrustSettings: The authorization was canceled by the user.\n")


@dataclasses.dataclass
class FakeSecurity:
    """Called with the words of one command. `says_no`: the person refuses what macOS asks."""

    keychains: dict[str, list[bytes]] = dataclasses.field(default_factory=dict)
    settings: dict[bool, dict[str, Any]] = dataclasses.field(default_factory=lambda: {True: {}, False: {}})
    says_no: bool = False
    deaf_to: str = ""
    """A command that reports success and does nothing."""
    calls: list[tuple[str, ...]] = dataclasses.field(default_factory=list)

    def __call__(self, words: Sequence[str]) -> Output:
        self.calls.append(tuple(words))
        command, *rest = words
        if command == self.deaf_to:
            return DONE
        answer: Output = getattr(self, command.replace("-", "_"))(rest)
        return answer

    def add_trusted_cert(self, words: list[str]) -> Output:
        if self.says_no:
            return DENIED
        machine_wide = words[0] == "-d"
        options = dict(zip(words[machine_wide:-1:2], words[machine_wide + 1 : -1 : 2], strict=True))
        der = ssl.PEM_cert_to_DER_cert(Path(words[-1]).read_text())
        held = self.keychains.setdefault(options["-k"], [])
        if der not in held:
            held.append(der)
        setting: dict[str, Any] = {}
        if options.get("-p") == "ssl":
            setting = {
                "kSecTrustSettingsPolicy": b"*\x86H\x86\xf7cd\x01\x03",
                "kSecTrustSettingsPolicyName": "sslServer",
            }
        if options.get("-r") != "trustRoot":
            setting["kSecTrustSettingsResult"] = 2
        self.settings[machine_wide][sha1(der)] = {"trustSettings": [setting] if setting else []}
        return DONE

    def remove_trusted_cert(self, words: list[str]) -> Output:
        if self.says_no:
            return DENIED
        der = ssl.PEM_cert_to_DER_cert(Path(words[-1]).read_text())
        return DONE if self.settings[words[0] == "-d"].pop(sha1(der), None) is not None else NOT_FOUND

    def delete_certificate(self, words: list[str]) -> Output:
        flag, wanted, keychain = words
        assert flag == "-Z"
        held = self.keychains.get(keychain, [])
        found = [der for der in held if sha1(der) == wanted]
        if not found:
            return NOT_FOUND
        held.remove(found[0])
        return DONE

    def find_certificate(self, words: list[str]) -> Output:
        everything, by_name, name, as_pem, keychain = words
        assert (everything, by_name, as_pem) == ("-a", "-c", "-p")
        found = [der for der in self.keychains.get(keychain, []) if name in common_name(der)]
        if not found:
            return NOT_FOUND
        return Output(0, "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode(), b"")

    def trust_settings_export(self, words: list[str]) -> Output:
        settings = self.settings[words[0] == "-d"]
        if not settings:
            return NO_SETTINGS
        Path(words[-1]).write_bytes(plistlib.dumps({"trustList": settings, "trustVersion": 1}))
        return DONE


def sha1(der: bytes) -> str:
    return hashlib.sha1(der).hexdigest().upper()


def common_name(der: bytes) -> str:
    names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value)
