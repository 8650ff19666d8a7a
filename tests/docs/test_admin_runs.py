"""What follows the pages of docs/admin: that it does what they say, and stops at the first thing that is not so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import admin_runs
from tests.support.admin_pages import Page
from tests.support.copied_machine import PERSON, Machine, copied_machine

pytestmark = pytest.mark.root
FENCE = "```"


def page(*blocks: str) -> Page:
    return Page("page.md", "".join(f"{FENCE}{block}\n{FENCE}\n" for block in blocks))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with copied_machine(tmp_path_factory.mktemp("copy") / "machine") as made:
        made.add_command()
        yield made


def follow(machine: Machine, *blocks: str, has_package: bool = False) -> None:
    with admin_runs.reading(machine, has_package=has_package) as reader:
        reader.follow(page(*blocks))


def test_a_page_is_followed_by_the_person_and_by_root(machine: Machine) -> None:
    follow(
        machine,
        "sh\nid -un\npwd",
        f"text output\n{PERSON}\n/home/…",
        "sh root\nid -u >/etc/who-was-here; cat /etc/who-was-here",
        "text output\n0",
        "toml file=notes/mine.toml\na = 1",
        "sh\nstat -c %U notes/mine.toml; cat notes/mine.toml",
        f"text output\n{PERSON}\na = 1",
        "sh root file=/etc/made/here\ntext",
        "sh\nstat -c %U:%a /etc/made/here; exit 3".replace("sh\n", "sh exit=3\n", 1),
        "text output\nroot:644",
        "sh check=systemd\nexit 1",
        "sh package\nexit 1",
        "text output\nwhat it would print",
        "sh\ntrue",
    )
    assert not Path("/etc/who-was-here").exists()


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (["sh\ntrue", "sh\nfalse\ntrue"], r"page\.md:5: ended with 1 instead of 0"),
        (["sh exit=2\ntrue"], r"page\.md:2: ended with 0 instead of 2"),
        (["sh\necho $NO_SUCH_VARIABLE"], "ended with 2"),
        (["sh\ntouch /etc/not-mine"], "Permission denied"),
        (["sh\necho a", "text output\nb"], r"page\.md:5: the page shows"),
        (['sh\necho "{}"', 'json output\n{"a": 1}'], "has the names"),
        (["toml file=/proc/nowhere/x.toml\na = 1"], r"page\.md:2"),
    ],
)
def test_what_is_not_as_the_page_says_is_told_with_its_line(
    machine: Machine, blocks: list[str], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        follow(machine, *blocks)


def test_with_the_package_its_blocks_are_run_too(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="ended with 1"):
        follow(machine, "sh package\nexit 1", has_package=True)
    with pytest.raises(AssertionError, match="the page shows"):
        follow(machine, "sh package\necho a", "text output\nb", has_package=True)


@pytest.mark.slow
def test_an_agent_runs_where_a_block_wants_one_and_is_gone_afterwards(machine: Machine) -> None:
    follow(
        machine,
        "sh agent\nqalamsap status --json | grep -q 13579",
        "sh agent\nqalamsap quit",
        "sh agent\nqalamsap status",
    )
    assert machine.run("qalamsap", "status", person=PERSON).returncode != 0


def test_the_copy_has_a_network_of_its_own_and_others_files_are_not_touched(machine: Machine) -> None:
    assert (
        machine.run("sh", "-c", "cat /proc/net/dev | wc -l").stdout.strip() == "3"
    )  # two lines of headings, and lo
    assert machine.run("sh", "-c", "echo x >/usr/share/planted").returncode == 0
    assert machine.path("/usr/share/planted").exists()
    assert not Path("/usr/share/planted").exists()
