"""The desk's page of key files."""

import json
import os
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import key_library
from agent.certificate import Certificate
from agent.desk import keys
from agent.desk.base import FileNotWritten
from agent.desk.keys import Found, KeysPage
from agent.errors import BadInput
from agent.key_library import KeyLibrary, Library, SiteKey
from agent.keystores.catalog import FoundKey
from protocol import pipes
from protocol.desk import frame, messages
from protocol.desk import keys as page
from tests.support import authority, desks
from tests.support.desks import Sent
from tests.support.known_keys import AT, known_file, known_key

BOTH = ("sign", "identify")


def found(path: str, digest: str, label: str = "") -> Found:
    return Found(FoundKey(Path(path), "PKCS12", AT, label), digest)


@pytest.fixture
def made(tmp_path: Path) -> tuple[KeysPage, Sent, KeyLibrary]:
    desk, sent = desks.desk(tmp_path)
    (tmp_path / "keys").mkdir()
    return KeysPage(desk, lambda: (tmp_path / "keys",)), sent, KeyLibrary(desk.paths.key_library)


def key_in(folder: Path, name: str = "a.p12", octets: bytes = b"octets of a key file") -> Path:
    path = folder / "keys" / name
    path.write_bytes(octets)
    return path


def keys_of(sent: Sent) -> page.Keys:
    return [each for each in sent.take() if isinstance(each, page.Keys)][-1]


def all_of(shown: page.Keys) -> list[page.StoredKey]:
    return [key for group in shown.groups for entry in group.entries for key in entry.keys]


# --- how keys are arranged ------------------------------------------------------------------------------------------


def test_keys_stand_by_their_owners_those_with_a_good_one_first_and_unknown_ones_last() -> None:
    work = {"organisation": "ТОО «А»", "bin": "990440001234", "roles": ("head",)}
    library = Library(
        (
            known_file(known_key(1, days=-5, owner="АЛИЕВ"), digest="1"),
            known_file(known_key(2), digest="2"),
            known_file(known_key(3, **work), digest="3"),  # type: ignore[arg-type]
        )
    )
    files = [found(f"/{number}.p12", str(number)) for number in range(5)]
    shown = keys.groups(library, files, AT)
    assert [(group.owner, group.organisation) for group in shown] == [
        ("АХМЕТОВА АЙГЕРІМ", ""),
        ("АХМЕТОВА АЙГЕРІМ", "ТОО «А»"),
        ("АЛИЕВ", ""),
        ("", ""),
    ]
    assert [[key.state for entry in group.entries for key in entry.keys] for group in shown] == [
        ["good"],
        ["good"],
        ["expired"],
        ["unknown", "unknown"],
    ]


def test_what_was_issued_together_to_sign_and_to_log_in_is_a_pair() -> None:
    start = known_key().not_before
    signing = known_key(1, uses=("sign",), algorithm="RSA-2048", not_before=start + timedelta(minutes=1))
    logging_in = known_key(2, uses=("identify",), algorithm="RSA-2048", not_before=start)
    late = known_key(3, uses=("identify",), algorithm="RSA-2048", not_before=start - timedelta(days=9))
    library = Library(tuple(known_file(key, digest=key.fingerprint) for key in (logging_in, signing, late)))
    files = [found(f"/{key.serial_number}.p12", key.fingerprint) for key in (logging_in, late, signing)]
    (group,) = keys.groups(library, files, AT)
    pair, alone = sorted(group.entries, key=lambda entry: -len(entry.keys))
    assert [key.fingerprint for key in pair.keys] == [signing.fingerprint, logging_in.fingerprint]
    assert [key.fingerprint for key in alone.keys] == [late.fingerprint]


@pytest.mark.parametrize("other", [{"algorithm": "RSA-4096"}, {"roles": ("hr",)}, {"uses": BOTH}])
def test_other_keys_are_no_pair(other: dict[str, Any]) -> None:
    two = (known_key(1, uses=("sign",)), known_key(2, **{"uses": ("identify",), **other}))
    library = Library((known_file(*two),))
    (group,) = keys.groups(library, [found("/two.p12", "aa")], AT)
    assert [len(entry.keys) for entry in group.entries] == [1, 1]


def test_a_copy_is_no_key_of_its_own() -> None:
    library = Library(
        (known_file(known_key(1)), known_file(known_key(1), digest="bb", path="/under-another-password"))
    )
    files = [
        found("/new/a.p12", "aa", "ГОСТ"), found("/b.p12", "bb"), found("/old/a.p12", "aa"), found("/x", "cc"), found("/y", "cc"),
    ]  # fmt: skip
    known, unknown = keys.groups(library, files, AT)
    ((key,),) = [entry.keys for entry in known.entries]
    assert (key.path, key.copies) == ("/new/a.p12", ("/old/a.p12", "/b.p12"))
    ((key,),) = [entry.keys for entry in unknown.entries]
    assert (key.path, key.copies, key.state) == ("/x", ("/y",), "unknown")


def test_a_key_whose_file_is_gone_stays_on_the_list_and_one_that_waits_says_so() -> None:
    library = Library((known_file(known_key(1), path="/media/usb/a.p12"), known_file(digest="bb")))
    known, other = keys.groups(library, [found("/b.p12", "bb")], AT)
    key = known.entries[0].keys[0]
    assert (key.path, key.is_there, key.state) == ("/media/usb/a.p12", False, "good")
    assert other.entries[0].keys[0].state == "waiting"


def test_newer_and_better_keys_stand_first_and_older_ones_are_superseded() -> None:
    library = Library(
        tuple(
            known_file(key, digest=key.fingerprint)
            for key in (
                known_key(1, days=-10),
                known_key(2, days=20),
                known_key(3, days=340),
                known_key(4, days=90, is_revoked=True),
            )
        )
    )
    (group,) = keys.groups(library, [], AT)
    assert [key.state for entry in group.entries for key in entry.keys] == [
        "good",
        "superseded",
        "expired",
        "revoked",
    ]


def test_sites_are_named_that_used_the_key() -> None:
    key = known_key(1)
    sites = tuple(
        SiteKey(origin, purpose, "/a", key.fingerprint, AT)
        for origin in ("https://kds.kz", "http://old.kz", *(f"https://{n}.kz" for n in range(9)))
        for purpose in BOTH
    )
    (group,) = keys.groups(Library((known_file(key),), sites=sites), [], AT)
    assert group.entries[0].keys[0].sites == ("kds.kz", "http://old.kz", "0.kz", "1.kz", "2.kz")


def test_a_file_that_no_message_can_name_is_left_out() -> None:
    assert keys.groups(Library(), [found("/\udcff.p12", "")], AT) == ()


def test_of_what_is_too_long_the_keys_of_use_are_told_and_the_rest_is_counted() -> None:
    known = tuple(
        known_file(known_key(number, days=5 * number - 20, owner=f"ЖҰМАБАЕВ {number}"), digest=f"{number}")
        for number in range(8)
    )
    made = keys.groups(Library(known), [], AT)
    everything, more = keys.within(made, 10**6)
    assert (everything, more) == (made, 0)
    some, more = keys.within(made, 1800)
    assert 0 < len(some) < len(made)
    assert some == made[: len(some)]
    assert more == len(made) - len(some)
    assert keys.within(made, 0) == ((), len(made))


def test_the_longest_list_of_keys_is_a_message() -> None:
    """Certificates say what a stranger wrote, and any number of files can hold the same key."""
    long = "\U0001f4dc\x01" * 20_000
    facts = dict.fromkeys(("owner", "organisation", "issuer", "algorithm", "iin", "bin"), long)
    hostile = known_file(
        *(known_key(number, **facts, roles=("head",) * 10_000) for number in range(10)),  # type: ignore[arg-type]
        digest="aa",
    )
    files = [found(f"/{number}/" + "\x01" * 1000 + ".p12", "aa") for number in range(page.MAX_FILES)]
    told, more = keys.within(keys.groups(Library((hostile,)), files, AT), keys._LIST_BYTES)
    assert pipes.pack_json(messages.to_message(page.Keys(told, more=more)))
    (key, *_) = (each for group in told for entry in group.entries for each in entry.keys)
    assert len(key.copies) == page.MAX_COPIES
    assert key.more_copies == page.MAX_FILES - page.MAX_COPIES - 1
    assert key.key is not None
    assert key.key.owner.endswith("…")
    unknown = [found(f"/{number}/" + "\x01" * 4000 + ".p12", f"{number}") for number in range(page.MAX_FILES)]
    told, more = keys.within(keys.groups(Library(), unknown, AT), keys._LIST_BYTES)
    assert more > 0
    assert sum(len(group.entries) for group in told) + more == page.MAX_FILES
    assert pipes.pack_json(messages.to_message(page.Keys(told, more=more)))


# --- what the person does ------------------------------------------------------------------------------------------


def test_the_list_is_sent_and_keys_are_known_again_where_they_lie_now(
    made: tuple[KeysPage, Sent, KeyLibrary], tmp_path: Path
) -> None:
    shown, sent, library = made
    path = key_in(tmp_path)
    digest = key_library.digest_of(path.read_bytes())
    library.remember(known_file(known_key(), digest=digest, path="/elsewhere.p12"))
    key_in(tmp_path, "b.p12", b"others")
    shown.opened()
    listed, asking = sent.take()
    assert asking == page.Asking()
    assert [(key.path, key.state) for key in all_of(listed)] == [
        (str(path), "good"),
        (str(path.with_name("b.p12")), "unknown"),
    ]
    assert listed.is_complete
    assert messages.from_message(json.loads(json.dumps(messages.to_message(listed)))) == listed
    path.write_bytes(b"changed meanwhile")  # another time and size: read anew
    shown.opened()
    assert "unknown" in [key.state for key in all_of(sent.take()[0]) if key.path == str(path)]


def test_places_are_added_and_taken_off(made: tuple[KeysPage, Sent, KeyLibrary], tmp_path: Path) -> None:
    shown, sent, library = made
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "x.p12").write_bytes(b"x")
    single = tmp_path / "single.pfx"
    single.write_bytes(b"y")
    notes = tmp_path / "notes.txt"
    notes.write_bytes(b"z")
    shown.take(page.AddPlaces((str(stick), str(single), str(notes))))
    listed = keys_of(sent)
    assert listed.places == library.read().places == (str(stick), str(single))
    assert {key.path for key in all_of(listed)} == {str(stick / "x.p12"), str(single)}
    with pytest.raises(BadInput):
        shown.take(page.AddPlaces((str(notes), "/nowhere")))
    shown.take(page.RemovePlace(str(stick)))
    assert [key.path for key in all_of(keys_of(sent))] == [str(single)]


def test_a_folder_that_can_not_be_read_is_named_unless_it_lies_in_another(
    made: tuple[KeysPage, Sent, KeyLibrary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, sent, _ = made
    inner = tmp_path / "keys" / "inner"
    inner.mkdir()
    closed, real = {str(inner)}, os.scandir

    def scan(folder: Path) -> Any:
        if str(folder) in closed:
            raise PermissionError
        return real(folder)

    monkeypatch.setattr(os, "scandir", scan)
    shown.opened()
    assert keys_of(sent).unreadable == ()
    closed.add(str(tmp_path / "keys"))
    shown.opened()
    assert keys_of(sent).unreadable == (str(tmp_path / "keys"),)


def test_a_key_is_forgotten(made: tuple[KeysPage, Sent, KeyLibrary]) -> None:
    shown, sent, library = made
    library.remember(known_file(known_key()))
    shown.take(page.Forget(known_key().fingerprint))
    assert keys_of(sent).groups == ()


def test_a_certificate_is_written_and_replaces_nothing(
    made: tuple[KeysPage, Sent, KeyLibrary], tmp_path: Path
) -> None:
    shown, sent, library = made
    certificate = authority.certificate("gost2015-head")
    library.remember(
        known_file(known_key(fingerprint=certificate.fingerprint, certificate_der=certificate.der))
    )
    target = tmp_path / "head.cer"
    shown.take(page.Export(certificate.fingerprint, str(target), "der"))
    shown.take(page.Export(certificate.fingerprint, str(target), "pem"))
    second = tmp_path / "head (2).cer"
    assert sent.take() == [page.Done("exported", str(path)) for path in (target, second)]
    assert target.read_bytes() == certificate.der
    assert Certificate.from_pem_or_der(second.read_bytes()) == certificate
    with pytest.raises(FileNotWritten):
        shown.take(page.Export(certificate.fingerprint, str(tmp_path / "none" / "x.cer"), "der"))
    with pytest.raises(BadInput):
        shown.take(page.Export("00", str(tmp_path / "x.cer"), "der"))


# --- windows that ask for a password ------------------------------------------------------------------------------

_COMMAND = """
import json, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # as windows do: whoever runs the tests may have switched it off
answer = {answer!r}
with open({log!r}, "w") as log: json.dump(sys.argv[1:], log)
if answer is None:
    try: time.sleep(60)
    except KeyboardInterrupt: answer = dict(event="error", code="cancelled", detail="")
print(json.dumps(answer) if isinstance(answer, dict) else answer)
"""


def commanded(shown: KeysPage, tmp_path: Path, answer: Any) -> Path:
    """Has a command stand in for ours, which says this and ends; gives the file in which it notes how it was called."""
    log = tmp_path / "called"
    shown.desk.command = (sys.executable, "-c", _COMMAND.format(answer=answer, log=str(log)))
    return log


def wait_for(sent: Sent, count: int) -> list[Any]:
    """So many messages at least."""
    until = time.monotonic() + 20
    while len(sent.messages) < count and time.monotonic() < until:
        time.sleep(0.01)
    assert len(sent.messages) >= count, sent.messages
    return sent.take()


@pytest.mark.process
@pytest.mark.parametrize(
    ("message", "answer", "told"),
    [
        (page.ReadKey("/-a.p12"), {"event": "read"}, page.Done("read", "/-a.p12")),
        # another file, dropped on the window
        (page.ReadKey("/-a.p12"), {"event": "read", "file": "/b.p12"}, page.Done("read", "/b.p12")),
        (
            page.ChangePassword("/-a.p12"),
            {"event": "changed", "copy": "/-a.p12.old"},
            page.Done("changed", "/-a.p12", "/-a.p12.old"),
        ),
        (
            page.ReadKey("/-a.p12"),
            {"event": "error", "code": "no-one-to-ask", "detail": "no display"},
            frame.Trouble("keys", "no-one-to-ask", "no display"),
        ),
        (page.ReadKey("/-a.p12"), "it broke", frame.Trouble("keys", "internal")),
        (page.ReadKey("/-a.p12"), {"event": "error", "code": "cancelled"}, None),
    ],
)
def test_a_command_asks_in_a_window_of_its_own(
    made: tuple[KeysPage, Sent, KeyLibrary],
    tmp_path: Path,
    message: Any,
    answer: Any,
    told: Any,
) -> None:
    shown, sent, _ = made
    log = commanded(shown, tmp_path, answer)
    shown.take(message)
    heard = wait_for(sent, 3 if told is None else 4)
    expected = [page.Asking("/-a.p12"), page.Asking(), *([] if told is None else [told])]
    assert heard[:-1] == expected
    assert isinstance(heard[-1], page.Keys)
    words = json.loads(log.read_text())
    assert words[0] == ("show-key" if isinstance(message, page.ReadKey) else "change-password")
    assert words[-2:] == ["--", "/-a.p12"]
    assert {"--window", "--json", "--language=ru", f"--state-dir={shown.desk.paths.state_dir}"} < set(words)


@pytest.mark.process
def test_one_window_asks_at_a_time_and_is_closed_with_the_desk(
    made: tuple[KeysPage, Sent, KeyLibrary], tmp_path: Path
) -> None:
    shown, sent, _ = made
    log = commanded(shown, tmp_path, None)
    shown.take(page.ReadKey("/a.p12"))
    until = time.monotonic() + 20
    while not (log.exists() and log.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    shown.take(page.ReadKey("/b.p12"))
    assert sent.take() == [page.Asking("/a.p12")]
    shown.opened()
    assert sent.take()[-1] == page.Asking("/a.p12")
    shown.desk.has_ended.set()
    shown.close()
    assert sent.take() == [page.Asking()]
    assert shown._job is not None
    assert not shown._job.is_running


def test_a_command_that_can_not_be_started_is_trouble(made: tuple[KeysPage, Sent, KeyLibrary]) -> None:
    shown, sent, _ = made
    shown.desk.command = ("/nowhere/at/all",)
    shown.take(page.ReadKey("/a.p12"))
    assert frame.Trouble("keys", "no-one-to-ask", "No such file or directory") in wait_for(sent, 4)


@pytest.mark.process
def test_our_own_command_understands_how_it_is_called(
    made: tuple[KeysPage, Sent, KeyLibrary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, sent, _ = made
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    path = Path(shutil.copy(authority.path("gost2015-head"), tmp_path / "keys" / "a.p12"))
    shown.take(page.ChangePassword(str(path)))
    trouble = wait_for(sent, 4)[2]
    assert (trouble.page, trouble.code) == ("keys", "no-one-to-ask")
