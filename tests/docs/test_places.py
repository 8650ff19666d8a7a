"""Where docs/admin/README.md says that things lie, compared with agent.paths as each system has them."""

import re

import pytest

from agent import paths
from agent.localhost import record
from agent.policy import registry
from tests.support import admin_names, admin_pages

INDEX = admin_pages.pages()[0]
SYSTEMS = ("Linux", "Windows", "macOS")


def cells(begins: str) -> dict[str, set[str]]:
    """What the row that begins so names, for each system."""
    (row,) = re.findall(rf"^\| {re.escape(begins)}[^|]*((?:\|[^|\n]*)+)\|$", INDEX.prose(), re.MULTILINE)
    return {
        system: set(re.findall(r"`([^`]+)`", cell))
        for system, cell in zip(SYSTEMS, row.split("|")[1:], strict=True)
    }


@pytest.mark.parametrize("system", SYSTEMS)
def test_folders_and_files_are_where_the_program_looks_for_them(system: str) -> None:
    places = admin_names.places(system)
    assert cells("a person's settings:")[system] == {places.settings}
    assert cells("a person's state folder:")[system] == {places.state}
    assert cells("the computer's `tls`")[system] == {places.machine}
    if system == "Windows":
        assert cells("policies")[system] == {rf"{hive}\{registry.POLICIES}" for hive in ("HKLM", "HKCU")}
        assert cells("a package's defaults")[system] == {rf"HKLM\{registry.DEFAULTS}"}
    else:
        assert cells("a package's defaults")[system] == {places.defaults}
    of_linux = {str(paths.policy_file()), str(paths.policy_folder())}
    assert cells("policies")["Linux"] == of_linux
    assert cells("policies")["macOS"] == {str(paths.managed_preferences("anybody")[1])}


def test_the_files_of_a_person_have_their_names() -> None:
    own = paths.Paths(paths.Path("/state"), paths.Path("/config"))
    table = INDEX.prose().partition("| file or folder | holds |")[2]
    told = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    in_state = (own.log, own.journal, own.grants, own.key_library, own.tls_dir, own.updates)
    assert told == {record.NAME, *(path.relative_to("/state").as_posix() for path in in_state)}
    first = re.search(r"a person's settings: ([^|]+)", INDEX.prose())
    assert first is not None
    in_config = {path.relative_to("/config").as_posix() for path in (own.config_file, own.authorities)}
    assert set(re.findall(r"`([^`]+)`", first[1])) == in_config
