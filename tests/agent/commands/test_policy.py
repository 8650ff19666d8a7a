"""`qalamsap policy`."""

import json
import os
import plistlib
from pathlib import Path

import pytest

from agent.config import SETTINGS
from agent.policy import reader
from agent.policy.files import OwnedFiles
from tests.support import policies
from tests.support.command_line import CommandLine


@pytest.fixture
def policy(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    return policies.placed(run.folder, monkeypatch)


def test_every_setting_is_shown_with_who_set_it(run: CommandLine, policy: Path) -> None:
    policies.write(
        policy,
        'allowed_origins = ["https://x.kz"]\nport = 1234\n[sites."https://x.kz"]\nbasics_cms = "base64"\n',
    )
    run.state_dir.mkdir(parents=True, exist_ok=True)
    (run.state_dir / "config.toml").write_text('port = 5\nkey_folders = ["/keys"]\n')
    assert run("policy", "show", "--json", "--state-dir", run.state_dir) == 0
    found = json.loads(run.out)
    rows = {row["name"]: row for row in found["settings"]}
    assert list(rows) == list(SETTINGS)
    assert found["trouble"] is None
    assert rows["port"] == {
        "name": "port", "value": 1234, "source": "policy", "place": str(policy), "locked": True, "policy_only": False,
    }  # fmt: skip
    assert rows["allowed_origins"]["value"] == ["https://x.kz"]
    assert rows["allowed_origins"]["policy_only"]
    assert rows["sites"]["value"] == {"https://x.kz": {"basics_cms": "base64"}}
    assert rows["key_folders"] == {
        "name": "key_folders", "value": ["/keys"], "source": "file", "place": str(run.state_dir / "config.toml"),
        "locked": False, "policy_only": False,
    }  # fmt: skip
    assert (rows["offline"]["source"], rows["offline"]["place"]) == ("default", "")


def test_people_get_a_table_with_a_mark_for_what_is_locked(run: CommandLine, policy: Path) -> None:
    policies.write(policy, "port = 1234\n")
    assert run("policy", "show", "--state-dir", run.state_dir) == 0
    lines = run.out.splitlines()
    assert f"* port{' ' * 16} 1234  ({policy})".replace(" ", "") in [line.replace(" ", "") for line in lines]
    assert any(line.startswith("  offline") and line.endswith("(default)") for line in lines)
    assert lines[-1] == "* set by policy, and locked"
    assert run("policy", "show", "--only-policy", "--state-dir", run.state_dir) == 0
    shown = {line.removeprefix("* ").split()[0] for line in run.out.splitlines()[:-1]}
    assert shown == {"port", *(name for name, each in SETTINGS.items() if each.is_policy_only)}


def test_a_password_of_a_proxy_is_not_shown(run: CommandLine, policy: Path) -> None:
    policies.write(policy, 'proxy = "http://me:secret@proxy.kz:3128"\n')
    for form in ((), ("--json",)):
        assert run("policy", "show", *form, "--state-dir", run.state_dir) == 0
        assert "proxy.kz:3128" in run.out
        assert "secret" not in run.out


def test_a_broken_policy_is_told_in_full_with_its_file(run: CommandLine, policy: Path) -> None:
    policies.write(policy, "prot = 1\nport = -1\n")
    assert run("policy", "show", "--state-dir", run.state_dir) == 7
    assert f"{policy}: unknown setting 'prot'" in run.err
    assert f"{policy}: port is -1" in run.err
    assert "nothing is signed until that is mended" in run.err
    assert run("policy", "show", "--json", "--state-dir", run.state_dir) == 7
    assert json.loads(run.out)["trouble"]["place"] == str(policy)


def test_broken_defaults_of_a_package_are_told_as_well(run: CommandLine, policy: Path) -> None:
    defaults = policy.with_name("defaults.toml")
    policies.write(defaults, "prot = 1\n")
    assert run("policy", "show", "--state-dir", run.state_dir) == 7
    assert f"{defaults}: unknown setting 'prot'" in run.err


def test_a_policy_is_checked_before_it_is_rolled_out(run: CommandLine) -> None:
    good = run.file("good.toml", b'allowed_origins = ["https://x.kz"]\nlock_origins = true\n')
    assert run("policy", "check", good) == 0
    assert run.out == f"{good} can be used; it sets allowed_origins, lock_origins\n"
    bad = run.file("bad.toml", b'formats = ["word"]\nprot = 1\n')
    assert run("policy", "check", bad) == 5
    assert [line.partition(":")[0] for line in run.out.splitlines()] == ["problem", "problem"]
    assert run("policy", "check", "--json", bad) == 5
    table = json.loads(run.out)
    assert (table["usable"], len(table["problems"])) == (False, 2)
    assert run("policy", "check", run.folder / "nothing.toml") == 5
    assert run("policy", "check", run.file("broken.toml", b"port =")) == 5
    assert "is not TOML" in run.out


def test_a_file_that_counts_here_is_checked_with_the_others_and_by_its_owner_and_mode(
    run: CommandLine, policy: Path
) -> None:
    rule = policy.parent / "policy.d" / "50-keys.toml"
    policies.write(rule, "only_key_folders = true\n")
    assert run("policy", "check", rule) == 5
    assert "no policy sets key_folders" in run.out
    policies.write(policy, f'key_folders = ["{run.folder}"]\n')
    assert run("policy", "check", rule) == 0
    assert f"{rule} can be used; it sets only_key_folders\n" in run.out
    # Another way to the same file is no way around.
    assert run("policy", "check", rule.parent / ".." / "policy.d" / rule.name) == 0
    rule.chmod(0o664)
    assert run("policy", "check", rule) == 5
    assert f"problem: {rule} may be written by others" in run.out
    rule.chmod(0o600)
    assert run("policy", "check", "--json", rule) == 0
    assert any("can't be read by everybody (mode 0600)" in each for each in json.loads(run.out)["remarks"])
    rule.chmod(0o644)
    policies.write(policy, "prot = 1\n")
    assert run("policy", "check", rule) == 5
    assert f"problem: {policy}: unknown setting 'prot'" in run.out


def test_the_owner_counts_where_the_file_does(
    run: CommandLine, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.write(policy, "port = 1\n")
    place = OwnedFiles(policy, policy.parent / "policy.d", owner=os.getuid() + 1, top=run.folder)
    monkeypatch.setattr(reader, "places_of_policies", lambda: (place,))
    assert run("policy", "check", policy) == 5
    assert f"problem: {policy} belongs to the account {os.getuid()}" in run.out
    copy = run.file("copy.toml", policy.read_bytes())
    assert run("policy", "check", copy) == 0


def test_a_file_that_lies_elsewhere_may_need_what_is_in_force_or_named_beside_it(
    run: CommandLine, policy: Path
) -> None:
    rule = run.file("rule.toml", b"only_key_folders = true\n")
    folders = run.file("folders.toml", f'key_folders = ["{run.folder}"]\n'.encode())
    assert run("policy", "check", rule) == 5
    assert run("policy", "check", rule, folders) == 0
    assert "it sets key_folders, only_key_folders" in run.out
    policies.write(policy, f'key_folders = ["{run.folder}"]\n')
    assert run("policy", "check", rule) == 0
    assert f"remark: only_key_folders goes by the key_folders in {policy}" in run.out
    policies.write(policy, "prot = 1\n")  # what is wrong elsewhere is not this file's
    assert run("policy", "check", folders) == 0
    folders.chmod(0o666)
    assert run("policy", "check", folders) == 0
    assert f"remark: {folders} may be written by others (mode 0666)" in run.out


def test_a_file_with_a_name_that_is_not_read_is_told_of(run: CommandLine, policy: Path) -> None:
    aside = policy.parent / "policy.d" / "50-sites.conf"
    policies.write(aside, "port = 1\n")
    assert run("policy", "check", aside) == 0
    assert f"remark: {aside} is not read where it lies" in run.out


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes of files")
def test_a_property_list_of_macos_is_checked_too(run: CommandLine) -> None:
    good = run.file("kz.qalamsap.plist", plistlib.dumps({"max_documents": 5}))
    good.chmod(0o644)
    assert run("policy", "check", good) == 0
    bad = run.file("bad.plist", b"<plist")
    bad.chmod(0o644)
    assert run("policy", "check", bad) == 5


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("lock_origins = true", "nobody may ask for a signature"),
        ('allowed_origins = ["https://x.kz"]', "other sites may ask, too"),
        (
            'lock_origins = true\nallowed_origins = ["https://a.x.kz"]\nblocked_origins = ["https://*.x.kz"]',
            "https://a.x.kz is allowed and blocked: the block is stronger",
        ),
        ('lock_origins = true\nallowed_origins = ["http://x.kz"]', "http://x.kz comes without encryption"),
        (
            'lock_origins = true\nallowed_origins = ["file"]',
            "any page on the web can pass for one from the disk",
        ),
        ("require_preview = true\nhttps_api = true", "require_preview refuses all of https_api"),
        (
            'only_key_folders = true\nkey_folders = ["/nowhere/keys"]',
            "/nowhere/keys is no folder on this computer",
        ),
        ('journal_path = "/srv/{user}/journal.jsonl"', "the journal of"),
    ],
)
def test_what_is_likely_not_meant_is_remarked(run: CommandLine, text: str, remark: str) -> None:
    assert run("policy", "check", run.file("policy.toml", text.encode())) == 0
    (line,) = (line for line in run.out.splitlines() if line.startswith("remark: "))
    assert remark in line
