"""Browser profiles of their own that trust the agent, for the demo: the person's browsers and system stay as they are."""

import dataclasses
import hashlib
import json
import ssl
from pathlib import Path

from agent.errors import BadInput, StorageFailed
from agent.localhost import certutil, files

NICKNAME = "Qalamsap local authority of this demo"
# No questions and no first-run pages between the person and the demo; nothing is sent anywhere.
_FIREFOX_PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
}


@dataclasses.dataclass(frozen=True, slots=True)
class PrivateProfile:
    home: Path
    """For Chromium: start it with HOME set to this, and with `chromium_profile` as its --user-data-dir."""
    chromium_profile: Path
    firefox_profile: Path
    """For Firefox: start it with --no-remote --profile and this."""


def prepare_profile(home: Path, authority_path: Path) -> PrivateProfile:
    """Makes (or completes) profiles below `home` that trust this authority for TLS servers. Can be called again.

    Raises: MissingTool, StoreFailed, StorageFailed, BadInput where the authority is no certificate.
    """
    try:
        der = ssl.PEM_cert_to_DER_cert(authority_path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise BadInput("the authority's file is no certificate in PEM") from error
    certutil.require()
    profile = PrivateProfile(home, home / "chromium", home / "firefox")
    # The old place: every version of Chromium reads it where it exists, those before 146 read no other.
    for database in (home / ".pki/nssdb", profile.firefox_profile):
        _trust(database, hashlib.sha256(der).hexdigest(), authority_path)
    lines = [
        f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in _FIREFOX_PREFERENCES.items()
    ]
    try:
        files.make_folders(profile.chromium_profile, 0o700)
        files.write_atomically(profile.firefox_profile / "user.js", "".join(lines).encode(), files.PRIVATE)
    except OSError as error:
        raise StorageFailed(f"can't make a browser profile: {error}") from error
    return profile


def _trust(database: Path, sha256: str, authority_path: Path) -> None:
    if not certutil.is_database(database):
        try:
            files.make_folders(database, 0o700)
        except OSError as error:
            raise StorageFailed(f"can't make a browser profile: {error}") from error
        certutil.create(database)
    if certutil.trusts(database, NICKNAME, sha256):
        return
    if certutil.fingerprint(database, NICKNAME) is not None:
        certutil.delete(database, NICKNAME)  # of an earlier demo
    certutil.add(database, NICKNAME, sha256, authority_path)
