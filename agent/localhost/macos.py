"""Trust on macOS: an authority in a keychain, trusted for TLS servers and for nothing else. `system_store` says what of it is ours.

Everything goes through `security`, the tool of macOS itself. A person's trust settings need their password, and macOS asks for it in
a window of its own; the machine's need root, and since macOS 11 an administrator's word in a window too, so that a fleet gives the
authority in a configuration profile instead (installer/macos). Written after Apple's manual page security(1) and the format that
`trust-settings-export` writes; the tests play `security`, nothing here ran on a Mac.
"""

import contextlib
import dataclasses
import hashlib
import plistlib
import re
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from agent import paths
from agent.errors import StorageFailed
from agent.localhost.errors import StoreFailed
from agent.localhost.report import State
from agent.localhost.system_store import Anchor

SECURITY = "/usr/bin/security"
SYSTEM_KEYCHAIN = "/Library/Keychains/System.keychain"
PERSONAL_KEYCHAIN = "Library/Keychains/login.keychain-db"
# SecTrustSettings.h: kSecTrustSettingsResultTrustRoot. Where nothing is said, that is what counts.
_TRUST_ROOT = 1
_FOR_TLS_SERVERS = "sslServer"
# A person may read what macOS asks before they answer.
_LIMIT_S = 300

Run: TypeAlias = Callable[[Sequence[str]], "Output"]
"""Starts `security` with these words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    code: int
    out: bytes
    err: bytes


class Keychains:
    """The steps of `system_store.AnchorStore`: the system keychain for the machine, the login keychain for a person."""

    store = "keychain"
    browsers = "Safari, Chrome, Edge, Firefox"

    def __init__(self, home: Path | None = None, run: Run | None = None) -> None:
        self._home = home or Path.home()
        self._run = run or _run_security

    def place(self, *, machine_wide: bool) -> str:
        """The keychain's path."""
        return SYSTEM_KEYCHAIN if machine_wide else str(self._home / PERSONAL_KEYCHAIN)

    def state(self, anchor: Anchor, *, machine_wide: bool) -> State:
        """Read from what `security` exports, which is the same in every language. Raises StoreFailed, StorageFailed."""
        der = _der(anchor)
        settings = self._settings(machine_wide=machine_wide).get(hashlib.sha1(der).hexdigest().upper())  # noqa: S324  a name, not a proof
        held = any(pem == der for pem in self._held(anchor.name, machine_wide=machine_wide))
        if settings is None and not held:
            return State.ABSENT
        if not held or settings is None or not _is_for_tls_servers_only(settings):
            return State.PARTLY
        return State.TRUSTED

    def add(self, anchor: Anchor, *, machine_wide: bool) -> None:
        """Raises StoreFailed, also where the person says no."""
        # `-p ssl`: for TLS servers. Without it macOS would trust it for mail, code and all else.
        self._checked(
            "add-trusted-cert",
            *_domain(machine_wide=machine_wide),
            *("-r", "trustRoot", "-p", "ssl", "-k", self.place(machine_wide=machine_wide)),
            str(anchor.path),
        )
        if self.state(anchor, machine_wide=machine_wide) is not State.TRUSTED:
            raise StoreFailed(
                f"'{anchor.name}' is not trusted for TLS servers although security reported no error"
            )

    def delete(self, name: str, sha256: str, *, machine_wide: bool) -> bool:
        """Raises StoreFailed, StorageFailed."""
        found = [
            der
            for der in self._held(name, machine_wide=machine_wide)
            if hashlib.sha256(der).hexdigest() == sha256
        ]
        for der in found:
            sha1 = hashlib.sha1(der).hexdigest().upper()  # noqa: S324  the name that security knows it by
            if sha1 in self._settings(machine_wide=machine_wide):
                self._forget_trust(der, machine_wide=machine_wide)
            self._checked("delete-certificate", "-Z", sha1, self.place(machine_wide=machine_wide))
            if der in self._held(name, machine_wide=machine_wide):
                raise StoreFailed(f"'{name}' is still in the keychain after it was deleted")
        return bool(found)

    def _forget_trust(self, der: bytes, *, machine_wide: bool) -> None:
        with _file(ssl.DER_cert_to_PEM_cert(der).encode()) as path:
            self._checked("remove-trusted-cert", *_domain(machine_wide=machine_wide), str(path))

    def _held(self, name: str, *, machine_wide: bool) -> list[bytes]:
        """Every certificate of that name in the keychain, as DER."""
        output = self._run(
            ["find-certificate", "-a", "-c", name, "-p", self.place(machine_wide=machine_wide)]
        )
        if output.code:
            if _says_nothing_found(output):
                return []
            raise StoreFailed(f"the keychain can't be read: {_reason(output)}")
        blocks = re.findall(
            r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----",
            output.out.decode("ascii", "replace"),
        )
        return [ssl.PEM_cert_to_DER_cert(block) for block in blocks]

    def _settings(self, *, machine_wide: bool) -> dict[str, Any]:
        """The trust settings by the certificate's SHA-1 in capitals."""
        with _file() as path:
            output = self._run(["trust-settings-export", *_domain(machine_wide=machine_wide), str(path)])
            if output.code:
                if _says_nothing_found(output):
                    return {}
                raise StoreFailed(f"trust settings can't be read: {_reason(output)}")
            try:
                listed = plistlib.loads(path.read_bytes())["trustList"]
            except (OSError, ValueError, KeyError, TypeError, plistlib.InvalidFileException) as error:
                raise StoreFailed("trust settings are not in a form that is known") from error
        if not isinstance(listed, dict):
            raise StoreFailed("trust settings are not in a form that is known")
        return listed

    def _checked(self, *words: str) -> None:
        output = self._run(words)
        if output.code:
            raise StoreFailed(f"security {words[0]}: {_reason(output)}")


def _is_for_tls_servers_only(entry: object) -> bool:
    """An entry without settings, or a setting without a policy, means trust for everything (SecTrustSettings.h)."""
    settings = entry.get("trustSettings") if isinstance(entry, dict) else None
    if not isinstance(settings, list) or not settings:
        return False
    return all(
        isinstance(setting, dict)
        and setting.get("kSecTrustSettingsPolicyName") == _FOR_TLS_SERVERS
        and setting.get("kSecTrustSettingsResult", _TRUST_ROOT) == _TRUST_ROOT
        for setting in settings
    )


def _domain(*, machine_wide: bool) -> tuple[str, ...]:
    return ("-d",) if machine_wide else ()


def _der(anchor: Anchor) -> bytes:
    try:
        return ssl.PEM_cert_to_DER_cert(anchor.path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StorageFailed(f"'{anchor.path}' is no certificate") from error


@contextlib.contextmanager
def _file(octets: bytes | None = None) -> Iterator[Path]:
    """The path of a file in a folder of its own, for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="qalamsap-") as folder:
        path = Path(folder) / "trust"
        if octets is not None:
            path.write_bytes(octets)
        yield path


def _says_nothing_found(output: Output) -> bool:
    # errSecItemNotFound, and errSecNoTrustSettings: their texts come from the tool itself and are not translated.
    return b"could not be found" in output.err or b"No Trust Settings were found" in output.err


def _reason(output: Output) -> str:
    return " ".join(output.err.decode("utf-8", "replace").split()) or f"exit code {output.code}"


def _run_security(words: Sequence[str]) -> Output:
    try:
        done = subprocess.run(
            [SECURITY, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LIMIT_S,
            cwd=paths.CODE_ROOT,
        )
    except subprocess.TimeoutExpired as error:
        raise StoreFailed(f"security {words[0]} did not end within {_LIMIT_S} s") from error
    except OSError as error:
        raise StoreFailed(f"security can't be started: {error.strerror}") from error
    return Output(done.returncode, done.stdout, done.stderr)
