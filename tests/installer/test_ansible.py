"""The sample role, played on a throw-away copy of this machine by Ansible itself."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import SETTINGS
from tests.support import debian_package
from tests.support.copied_machine import PERSON, REPOSITORY, Machine, copied_machine

FOLDER = REPOSITORY / "installer" / "ansible"
POLICY = "/etc/qalamsap/policy.d/50-ansible.toml"
ORIGIN = "https://portal.example.kz"


def test_every_setting_that_the_sample_names_exists() -> None:
    text = (FOLDER / "site.yml").read_text(encoding="utf-8")
    names = re.findall(r"^ {10}(\w+):", text[text.index("qalamsap_policy:") :], re.MULTILINE)
    assert len(names) >= 3
    assert set(names) <= SETTINGS.keys()


def test_every_variable_that_tasks_use_has_a_default_or_is_registered() -> None:
    role = FOLDER / "roles" / "qalamsap"
    texts = [
        path.read_text(encoding="utf-8") for path in sorted(role.rglob("*")) if path.suffix in {".yml", ".j2"}
    ]
    used = set(re.findall(r"\bqalamsap_\w+", "\n".join(texts)))
    defaults = set(
        re.findall(
            r"^(qalamsap_\w+):", (role / "defaults/main.yml").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    registered = set(re.findall(r"(?:register: |^ +)(qalamsap_\w+)(?::| *$)", "\n".join(texts), re.MULTILINE))
    assert used == defaults | registered
    for name in defaults:
        assert any(name in text for text in texts if f"\n{name}:" not in text), f"nothing uses {name}"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if shutil.which("ansible-playbook") is None:
        pytest.skip("needs tool: ansible-playbook")
    with copied_machine(tmp_path_factory.mktemp("copy") / "machine") as made:
        made.add_command()
        yield made


def play(machine: Machine, **variables: object) -> tuple[subprocess.CompletedProcess[str], dict[str, int]]:
    """Plays site.yml on the copy, and says how many tasks changed something or failed."""
    words = ["--inventory", "localhost,", "--connection", "local", "--extra-vars", json.dumps(variables)]
    settings = {
        "ANSIBLE_ROLES_PATH": str(FOLDER / "roles"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
    }  # fmt: skip
    done = machine.run(
        "ansible-playbook", *words, str(FOLDER / "site.yml"), environment=settings, timeout_s=300
    )
    counts = dict(re.findall(r"(changed|failed)=(\d+)", done.stdout))
    return done, {name: int(number) for name, number in counts.items()}


def policy_of(machine: Machine) -> dict[str, object]:
    shown = machine.run("qalamsap", "policy", "show", "--json", person=PERSON)
    assert shown.returncode == 0, shown.stderr
    rows = json.loads(shown.stdout)["settings"]
    return {row["name"]: row["value"] for row in rows if row["source"] == "policy"}


@pytest.mark.root
@pytest.mark.slow
class TestPlayed:
    """In this order."""

    def test_it_writes_the_policy_and_lets_browsers_trust_the_agent(self, machine: Machine) -> None:
        done, counts = play(machine)
        assert (done.returncode, counts["failed"]) == (0, 0), done.stdout + done.stderr
        assert policy_of(machine) == {"allowed_origins": [ORIGIN], "lock_origins": True, "language": "kk"}
        trusted = json.loads(machine.run("qalamsap", "trust", "status", "--machine", "--json").stdout)
        assert (trusted["as_wanted"], trusted["origins"]) == (True, [ORIGIN])

    def test_the_second_time_nothing_changes(self, machine: Machine) -> None:
        done, counts = play(machine)
        assert counts == {"changed": 0, "failed": 0}, done.stdout

    def test_a_policy_that_could_not_be_used_is_not_written(self, machine: Machine) -> None:
        before = machine.path(POLICY).read_bytes()
        done, counts = play(machine, qalamsap_policy={"lock_origin": True})
        assert counts["failed"] == 1, done.stdout
        assert "lock_origins" in done.stdout  # the nearest known one
        assert machine.path(POLICY).read_bytes() == before

    def test_values_of_every_kind_are_written(self, machine: Machine) -> None:
        policy = {
            "port": 13580, "proxy": "none", "formats": ["cms", "pdf"], "require_preview": True,
            "sites": {"https://x.kz": {"basics_cms": "base64"}},
        }  # fmt: skip
        done, counts = play(machine, qalamsap_policy=policy, qalamsap_origins=[])
        assert counts["failed"] == 0, done.stdout
        assert policy_of(machine) == policy
        trusted = json.loads(machine.run("qalamsap", "trust", "status", "--machine", "--json").stdout)
        assert trusted["origins"] == []

    def test_a_name_that_leads_elsewhere_is_refused(self, machine: Machine) -> None:
        done, counts = play(machine, qalamsap_policy_name="../../passwd.toml")
        assert counts["failed"] == 1, done.stdout

    def test_taken_back_it_leaves_nothing(self, machine: Machine) -> None:
        done, counts = play(machine, qalamsap_state="absent")
        assert counts["failed"] == 0, done.stdout
        assert not machine.path(POLICY).exists()
        assert policy_of(machine) == {}
        assert not machine.path("/etc/chromium/policies/managed/qalamsap.json").exists()
        _, counts = play(machine, qalamsap_state="absent")
        assert counts == {"changed": 0, "failed": 0}


def named_like_us(machine: Machine) -> str:
    """What lies where packages lie, and has our name; the package manager's own books aside."""
    places = ("/etc", "/usr", "/var/lib", "/var/cache", "/opt")
    return machine.run("find", *places, "-iname", "*qalamsap*", "-not", "-path", "/var/lib/dpkg/*").stdout


@pytest.mark.root
@pytest.mark.slow
def test_it_installs_the_package_and_removes_it_without_a_trace(tmp_path: Path) -> None:
    if shutil.which("ansible-playbook") is None:
        pytest.skip("needs tool: ansible-playbook")
    with copied_machine(tmp_path / "machine") as machine:
        before = named_like_us(machine)
        package = str(debian_package.bring(machine))
        done, counts = play(machine, qalamsap_package=package, qalamsap_trust=False)
        assert counts["failed"] == 0, done.stdout + done.stderr
        assert not machine.path("/var/lib/qalamsap/trust.json").exists()
        done, counts = play(machine, qalamsap_package=package)
        assert counts["failed"] == 0, done.stdout + done.stderr
        assert policy_of(machine)["lock_origins"] is True
        assert list(
            machine.path("/var/lib/qalamsap/tls").glob("*/shared")
        )  # every person's agent can show it
        _, counts = play(machine, qalamsap_package=package)
        assert counts == {"changed": 0, "failed": 0}
        done, counts = play(machine, qalamsap_package=package, qalamsap_state="absent", qalamsap_purge=True)
        assert counts["failed"] == 0, done.stdout + done.stderr
        assert machine.run("dpkg-query", "--show", "qalamsap").returncode != 0
        assert named_like_us(machine) == before
