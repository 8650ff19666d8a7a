"""docs/admin followed to the letter: every command is run or checked, and every name is compared with the code."""

import re
from pathlib import Path

import pytest

from installer.linux import bundle
from tests.support import admin_names, admin_pages, admin_runs, debian_package, property_table
from tests.support.admin_pages import Page
from tests.support.copied_machine import copied_machine

PAGES = admin_pages.pages()
# Beside that book: read by administrators and maintainers as well, and compared, but not run.
OTHERS = admin_pages.others()
each_page = pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: page.name)


def test_every_page_that_names_things_of_ours_is_compared() -> None:
    names = {page.name for page in OTHERS}
    assert {
        "README.md", "installer/windows/README.md", "installer/windows/CHECKLIST.md", "installer/macos/CHECKLIST.md",
        "installer/linux/CHECKLIST.md", "docs/threats.md", "docs/decisions/0029-broker.md",
    } <= names  # fmt: skip


@each_page
def test_every_block_is_well_formed_and_every_command_in_it_exists(page: Page) -> None:
    assert [complaint for block in page.blocks() for complaint in admin_pages.block_complaints(block)] == []


@each_page
def test_every_setting_path_event_and_command_in_the_text_exists(page: Page) -> None:
    assert admin_names.complaints(page) == []


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    assert [link for link in page.links() if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Page, link: str) -> bool:
    """Whether the file, and the heading in it, are there; what lies elsewhere is not asked for."""
    if link.startswith("https://"):
        return True
    place, _, anchor = link.partition("#")
    path = page.folder / (place.partition("?")[0] or Path(page.name).name)
    if not path.exists():
        return False
    return not anchor or anchor in anchors(path.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("link", "is_right"),
    [
        ("install.md", True),
        ("install.md#linux", True),
        ("#the-page-cant-connect", True),
        ("../words.md", True),
        ("README.md?plain=1", True),
        ("https://nobody.example/", True),
        ("instal.md", False),
        ("install.md#linuks", False),
        ("#the-page-cannot-connect", False),
    ],
)
def test_a_link_that_leads_nowhere_is_seen(link: str, is_right: bool) -> None:
    (page,) = (page for page in PAGES if page.name == "troubleshooting.md")
    assert leads_somewhere(page, link) is is_right


def test_the_index_names_every_page() -> None:
    index, *others = PAGES
    assert {page.name for page in others} <= set(index.links())


def test_the_russian_page_gives_the_same_commands() -> None:
    english, russian = (
        next(page for page in PAGES if page.name == name) for name in ("install.md", "install.ru.md")
    )
    assert [(block.language, block.flags, block.values, block.text) for block in russian.blocks()] == [
        (block.language, block.flags, block.values, block.text) for block in english.blocks()
    ]
    names = {name for name in english.inline() if name.startswith(("/", "qalamsap", "HK", "~"))}
    assert names - set(russian.inline()) <= {"qalamsap", "qalamsap trust install"}  # of the table


@pytest.mark.parametrize("name", ["install.md", "install.ru.md"])
def test_the_oldest_system_is_the_one_that_packages_are_checked_against(name: str) -> None:
    (page,) = (page for page in PAGES if page.name == name)
    assert "glibc {}.{};".format(*bundle.GLIBC) in page.text


def test_the_properties_of_the_windows_installer_are_told() -> None:
    text = property_table.PAGE.read_text(encoding="utf-8")
    assert text == property_table.with_table(text), "run: python -m tests.support.property_table"


def test_a_page_without_a_place_for_the_properties_is_told() -> None:
    with pytest.raises(ValueError, match="end of properties"):
        property_table.with_table("# Install\n")


def is_run(page: Page) -> bool:
    """Whether something of it is run; a translation has the commands of its original, which a test compares."""
    return not page.name.endswith(".ru.md") and any(
        block.is_run and "package" not in block.flags for block in page.blocks()
    )


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("page", list(filter(is_run, PAGES)), ids=lambda page: page.name)
def test_every_command_does_what_the_page_says(page: Page, tmp_path: Path) -> None:
    with copied_machine(tmp_path / "machine") as machine, admin_runs.reading(machine) as reader:
        machine.add_command()
        reader.follow(page)


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("name", ["install.md", "terminal-servers.md", "supply-chain.md"])
def test_every_command_does_what_the_page_says_with_the_package(name: str, tmp_path: Path) -> None:
    (page,) = (page for page in PAGES if page.name == name)
    with (
        copied_machine(tmp_path / "machine") as machine,
        admin_runs.reading(machine, has_package=True) as reader,
    ):
        package = debian_package.bring(machine)
        if "apt-get install" not in page.text:
            installed = machine.run("apt-get", "install", "-y", str(package), timeout_s=300)
            assert installed.returncode == 0, installed.stdout + installed.stderr
        reader.follow(page)
