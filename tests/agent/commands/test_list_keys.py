"""`qalamsap keys`."""

import json
from pathlib import Path

import pytest

from agent import paths
from tests.support.command_line import CommandLine


def test_key_files_of_a_folder_are_listed_for_people_and_programs(run: CommandLine) -> None:
    path = run.file("keys/GOST512_abc.p12")
    run.file("keys/notes.txt")
    assert run("keys", run.folder / "keys") == 0
    assert run.out == f"{path}  ГОСТ 34.10-2015 (512)\n"
    assert run("keys", run.folder / "keys", "--json") == 0
    (row,) = json.loads(run.out)
    assert (row["path"], row["storage"], row["label"]) == (str(path), "PKCS12", "ГОСТ 34.10-2015 (512)")


def test_without_a_folder_the_usual_ones_are_looked_into(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run.file("Downloads/a.p12")
    monkeypatch.setattr(paths, "usual_key_folders", lambda: (path.parent, Path("/nowhere")))
    assert run("keys") == 0
    assert run.out == f"{path}  PKCS12\n"


def test_nothing_found_is_no_failure_and_no_folder_is(run: CommandLine) -> None:
    assert run("keys", run.folder, "--json") == 0
    assert json.loads(run.out) == []
    assert run("keys", run.folder / "none") == 5
