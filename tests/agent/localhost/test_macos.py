"""Trust on macOS with `security` played: what is asked of it, what its answers mean, what its refusals become."""

import plistlib
import ssl
from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.localhost import authority, identity, macos
from agent.localhost.errors import StoreFailed
from agent.localhost.macos import Keychains, Output
from agent.localhost.report import State
from agent.localhost.system_store import Anchor
from tests.support.fake_security import DONE, FakeSecurity, sha1
from tests.support.trusting import NOW


@pytest.fixture
def security() -> FakeSecurity:
    return FakeSecurity()


@pytest.fixture
def keychains(security: FakeSecurity, tmp_path: Path) -> Keychains:
    return Keychains(tmp_path / "home", security)


@pytest.fixture
def anchor(issued: identity.Identity) -> Anchor:
    return Anchor(issued.authority_name, issued.authority_sha256, issued.authority_path)


@pytest.mark.parametrize("machine_wide", [True, False])
def test_an_authority_is_trusted_for_tls_servers_until_it_is_deleted(
    keychains: Keychains, security: FakeSecurity, anchor: Anchor, machine_wide: bool
) -> None:
    assert keychains.state(anchor, machine_wide=machine_wide) is State.ABSENT
    keychains.add(anchor, machine_wide=machine_wide)
    assert keychains.state(anchor, machine_wide=machine_wide) is State.TRUSTED
    assert keychains.state(anchor, machine_wide=not machine_wide) is State.ABSENT

    assert keychains.delete(anchor.name, anchor.sha256, machine_wide=machine_wide)
    assert keychains.state(anchor, machine_wide=machine_wide) is State.ABSENT
    assert security.settings == {True: {}, False: {}}
    assert not any(security.keychains.values())
    assert not keychains.delete(anchor.name, anchor.sha256, machine_wide=machine_wide)


def test_the_command_names_the_policy_and_the_right_keychain(
    keychains: Keychains, security: FakeSecurity, anchor: Anchor, tmp_path: Path
) -> None:
    keychains.add(anchor, machine_wide=True)
    keychains.add(anchor, machine_wide=False)
    added = [call for call in security.calls if call[0] == "add-trusted-cert"]
    path = str(anchor.path)
    login = f"{tmp_path}/home/Library/Keychains/login.keychain-db"
    system = "/Library/Keychains/System.keychain"
    assert added == [
        ("add-trusted-cert", "-d", "-r", "trustRoot", "-p", "ssl", "-k", system, path),
        ("add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", login, path),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        [],  # for everything
        [{"kSecTrustSettingsResult": 1}],  # likewise
        [{"kSecTrustSettingsPolicyName": "basicX509"}],
        [{"kSecTrustSettingsPolicyName": "sslServer", "kSecTrustSettingsResult": 3}],  # denied
        [{"kSecTrustSettingsPolicyName": "sslServer"}, {"kSecTrustSettingsPolicyName": "smime"}],
        "nonsense",
    ],
)
def test_trust_for_more_or_less_than_tls_servers_is_not_taken_for_ours(
    keychains: Keychains, security: FakeSecurity, anchor: Anchor, settings: object
) -> None:
    keychains.add(anchor, machine_wide=True)
    security.settings[True] = {key: {"trustSettings": settings} for key in security.settings[True]}
    assert keychains.state(anchor, machine_wide=True) is State.PARTLY


def test_trust_without_the_certificate_and_the_other_way_round_is_half(
    keychains: Keychains, security: FakeSecurity, anchor: Anchor
) -> None:
    keychains.add(anchor, machine_wide=False)
    held = security.keychains.copy()
    security.keychains.clear()
    assert keychains.state(anchor, machine_wide=False) is State.PARTLY
    security.keychains.update(held)
    security.settings[False].clear()
    assert keychains.state(anchor, machine_wide=False) is State.PARTLY
    # What is left goes all the same.
    assert keychains.delete(anchor.name, anchor.sha256, machine_wide=False)
    assert not any(security.keychains.values())


def test_another_certificate_of_the_same_name_is_left_alone(
    keychains: Keychains,
    security: FakeSecurity,
    anchor: Anchor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(authority.secrets, "token_hex", lambda _: anchor.name.rpartition(" ")[2])
    other = authority.issue(tmp_path / "other", NOW)
    keychains.add(anchor, machine_wide=True)
    keychains.add(Anchor(anchor.name, other.authority_sha256, other.authority_path), machine_wide=True)
    assert keychains.delete(anchor.name, anchor.sha256, machine_wide=True)
    theirs = ssl.PEM_cert_to_DER_cert(other.authority_path.read_text())
    assert list(security.keychains.values()) == [[theirs]]
    assert list(security.settings[True]) == [sha1(theirs)]


def test_a_refusal_of_the_person_says_what_macos_says(
    keychains: Keychains, security: FakeSecurity, anchor: Anchor
) -> None:
    security.says_no = True
    with pytest.raises(StoreFailed, match=r"add-trusted-cert: .* canceled by the user"):
        keychains.add(anchor, machine_wide=False)
    security.says_no = False
    keychains.add(anchor, machine_wide=False)
    security.says_no = True
    with pytest.raises(StoreFailed, match="remove-trusted-cert"):
        keychains.delete(anchor.name, anchor.sha256, machine_wide=False)


def test_success_without_an_effect_is_an_error(
    keychains: Keychains, security: FakeSecurity, anchor: Anchor
) -> None:
    security.deaf_to = "add-trusted-cert"
    with pytest.raises(StoreFailed, match="reported no error"):
        keychains.add(anchor, machine_wide=True)
    security.deaf_to = ""
    keychains.add(anchor, machine_wide=True)
    security.deaf_to = "delete-certificate"
    with pytest.raises(StoreFailed, match="still in the keychain"):
        keychains.delete(anchor.name, anchor.sha256, machine_wide=True)


def test_answers_that_make_no_sense_are_errors(anchor: Anchor, tmp_path: Path) -> None:
    def odd(words: object) -> Output:
        path = Path(words[-1])  # type: ignore[index]
        path.write_bytes(plistlib.dumps({"trustList": []}))
        return DONE

    def broken(words: object) -> Output:
        Path(words[-1]).write_bytes(b"{")  # type: ignore[index]
        return DONE

    def locked(words: object) -> Output:
        return Output(36, b"", b"security: SecKeychainCopySettings: User interaction is not allowed.")

    for run, word in ((odd, "form that is known"), (broken, "form that is known"), (locked, "not allowed")):
        with pytest.raises(StoreFailed, match=word):
            Keychains(tmp_path, run).state(anchor, machine_wide=True)
    with pytest.raises(StoreFailed, match=r"keychain can't be read: .*not allowed"):
        Keychains(tmp_path, locked).delete(anchor.name, anchor.sha256, machine_wide=True)


def test_a_file_that_is_no_certificate_is_an_error(keychains: Keychains, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    for name in ("no.pem", "missing.pem"):
        with pytest.raises(StorageFailed, match="is no certificate"):
            keychains.state(Anchor("x", "y", tmp_path / name), machine_wide=True)


@pytest.mark.skipif(Path(macos.SECURITY).exists(), reason="here `security` is there")
def test_where_there_is_no_security_the_error_says_so(anchor: Anchor, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="security can't be started"):
        Keychains(tmp_path).state(anchor, machine_wide=True)


def test_the_real_tool_is_started_with_words_and_never_waits_on_standard_input(
    anchor: Anchor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "security"
    program.write_text(
        '#!/bin/sh\ncat >"$0.stdin"\nprintf "%s\\n" "$@" >"$0.words"\necho "no such thing" >&2\nexit 3\n'
    )
    program.chmod(0o700)
    monkeypatch.setattr(macos, "SECURITY", str(program))
    with pytest.raises(StoreFailed, match="trust settings can't be read: no such thing"):
        Keychains(tmp_path).state(anchor, machine_wide=True)
    assert (tmp_path / "security.words").read_text().splitlines()[:2] == ["trust-settings-export", "-d"]
    assert (tmp_path / "security.stdin").read_text() == ""
