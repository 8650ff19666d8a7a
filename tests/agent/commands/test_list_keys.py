"""`qalamsap keys`."""

import json
from pathlib import Path

import pytest

from agent import paths
from agent.key_library import KeyLibrary, digest_of
from tests.support.command_line import CommandLine
from tests.support.known_keys import known_file, known_key


def test_key_files_of_a_folder_are_listed_for_people_and_programs(run: CommandLine) -> None:
    path = run.file("keys/GOST512_abc.p12")
    run.file("keys/notes.txt")
    assert run("keys", run.folder / "keys") == 0
    assert run.out == f"{path}  ГОСТ 34.10-2015 (512)\n"
    assert run("keys", run.folder / "keys", "--json") == 0
    (row,) = json.loads(run.out)
    assert row["keys"] is None
    assert (row["path"], row["storage"], row["label"]) == (str(path), "PKCS12", "ГОСТ 34.10-2015 (512)")


def test_a_java_key_store_is_listed_as_what_its_name_says(run: CommandLine) -> None:
    path = run.file("keys/a.jks")
    assert run("keys", path.parent) == 0
    assert run.out == f"{path}  JKS\n"


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


def test_whose_a_key_is_is_told_where_it_was_opened_before_and_wherever_it_lies_now(run: CommandLine) -> None:
    path = run.file("keys/a.p12", b"octets of a key file")
    own = ("--state-dir", run.state_dir)
    library = KeyLibrary(run.state_dir / "key-library.json")
    library.remember(
        known_file(
            known_key(1, days=100_000),
            known_key(2, days=-100_000, uses=()),
            digest=digest_of(path.read_bytes()),
        )
    )
    assert run("keys", path.parent, *own, "--json") == 0
    (row,) = json.loads(run.out)
    assert [(each["owner"], each["state"], each["uses"]) for each in row["keys"]] == [
        ("АХМЕТОВА АЙГЕРІМ", "early", ["sign", "identify"]),
        ("АХМЕТОВА АЙГЕРІМ", "expired", []),
    ]
    assert run("keys", path.parent, *own) == 0
    _, first, second = run.out.splitlines()
    assert first.startswith("    АХМЕТОВА АЙГЕРІМ: ГОСТ 34.10-2015 (512), to sign and identify, until ")
    assert second.endswith("(expired)")


def test_folders_that_were_added_in_the_window_are_looked_into_too(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run.file("stick/a.p12")
    monkeypatch.setattr(paths, "usual_key_folders", tuple)
    KeyLibrary(run.state_dir / "key-library.json").add_places([str(path.parent)])
    assert run("keys", "--state-dir", run.state_dir) == 0
    assert run.out == f"{path}  PKCS12\n"
