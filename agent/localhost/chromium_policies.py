"""Machine-wide trust in Chromium and its relatives: JSON files in a folder of managed policies.

Two facts rule this file. Chromium reads every file of the folder in the order of names, and of two files that set the same list
the later one replaces the earlier one: lists are not joined. So where a file of IT's sets a list of ours already, our texts go
into that very file, and else into a file of our own. And a file that we can't read may set such a list: then nothing is written
for that browser, and the report names the file.

The policies: `CACertificates` (DER in Base64; for TLS servers, name constraints are honoured), and for the origins that IT named,
so that their pages reach the agent without a question to the person: `LoopbackNetworkAllowedForUrls` (since 146) and
`LocalNetworkAccessAllowedForUrls` (since 139; the only one that 139 to 145 know).
"""

import base64
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AgentError, StorageFailed
from agent.localhost import policy_file
from agent.localhost.record import Addition, Record
from agent.localhost.report import State, StoreReport

STORE = "chromium-policy"
OWN_FILE = "qalamsap.json"

CERTIFICATES = ("CACertificates",)
LOOPBACK = ("LoopbackNetworkAllowedForUrls",)
LOCAL_NETWORK = ("LocalNetworkAccessAllowedForUrls",)


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    browser: str
    folder: str
    """Below the root of the file system."""


# Chromium's was tried here with Debian's package. The others stand in their makers' documents and were not tried.
PLACES = (
    Place("Chromium", "etc/chromium/policies/managed"),
    Place("Chromium (Ubuntu, snap)", "etc/chromium-browser/policies/managed"),
    Place("Google Chrome", "etc/opt/chrome/policies/managed"),
    Place("Microsoft Edge", "etc/opt/edge/policies/managed"),
    Place("Brave", "etc/brave/policies/managed"),
    Place("Yandex Browser", "etc/opt/yandex/browser/policies/managed"),
)


def wanted(authorities: Sequence[bytes], origins: Sequence[str]) -> tuple[Addition, ...]:
    """The texts that belong into the policies: authorities as DER, origins as URLs."""
    certificates = [Addition(CERTIFICATES, base64.b64encode(der).decode()) for der in authorities]
    grants = [Addition(keys, origin) for keys in (LOOPBACK, LOCAL_NETWORK) for origin in origins]
    return (*certificates, *grants)


def install(root: Path, texts: Sequence[Addition], record: Record) -> list[StoreReport]:
    """Makes exactly these texts ours for every browser; those that we put in before and are not wanted now go."""
    return [_installed(place, root / place.folder, texts, record) for place in PLACES]


def status(root: Path, texts: Sequence[Addition]) -> list[StoreReport]:
    """How every browser stands, read from its files as the browser itself joins them. Writes nothing."""
    return [_status(place, root / place.folder, texts) for place in PLACES]


def remove(root: Path, record: Record) -> list[StoreReport]:
    """Takes out what we put in, as the record says."""
    return install(root, (), record)


def _installed(place: Place, folder: Path, texts: Sequence[Addition], record: Record) -> StoreReport:
    try:
        changed = _synchronise(folder, texts, record)
    except AgentError as error:
        return _failed(place, folder, error)
    return dataclasses.replace(_status(place, folder, texts), changed=changed)


def _status(place: Place, folder: Path, texts: Sequence[Addition]) -> StoreReport:
    if not texts:
        return StoreReport(STORE, place.browser, str(folder), State.ABSENT)
    try:
        state, detail = _state(folder, texts)
    except AgentError as error:
        return _failed(place, folder, error)
    return StoreReport(STORE, place.browser, str(folder), state, detail=detail)


def _failed(place: Place, folder: Path, error: AgentError) -> StoreReport:
    return StoreReport(STORE, place.browser, str(folder), State.FAILED, detail=error.detail)


def _synchronise(folder: Path, texts: Sequence[Addition], record: Record) -> bool:
    # Every file is read before the first is written: one that can't be read stops the whole folder. Removal needs only
    # the files that hold something of ours.
    ours = _recorded(folder, record)
    paths = (*_files(folder), *ours) if texts else ours
    bases = {path: policy_file.base(path, record) for path in paths}
    homes = {text: _home(folder, text, bases) for text in texts}
    touched = sorted({*homes.values(), *ours})
    outcomes = [
        policy_file.synchronise(path, [text for text in texts if homes[text] == path], record)
        for path in touched
    ]
    return any(outcomes)


def _home(folder: Path, text: Addition, bases: dict[Path, dict[str, object] | None]) -> Path:
    """The file that counts for this list: the last by name that sets it without us, else our own."""
    setting = [path for path, document in bases.items() if document and _sets(document, text)]
    return max(setting, default=folder / OWN_FILE)


def _sets(document: dict[str, object], text: Addition) -> bool:
    return policy_file.values_at(document, text.keys) is not None


def _state(folder: Path, texts: Sequence[Addition]) -> tuple[State, str]:
    """What the browser will see: of each list, the one in the last file that sets it."""
    effective: dict[tuple[str, ...], list[object]] = {}
    for path in _files(folder):
        document = policy_file.parse(_read(path), path)
        for keys in {text.keys for text in texts}:
            values = policy_file.values_at(document, keys)
            if values is not None:
                effective[keys] = values
    missing = [text for text in texts if text.value not in effective.get(text.keys, [])]
    if not missing:
        return State.TRUSTED, ""
    if len(missing) == len(texts):
        return State.ABSENT, ""
    return State.PARTLY, "lacks " + ", ".join(sorted({text.keys[-1] for text in missing}))


def _recorded(folder: Path, record: Record) -> tuple[Path, ...]:
    paths = (Path(change.path) for change in record.contents.policies)
    return tuple(path for path in paths if path.parent == folder)


def _files(folder: Path) -> tuple[Path, ...]:
    """Every file counts, whatever its ending: so Chromium reads the folder."""
    if not folder.is_dir():
        return ()
    try:
        return tuple(sorted(path for path in folder.iterdir() if path.is_file()))
    except OSError as error:
        raise StorageFailed(f"'{folder}': {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageFailed(f"'{path}': {error}") from error
