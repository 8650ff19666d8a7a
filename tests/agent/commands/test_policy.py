"""`qalamsap policy`."""

import json
import os
import plistlib
from pathlib import Path

import pytest

from agent.config import SETTINGS
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
