"""Calls of the first dialect through a real worker and a scripted window."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent import paths, worker
from agent.formats import cms
from protocol import prompts
from tests.support import authority, fake_window, named_keys
from tests.support.fake_window import expect, send, wait_for_end
from tests.support.worker_process import WorkerProcess

pytestmark = pytest.mark.process

SIGNED = [expect("approve"), send(prompts.Shown()), ["send", {"type": "approved", "key_id": "first", "remember": False}], expect("finished")]  # fmt: skip


def ask(
    folder: Path, method: str, *args: Any, steps: list[Any], is_on: bool = True
) -> tuple[Any, list[Any], str]:
    """The reply, what the window heard, and the worker's log."""
    frame = json.dumps({"method": method, "args": args}).encode()
    log = folder / "window.log"
    log.unlink(missing_ok=True)
    window = fake_window.command(log, *steps)
    with WorkerProcess(folder, window, test_authorities=authority.issuing_paths()) as process:
        process.begin(frame, is_flat_on=is_on)
        reply = process.reply()
        if expect("finished") in steps:
            process.wait_ended()
    assert reply is not None, process.log
    return reply, fake_window.heard(log), process.log


def choose(folder: Path) -> str:
    """The path that the person chose for the page."""
    path = named_keys.place(folder).path
    chosen = [
        expect("choose-file"),
        send(prompts.Shown()),
        send(prompts.FileChosen(path)),
        expect("finished"),
    ]
    reply, heard, _ = ask(folder, "browseKeyStore", "PKCS12", "P12", str(folder), steps=chosen)
    assert reply == {"result": path, "errorCode": "NONE"}
    assert isinstance(heard[0], prompts.ChooseFile)
    assert (heard[0].kind, heard[0].folder) == ("pkcs12", str(folder))
    return path


def test_from_a_chosen_path_to_a_signature_through_one_window(tmp_path: Path) -> None:
    path = choose(tmp_path)
    reply, heard, log = ask(
        tmp_path, "getKeys", "PKCS12", path, authority.PASSWORD, "SIGN", steps=[wait_for_end()]
    )
    alias = reply["result"].strip().split("|")[3]
    assert [each for each in heard if not isinstance(each, prompts.Finished)] == []
    key = ("PKCS12", path, alias, authority.PASSWORD)
    reply, heard, signing_log = ask(tmp_path, "createCMSSignature", *key, "an act", True, steps=SIGNED)
    assert reply["errorCode"] == "NONE"
    (evidence,) = cms.verify(cms.read(reply["result"].encode()))
    assert evidence.signature == "valid"
    assert [type(each) for each in heard] == [prompts.Approve, prompts.Finished]
    for text in (log, signing_log, (tmp_path / "journal.jsonl").read_text("utf-8")):
        assert authority.PASSWORD not in text


def test_a_wrong_password_shows_nothing_and_stands_in_no_log(tmp_path: Path) -> None:
    path = choose(tmp_path)
    password = "sample-invalid-pwd"
    reply, heard, log = ask(tmp_path, "getKeys", "PKCS12", path, password, "SIGN", steps=[wait_for_end()])
    assert reply == {"result": "-1", "errorCode": "WRONG_PASSWORD"}
    assert {type(each) for each in heard} <= {prompts.Finished}
    assert "wrong-password" in log
    for text in (log, *(file.read_text("utf-8", "replace") for file in tmp_path.glob("*.json*"))):
        assert password not in text


def test_tries_are_counted_over_workers(tmp_path: Path) -> None:
    path = choose(tmp_path)
    for password in ("1", "2", "3", "4", "5", authority.PASSWORD):
        reply, _, _ = ask(tmp_path, "getKeys", "PKCS12", path, password, "", steps=[wait_for_end()])
        assert reply["errorCode"] == "WRONG_PASSWORD"


def test_a_choice_of_more_than_a_day_ago_is_refused_as_if_there_had_been_none(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    never = ask(tmp_path, "getKeys", "PKCS12", place.path, authority.PASSWORD, "", steps=[wait_for_end()])
    path = choose(tmp_path)
    record = paths.resolve(tmp_path).chosen_files
    chosen = json.loads(record.read_text("utf-8"))
    (row,) = chosen["files"]
    row[3] = "2026-01-01T00:00:00+00:00"
    record.write_text(json.dumps(chosen), "utf-8")
    over = ask(tmp_path, "getKeys", "PKCS12", path, authority.PASSWORD, "", steps=[wait_for_end()])
    for reply, heard, log in (never, over):
        assert reply == {"errorCode": "LOAD_KEYSTORE_ERROR"}
        assert {type(each) for each in heard} <= {prompts.Finished}
        assert "key-file-not-chosen" in log
    assert choose(tmp_path) == path
    reply, _, _ = ask(tmp_path, "getKeys", "PKCS12", path, authority.PASSWORD, "", steps=[wait_for_end()])
    assert reply["errorCode"] == "NONE"


def test_a_chosen_file_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    path = choose(tmp_path)
    Path(path).unlink()
    reply, _, _ = ask(tmp_path, "getKeys", "PKCS12", path, authority.PASSWORD, "", steps=[wait_for_end()])
    assert reply == {"errorCode": "KEYSTORE_FILE_NOT_FOUND"}


def test_cancelled_it_is_a_success_without_a_result(tmp_path: Path) -> None:
    path = choose(tmp_path)
    steps = [expect("approve"), send(prompts.Shown()), send(prompts.Cancelled())]
    reply, _, _ = ask(tmp_path, "signXml", "PKCS12", path, "", authority.PASSWORD, "<a/>", steps=steps)
    assert reply == {"result": "", "errorCode": "NONE"}


def test_without_the_switch_a_worker_knows_no_such_module(tmp_path: Path) -> None:
    reply, heard, _ = ask(tmp_path, "getKeys", "PKCS12", "/k", "x", "", steps=[wait_for_end()], is_on=False)
    assert reply == {"success": False, "errorCode": "MODULE_NOT_FOUND"}
    assert heard == []


@pytest.mark.parametrize("size", [0, 1, 70_000, 300_000])
def test_a_frame_is_overwritten_before_it_is_forgotten(size: int) -> None:
    class Kept(bytearray):
        """A frame that can be looked at afterwards."""

        def clear(self) -> None:
            pass

    frame = Kept(b"p" * size)
    worker._forget(frame)
    assert frame == bytes(size)
