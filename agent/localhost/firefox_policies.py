"""Machine-wide trust in Firefox: one policies.json, shared with IT.

Firefox reads /etc/firefox/policies/policies.json, and only where there is none, the file in the `distribution` folder of its own
installation; the two are never joined (seen with ESR 153: even an empty object in /etc hides the other). So a file in /etc is
made only where no distribution file exists: else ours would switch IT's policies off.

The policies: `Certificates.Install` (paths of certificates; name constraints are honoured) and, for the origins that IT named,
`LocalNetworkAccess.SkipDomains`. Our authority's certificate lies beside policies.json, for that folder is root's and the
confined Firefox of snap sees it too.
"""

import dataclasses
import os
import ssl
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AgentError, StorageFailed
from agent.localhost import files, own_file, policy_file
from agent.localhost.record import Addition, Record
from agent.localhost.report import State, StoreReport

STORE = "firefox-policy"
BROWSER = "Firefox"
FILE = "policies.json"
SYSTEM_FOLDER = "etc/firefox/policies"
# Where Firefox's own folder lies: Debian and Ubuntu, Fedora and its relatives, an archive unpacked by hand.
DISTRIBUTIONS = (
    "usr/lib/firefox-esr/distribution",
    "usr/share/firefox-esr/distribution",
    "usr/lib/firefox/distribution",
    "usr/share/firefox/distribution",
    "usr/lib64/firefox/distribution",
    "opt/firefox/distribution",
)

INSTALL = ("policies", "Certificates", "Install")
SKIP_DOMAINS = ("policies", "LocalNetworkAccess", "SkipDomains")


@dataclasses.dataclass(frozen=True, slots=True)
class Texts:
    """What belongs into the policies, and the certificate files that they name."""

    additions: tuple[Addition, ...] = ()
    certificates: tuple[tuple[str, bytes], ...] = ()
    """Name of the file beside policies.json, and its PEM."""


def wanted(authorities: Sequence[tuple[str, bytes]], origins: Sequence[str]) -> Texts:
    """`authorities`: id and DER of each. Of an origin, Firefox's policy takes the host alone."""
    names = [f"qalamsap-{identity_id}.pem" for identity_id, _ in authorities]
    # As the browser will see it: absolute, without the root that a test may have put before it.
    paths = [Addition(INSTALL, f"/{SYSTEM_FOLDER}/{name}") for name in names]
    hosts = dict.fromkeys(urllib.parse.urlsplit(origin).hostname or "" for origin in origins)
    certificates = zip(names, (ssl.DER_cert_to_PEM_cert(der).encode() for _, der in authorities), strict=True)
    return Texts((*paths, *(Addition(SKIP_DOMAINS, host) for host in hosts)), tuple(certificates))


def install(root: Path, texts: Texts, record: Record) -> list[StoreReport]:
    """Makes exactly these texts ours; those that we put in before and are not wanted now go."""
    try:
        targets = _targets(root, record)  # first: a file that can't be read stops all
        fresh = [own_file.put(_certificate(root, name), pem, record) for name, pem in texts.certificates]
    except AgentError as error:
        return [_failed(root / SYSTEM_FOLDER / FILE, error)]
    reports = [_synchronise(path, texts, record) for path in targets]
    # A file that is no target any more: IT has since put one elsewhere that ours would hide.
    reports += [
        _synchronise(path, Texts(), record) for path in _recorded(root, record) if path not in targets
    ]
    if any(report.state is State.FAILED for report in reports):
        return reports  # an old certificate may still be named in the file that failed: it stays
    try:
        stale = [
            path for path in _own_certificates(root, record) if path.name not in dict(texts.certificates)
        ]
        fresh += [own_file.take_back(path, record) for path in stale]
    except AgentError as error:
        reports.append(_failed(root / SYSTEM_FOLDER, error))
    if any(fresh):
        reports = [dataclasses.replace(report, changed=True) for report in reports]
    return reports


def status(root: Path, texts: Texts) -> list[StoreReport]:
    """How Firefox stands, read from the file that it reads itself. Writes nothing."""
    system = root / SYSTEM_FOLDER / FILE
    distributions = [folder / FILE for folder in _distributions(root) if (folder / FILE).exists()]
    paths = [system] if system.exists() or not distributions else distributions
    return [_status(root, path, texts) for path in paths]


def remove(root: Path, record: Record) -> list[StoreReport]:
    """Takes out what we put in, as the record says."""
    paths = _recorded(root, record) or (root / SYSTEM_FOLDER / FILE,)
    reports = [_synchronise(path, Texts(), record) for path in paths]
    if any(report.state is State.FAILED for report in reports):
        return reports
    try:
        for path in _own_certificates(root, record):
            own_file.take_back(path, record)
    except AgentError as error:
        reports.append(_failed(root / SYSTEM_FOLDER, error))
    return reports


def _targets(root: Path, record: Record) -> list[Path]:
    """The files that must hold our texts so that every Firefox on this machine sees them and IT's own."""
    system = root / SYSTEM_FOLDER / FILE
    if policy_file.base(system, record) is not None:
        return [system]
    folders = _distributions(root)
    if all(policy_file.base(folder / FILE, record) is None for folder in folders):
        return [system]
    return [folder / FILE for folder in folders]


def _distributions(root: Path) -> list[Path]:
    """The folders that exist, each once: one may be a link to another."""
    found = dict.fromkeys(
        Path(os.path.realpath(root / place)) for place in DISTRIBUTIONS if (root / place).is_dir()
    )
    return list(found)


def _synchronise(path: Path, texts: Texts, record: Record) -> StoreReport:
    try:
        changed = policy_file.synchronise(path, texts.additions, record)
    except AgentError as error:
        return _failed(path, error)
    return StoreReport(STORE, BROWSER, str(path), State.TRUSTED if texts.additions else State.ABSENT, changed)


def _status(root: Path, path: Path, texts: Texts) -> StoreReport:
    try:
        octets = files.read_if_there(path)
        document = {} if octets is None else policy_file.parse(octets, path)
        missing = [
            addition
            for addition in texts.additions
            if addition.value not in (policy_file.values_at(document, addition.keys) or [])
        ]
        lost = [
            name for name, pem in texts.certificates if files.read_if_there(_certificate(root, name)) != pem
        ]
    except AgentError as error:
        return _failed(path, error)
    except OSError as error:
        return _failed(path, StorageFailed(f"'{path}': {error}"))
    report = StoreReport(STORE, BROWSER, str(path), State.ABSENT)
    if not texts.additions or len(missing) == len(texts.additions):
        return report
    if missing or lost:
        words = sorted({addition.keys[-1] for addition in missing} | set(lost))
        return dataclasses.replace(report, state=State.PARTLY, detail="lacks " + ", ".join(words))
    return dataclasses.replace(report, state=State.TRUSTED)


def _recorded(root: Path, record: Record) -> tuple[Path, ...]:
    places = {root / SYSTEM_FOLDER, *_distributions(root)}
    paths = (Path(change.path) for change in record.contents.policies)
    return tuple(path for path in paths if path.parent in places)


def _own_certificates(root: Path, record: Record) -> list[Path]:
    folder = root / SYSTEM_FOLDER
    return [Path(own.path) for own in record.contents.own_files if Path(own.path).parent == folder]


def _certificate(root: Path, name: str) -> Path:
    return root / SYSTEM_FOLDER / name


def _failed(path: Path, error: AgentError) -> StoreReport:
    return StoreReport(STORE, BROWSER, str(path), State.FAILED, detail=error.detail)
