"""Putting texts into somebody's policy file and taking them out without a trace."""

import json
import plistlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.localhost import files, policy_file
from agent.localhost.errors import ForeignFile
from agent.localhost.record import Addition, Record

KEYS = st.lists(
    st.sampled_from(["policies", "Certificates", "Install", "Other"]), min_size=1, max_size=3
).map(tuple)
ADDITIONS = st.lists(st.builds(Addition, KEYS, st.sampled_from(["ours", "ours too", "theirs"])), max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("theirs"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["policies", "Certificates", "Install", "Other"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["policies", "Certificates", "Install", "Other"]), VALUES, max_size=4
)


@given(DOCUMENTS, ADDITIONS)
def test_taking_out_undoes_putting_in(document: dict[str, Any], wanted: list[Addition]) -> None:
    try:
        merge = policy_file.merged(document, wanted)
    except ForeignFile:
        return  # a shape that is not ours to bend
    for addition in wanted:
        assert addition.value in (policy_file.values_at(merge.document, addition.keys) or [])
    assert policy_file.without(merge.document, merge.additions, merge.made) == document


@given(DOCUMENTS, ADDITIONS)
def test_what_was_there_already_is_not_ours(document: dict[str, Any], wanted: list[Addition]) -> None:
    try:
        merge = policy_file.merged(document, wanted)
        again = policy_file.merged(merge.document, wanted)
    except ForeignFile:
        return
    assert (again.document, again.additions, again.made) == (merge.document, (), ())


@given(DOCUMENTS, ADDITIONS, ADDITIONS)
@settings(max_examples=60)
def test_a_file_gets_its_octets_back_after_any_two_changes(
    tmp_path_factory: pytest.TempPathFactory,
    document: dict[str, Any],
    first: list[Addition],
    second: list[Addition],
) -> None:
    folder = tmp_path_factory.mktemp("policies")
    path = folder / "policies.json"
    original = json.dumps(document, indent="\t").encode() + b"  \n"
    path.write_bytes(original)
    record = Record(folder / "state")
    for wanted in (first, second):
        try:
            policy_file.synchronise(path, wanted, record)
        except ForeignFile:
            continue
        held = policy_file.parse(path.read_bytes(), path)
        assert all(each.value in (policy_file.values_at(held, each.keys) or []) for each in wanted)
    policy_file.synchronise(path, (), Record(folder / "state"))
    assert path.read_bytes() == original
    assert Record(folder / "state").contents.policies == ()


OURS = Addition(("policies", "Certificates", "Install"), "/ours.pem")


def test_a_file_that_was_not_there_is_gone_again_with_its_folders(tmp_path: Path) -> None:
    record = Record(tmp_path / "state")
    path = tmp_path / "etc/firefox/policies/policies.json"
    assert policy_file.synchronise(path, [OURS], record)
    assert not policy_file.synchronise(path, [OURS], record)
    assert path.stat().st_mode & 0o777 == 0o644
    assert policy_file.synchronise(path, (), record)
    record.tidy()
    assert not (tmp_path / "etc").exists()


def test_what_it_changed_in_between_stays(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    path.write_text('{"policies": {"DisableTelemetry": true}}')
    policy_file.synchronise(path, [OURS], record)
    changed = json.loads(path.read_bytes())
    changed["policies"]["Certificates"]["Install"].append("/theirs.pem")
    path.write_text(json.dumps(changed))
    policy_file.synchronise(path, (), record)
    assert json.loads(path.read_bytes()) == {
        "policies": {"DisableTelemetry": True, "Certificates": {"Install": ["/theirs.pem"]}}
    }


def test_a_file_of_ours_into_which_somebody_wrote_stays_with_what_is_theirs(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    policy_file.synchronise(path, [OURS], record)
    changed = json.loads(path.read_bytes())
    changed["policies"]["DisableTelemetry"] = True
    path.write_text(json.dumps(changed))
    policy_file.synchronise(path, [OURS], record)
    policy_file.synchronise(path, (), record)
    assert json.loads(path.read_bytes()) == {"policies": {"DisableTelemetry": True}}


def test_a_text_that_was_theirs_before_is_not_taken_out(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    octets = b'{"policies": {"Certificates": {"Install": ["/ours.pem"]}}}'
    path.write_bytes(octets)
    assert not policy_file.synchronise(path, [OURS], record)
    assert not policy_file.synchronise(path, (), record)
    assert path.read_bytes() == octets


def test_after_a_crash_between_record_and_file_removal_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    path.write_bytes(b"{ }")

    write = files.write_atomically

    def crash(target: Path, octets: bytes, mode: int) -> None:
        if target == path:
            raise KeyboardInterrupt
        write(target, octets, mode)

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_atomically", crash)
        with pytest.raises(KeyboardInterrupt):
            policy_file.synchronise(path, [OURS], record)
    recovered = Record(tmp_path / "state")
    assert recovered.policy(path) is not None
    policy_file.synchronise(path, (), recovered)
    assert path.read_bytes() == b"{ }"
    assert recovered.policy(path) is None


def test_a_file_somebody_deleted_is_no_trouble(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    policy_file.synchronise(path, [OURS], record)
    path.unlink()
    assert not policy_file.synchronise(path, (), record)
    assert not path.exists()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"not json",
        b'{"policies": {},}',
        b"// comment\n{}",
        b"[]",
        b'"text"',
        b'{"policies": {}, "policies": {"DisableTelemetry": true}}',
        b'{"policies": []}',
        b'{"policies": {"Certificates": "none"}}',
        b'{"policies": {"Certificates": {"Install": "/theirs.pem"}}}',
        b"\xff\xfe{}",
        b'{"a":' * 100_000,
    ],
)
def test_a_file_that_can_not_be_changed_safely_is_left_as_it_is(tmp_path: Path, octets: bytes) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    path.write_bytes(octets)
    with pytest.raises(ForeignFile):
        policy_file.synchronise(path, [OURS], record)
    assert path.read_bytes() == octets
    assert record.contents.is_empty


def test_the_indentation_of_the_file_is_kept(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "policies.json"
    path.write_text('{\n\t"policies": {\n\t\t"Ключ": 1\n\t}\n}\n')
    policy_file.synchronise(path, [OURS], record)
    lines = path.read_text().splitlines()
    assert '\t\t"Ключ": 1,' in lines


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_a_property_list_takes_texts_and_gives_back_its_octets(
    tmp_path: Path, form: plistlib.PlistFormat
) -> None:
    path = tmp_path / "com.google.Chrome.plist"
    keys = ("LoopbackNetworkAllowedForUrls",)
    before = plistlib.dumps({"HomepageLocation": "https://it.kz", keys[0]: ["https://it.kz"]}, fmt=form)
    path.write_bytes(before)
    ours = Record(tmp_path / "state")
    added = [Addition(keys, "https://portal.example.kz")]
    assert policy_file.synchronise(path, added, ours, policy_file.PROPERTY_LIST)
    merged = path.read_bytes()
    assert plistlib.loads(merged)[keys[0]] == ["https://it.kz", "https://portal.example.kz"]
    assert merged.startswith(b"bplist") is (form is plistlib.FMT_BINARY)
    assert policy_file.synchronise(path, (), ours, policy_file.PROPERTY_LIST)
    assert path.read_bytes() == before


@pytest.mark.parametrize("octets", [b"", b"{}", b"bplist00", b"<?xml", plistlib.dumps(["a"])])
def test_what_is_no_dictionary_in_a_property_list_is_left_as_it_is(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "it.plist"
    path.write_bytes(octets)
    added = [Addition(("A",), "b")]
    with pytest.raises(ForeignFile, match="left as it is"):
        policy_file.synchronise(path, added, Record(tmp_path / "state"), policy_file.PROPERTY_LIST)
    assert path.read_bytes() == octets
