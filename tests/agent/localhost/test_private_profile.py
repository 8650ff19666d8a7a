"""Profiles for the demo, away from the person's own."""

from pathlib import Path

import pytest

from agent.errors import BadInput
from agent.localhost import authority, certutil, identity, private_profile
from tests.support import browsers
from tests.support.trusting import NOW


def test_both_browsers_profiles_trust_the_authority_and_it_can_be_called_again(
    tmp_path: Path, issued: identity.Identity
) -> None:
    browsers.needs("certutil")
    first = private_profile.prepare_profile(tmp_path / "demo", issued.authority_path)
    assert private_profile.prepare_profile(tmp_path / "demo", issued.authority_path) == first
    for folder in (first.home / ".pki/nssdb", first.firefox_profile):
        assert certutil.trusts(folder, private_profile.NICKNAME, issued.authority_sha256)
    assert (
        'user_pref("browser.aboutwelcome.enabled", false);' in (first.firefox_profile / "user.js").read_text()
    )
    assert first.chromium_profile.stat().st_mode & 0o777 == 0o700


def test_a_new_authority_takes_the_place_of_the_old_one(tmp_path: Path, issued: identity.Identity) -> None:
    browsers.needs("certutil")
    private_profile.prepare_profile(tmp_path / "demo", issued.authority_path)
    later = authority.issue(tmp_path / "tls", NOW)
    profile = private_profile.prepare_profile(tmp_path / "demo", later.authority_path)
    assert certutil.entries(profile.firefox_profile) == (certutil.Entry(private_profile.NICKNAME, "C,,"),)
    assert certutil.fingerprint(profile.firefox_profile, private_profile.NICKNAME) == later.authority_sha256


@pytest.mark.parametrize("octets", [b"", b"no certificate", b"\xff"])
def test_a_file_that_is_no_certificate_is_refused_before_anything_is_made(
    tmp_path: Path, octets: bytes
) -> None:
    (tmp_path / "ca.pem").write_bytes(octets)
    with pytest.raises(BadInput):
        private_profile.prepare_profile(tmp_path / "demo", tmp_path / "ca.pem")
    assert not (tmp_path / "demo").exists()
